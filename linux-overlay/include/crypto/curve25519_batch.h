/* SPDX-License-Identifier: GPL-2.0 */
/*
 * X25519 (RFC 7748, section 5) for one pair or for many.
 */
#ifndef _CRYPTO_CURVE25519_BATCH_H
#define _CRYPTO_CURVE25519_BATCH_H

#include <linux/types.h>

#define X25519_KEY_BYTES	32

/**
 * struct x25519_op - one multiplication of a batch
 * @out: receives 32 bytes; may be @scalar or @point of the same element
 * @scalar: 32 bytes; the library clamps its own copy
 * @point: 32 bytes, a u-coordinate; NULL stands for the base point, 9. The top
 *	   bit is ignored and values from 2^255 - 19 on are reduced, as RFC 7748
 *	   says.
 * @ok: result: false if @out is all zero, that is if @point has low order
 */
struct x25519_op {
	u8		*out;
	const u8	*scalar;
	const u8	*point;
	bool		ok;
};

/**
 * x25519() - multiply a point by a scalar
 * @out: receives 32 bytes; may be @scalar or @point
 * @scalar: 32 bytes; the library clamps its own copy
 * @point: 32 bytes, a u-coordinate. The top bit is ignored and values from
 *	   2^255 - 19 on are reduced.
 *
 * RFC 7748, section 5. Constant time in @scalar and @point.
 *
 * Context: Any context but NMI.
 * Return: false if the result is all zero (RFC 7748, section 6.1).
 */
bool __must_check x25519(u8 out[at_least X25519_KEY_BYTES],
			 const u8 scalar[at_least X25519_KEY_BYTES],
			 const u8 point[at_least X25519_KEY_BYTES]);

/**
 * x25519_base() - multiply the base point by a scalar
 * @out: receives 32 bytes; may be @scalar
 * @scalar: 32 bytes; the library clamps its own copy
 *
 * RFC 7748, section 6.1: the public key that belongs to @scalar. Constant time
 * in @scalar.
 *
 * Context: Any context but NMI.
 */
void x25519_base(u8 out[at_least X25519_KEY_BYTES],
		 const u8 scalar[at_least X25519_KEY_BYTES]);

/**
 * x25519_batch() - an array of multiplications
 * @ops: the pairs; outputs must not overlap another element's buffers, nor @ops
 *	 itself
 * @nr: how many, from 0. A NULL @ops counts as none.
 *
 * RFC 7748, section 5. Constant time in scalars and points; not in how many
 * there are, and which of them are NULL.
 *
 * Context: Any context but NMI. Others may run between groups of elements, and
 * within them.
 * Return: how many results are all zero.
 */
size_t x25519_batch(struct x25519_op *ops, size_t nr);

#endif /* _CRYPTO_CURVE25519_BATCH_H */
