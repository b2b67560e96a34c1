/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reference for X25519: digits of 16 bits, school arithmetic, branches
 * wherever they make it plainer. It shares nothing with the code under test.
 */
#ifndef _BATCH_CURVE25519_REF_H
#define _BATCH_CURVE25519_REF_H

#include <linux/types.h>

/* @point may be NULL for the base point. Returns false for a zero result. */
bool ref_x25519(u8 out[32], const u8 scalar[32], const u8 *point);

#endif /* _BATCH_CURVE25519_REF_H */
