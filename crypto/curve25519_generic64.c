// SPDX-License-Identifier: GPL-2.0
/*
 * X25519 in portable C, for machines with a 64 x 64 = 128 bit product
 */
#include "curve25519_impl.h"

#ifdef X25519_GENERIC64

#include "curve25519_fe51.h"
#include "curve25519_scalar.h"

X25519_DEFINE_SCALAR(generic64)

#endif /* X25519_GENERIC64 */
