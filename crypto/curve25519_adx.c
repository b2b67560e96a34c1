// SPDX-License-Identifier: GPL-2.0
/*
 * X25519 with the multiplications and additions of BMI2 and ADX, which work on
 * general registers and need no FPU section
 */
#include "curve25519_fe64.h"
#include "curve25519_scalar.h"

X25519_DEFINE_SCALAR(adx)
