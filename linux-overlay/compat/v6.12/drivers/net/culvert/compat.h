/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver uses and Linux 6.12 calls otherwise or lacks. The Makefile of
 * this tree's series includes it before everything else.
 */
#ifndef _CULVERT_COMPAT_H
#define _CULVERT_COMPAT_H

#ifndef __ASSEMBLY__

#include <crypto/batch_compat.h>

#define blake2s_ctx			blake2s_state
#define timer_container_of		from_timer

#endif /* __ASSEMBLY__ */

#endif /* _CULVERT_COMPAT_H */
