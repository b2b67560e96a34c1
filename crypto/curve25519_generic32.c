// SPDX-License-Identifier: GPL-2.0
/*
 * X25519 in portable C, for machines without a 64 x 64 = 128 bit product
 */
#include "curve25519_impl.h"

#ifdef X25519_GENERIC32

#include "curve25519_fe25.h"
#include "curve25519_scalar.h"

X25519_DEFINE_SCALAR(generic32)

#endif /* X25519_GENERIC32 */
