// SPDX-License-Identifier: GPL-2.0
/*
 * A slow and simple X25519 to compare with.
 */
#include <linux/string.h>
#include <linux/unaligned.h>

#include "curve25519_ref.h"

#define DIGITS	16

/* A number below p = 2^255 - 19, the lowest digit first */
struct num {
	u32	d[DIGITS];
};

static const struct num num_p = { {
	0xffed, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff,
	0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0x7fff,
} };

/* @a - @b in @r, and whether that is negative */
static bool num_borrow(struct num *r, const struct num *a, const struct num *b)
{
	u32 borrow = 0;

	for (int i = 0; i < DIGITS; i++) {
		u32 t = a->d[i] - b->d[i] - borrow;

		r->d[i] = t & 0xffff;
		borrow = t >> 31;
	}
	return borrow;
}

static void num_carry(struct num *a, u32 carry)
{
	for (int i = 0; i < DIGITS; i++) {
		carry += a->d[i];
		a->d[i] = carry & 0xffff;
		carry >>= 16;
	}
}

/* From any number below 2^256 */
static void num_mod_p(struct num *a)
{
	struct num less;

	while (!num_borrow(&less, a, &num_p))
		*a = less;
}

static struct num num_add(struct num a, struct num b)
{
	for (int i = 0; i < DIGITS; i++)
		a.d[i] += b.d[i];
	num_carry(&a, 0);
	num_mod_p(&a);
	return a;
}

static struct num num_sub(struct num a, struct num b)
{
	struct num minus_b;

	num_borrow(&minus_b, &num_p, &b);
	return num_add(a, minus_b);
}

static noinline_for_stack struct num num_mul(struct num a, struct num b)
{
	u32 product[2 * DIGITS] = {};
	struct num r;
	u32 high;
	u64 t;

	for (int i = 0; i < DIGITS; i++) {
		u32 carry = 0;

		for (int j = 0; j < DIGITS; j++) {
			carry += product[i + j] + a.d[i] * b.d[j];
			product[i + j] = carry & 0xffff;
			carry >>= 16;
		}
		product[i + DIGITS] = carry;
	}
	/* 2^256 is 38 modulo p. */
	t = 0;
	for (int i = 0; i < DIGITS; i++) {
		t += product[i] + 38ULL * product[i + DIGITS];
		r.d[i] = t & 0xffff;
		t >>= 16;
	}
	/* 2^255 is 19. Twice, as the first time may bring it up to there. */
	for (int times = 0; times < 2; times++) {
		high = 2 * t + (r.d[DIGITS - 1] >> 15);
		r.d[DIGITS - 1] &= 0x7fff;
		num_carry(&r, 19 * high);
		t = 0;
	}
	num_mod_p(&r);
	return r;
}

/* 1 / a = a^(p - 2), and 0 for 0 */
static noinline_for_stack struct num num_invert(struct num a)
{
	struct num r = { { 1 } };

	for (int bit = 254; bit >= 0; bit--) {
		u32 digit = num_p.d[bit / 16] - (bit < 16 ? 2 : 0);

		r = num_mul(r, r);
		if (digit >> bit % 16 & 1)
			r = num_mul(r, a);
	}
	return r;
}

struct point {
	struct num	x, z;
};

/* P. L. Montgomery, "Speeding the Pollard and Elliptic Curve Methods", 10.3.1 */
static noinline_for_stack struct point point_double(struct point a)
{
	const struct num quarter = { { 121666 & 0xffff, 121666 >> 16 } };
	struct num sum = num_add(a.x, a.z), diff = num_sub(a.x, a.z);
	struct num xz4;

	sum = num_mul(sum, sum);
	diff = num_mul(diff, diff);
	xz4 = num_sub(sum, diff);
	return (struct point){
		.x = num_mul(sum, diff),
		.z = num_mul(xz4, num_add(diff, num_mul(quarter, xz4))),
	};
}

/* a + b, whose difference is u : 1 */
static noinline_for_stack struct point point_add(struct point a, struct point b, struct num u)
{
	struct num l = num_mul(num_sub(a.x, a.z), num_add(b.x, b.z));
	struct num m = num_mul(num_add(a.x, a.z), num_sub(b.x, b.z));
	struct num sum = num_add(l, m), diff = num_sub(l, m);

	return (struct point){
		.x = num_mul(sum, sum),
		.z = num_mul(u, num_mul(diff, diff)),
	};
}

bool ref_x25519(u8 out[32], const u8 scalar[32], const u8 *point)
{
	struct num u = {}, one = { { 1 } };
	struct point n = { .x = one }, n_plus_1;
	u8 k[32], any = 0;

	memcpy(k, scalar, 32);
	k[0] &= 248;
	k[31] &= 127;
	k[31] |= 64;

	if (point)
		for (int i = 0; i < DIGITS; i++)
			u.d[i] = get_unaligned_le16(point + 2 * i);
	else
		u.d[0] = 9;
	u.d[DIGITS - 1] &= 0x7fff;
	num_mod_p(&u);

	n_plus_1.x = u;
	n_plus_1.z = one;
	for (int bit = 254; bit >= 0; bit--) {
		struct point sum = point_add(n_plus_1, n, u);

		if (k[bit / 8] >> bit % 8 & 1) {
			n_plus_1 = point_double(n_plus_1);
			n = sum;
		} else {
			n = point_double(n);
			n_plus_1 = sum;
		}
	}

	u = num_mul(n.x, num_invert(n.z));
	for (int i = 0; i < DIGITS; i++)
		put_unaligned_le16(u.d[i], out + 2 * i);
	for (int i = 0; i < 32; i++)
		any |= out[i];
	return any;
}
