/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ChaCha20 with a block in every 32-bit lane of a vector (RFC 8439, section
 * 2.3), whatever the width. A lane is any block of any of up to W messages.
 *
 * The including file has defined W, the number of lanes; v32, W times u32;
 * simd_pick32(v, index), a permutation of lanes by variable indices; and
 * SIMD_STATES, how many vectors' worth of blocks the registers hold at once.
 */
#ifndef _LIB_CRYPTO_BATCH_SIMD_CHACHA_H
#define _LIB_CRYPTO_BATCH_SIMD_CHACHA_H

#include <linux/compiler.h>
#include <linux/types.h>

/*
 * In the first column round, columns 1 to 3 depend on the message and not on
 * the block. They are worked out once, lane i for message i, and picked from
 * here for each block. The b words are kept before their last rotation.
 */
struct chacha_table {
	v32	begun[12];	/* a1-a3, b1-b3, c1-c3, d1-d3 */
	v32	nonce[3];
	u32	first[16];	/* the first block's input words, but for the nonce */
};

/* A pointer for each of W lanes, to be moved on as two vectors. */
union simd_at {
	const u8	*src[W];
	u8		*dst[W];
	v64		v[2];
};

/* The work of W lanes: a block each, or the end of a text. */
struct simd_lanes {
	v32		message;
	v32		counter;
	union simd_at	src;
	union simd_at	dst;
	v32		left;		/* bytes from here on; 0: no work */
	unsigned int	n;
	bool		whole;		/* each lane has a whole block to do */
	bool		aligned;	/* a row of blocks, as chacha_aligned() takes */
	bool		late;		/* first blocks, held back for their sums */
	bool		idle;		/* nothing but the keys of Poly1305 */
};

/*
 * Ask for what will be written once the rounds are done, and for what will be
 * read the next time. Bit by bit, since the cache takes so many requests at a
 * time, and then keeps even those waiting that it could serve.
 */
static __always_inline void chacha_fetch(const struct simd_lanes *l, int round)
{
	if (round >= W / 2)
		return;
	for (int i = 0; i < SIMD_STATES; i++) {
		for (int lane = 2 * round; lane < 2 * round + 2; lane++) {
			__builtin_prefetch(l[i].dst.dst[lane] + SIMD_BLOCK - 1,
					   1);
			__builtin_prefetch(l[i].src.src[lane] +
					   SIMD_STATES * SIMD_BLOCK);
		}
	}
}

struct poly_chain;

static __always_inline void chacha_beside(struct poly_chain *c, unsigned int i)
{
#ifdef SIMD_SMALL_LANES
	if (i < M - 1)
		poly_chain_step(c, i);
#endif
}

#define CHACHA_VEC	v32
#define CHACHA_FN(name)	name
#include "simd_rounds.h"
#undef CHACHA_VEC
#undef CHACHA_FN

#if SIMD_STATES == 2
#define CHACHA_VEC	v32half
#define CHACHA_FN(name)	name##_half
#include "simd_rounds.h"
#undef CHACHA_VEC
#undef CHACHA_FN
#endif

/*
 * Which blocks: of any message, or aligned, where lane i has a block of the
 * message that is in place i of the table.
 */
struct chacha_which {
	const v32	*message;
	v32		counter;
};

static __always_inline v32 chacha_pick(const v32 *table,
				       const struct chacha_which *b,
				       bool aligned)
{
	return aligned ? *table : simd_pick32(*table, *b->message);
}

/* The input of W blocks, the first column round done but for b's last turn. */
static __always_inline void chacha_begin(v32 x[16],
					 const struct chacha_table *t,
					 const struct chacha_which *w,
					 bool aligned)
{
	v32 a, b, c, d;

	a = simd_all32(t->first[0] + t->first[4]);
	d = simd_rol32((w->counter + t->first[12]) ^ a, 16);
	c = d + t->first[8];
	b = simd_rol32(c ^ t->first[4], 12);
	a += b;
	d = simd_rol32(d ^ a, 8);
	c += d;
	x[0] = a;
	x[4] = b ^ c;
	x[8] = c;
	x[12] = d;
	x[1] = chacha_pick(&t->begun[0], w, aligned);
	x[2] = chacha_pick(&t->begun[1], w, aligned);
	x[3] = chacha_pick(&t->begun[2], w, aligned);
	x[5] = chacha_pick(&t->begun[3], w, aligned);
	x[6] = chacha_pick(&t->begun[4], w, aligned);
	x[7] = chacha_pick(&t->begun[5], w, aligned);
	x[9] = chacha_pick(&t->begun[6], w, aligned);
	x[10] = chacha_pick(&t->begun[7], w, aligned);
	x[11] = chacha_pick(&t->begun[8], w, aligned);
	x[13] = chacha_pick(&t->begun[9], w, aligned);
	x[14] = chacha_pick(&t->begun[10], w, aligned);
	x[15] = chacha_pick(&t->begun[11], w, aligned);
}

/* Add the input and leave W blocks of key stream, word by word. */
static __always_inline void chacha_end(v32 out[16], const v32 x[16],
				       const struct chacha_table *t,
				       const struct chacha_which *w,
				       bool aligned)
{
	out[0] = x[0] + t->first[0];
	out[1] = x[1] + t->first[1];
	out[2] = x[2] + t->first[2];
	out[3] = x[3] + t->first[3];
	out[4] = x[4] + t->first[4];
	out[5] = x[5] + t->first[5];
	out[6] = x[6] + t->first[6];
	out[7] = x[7] + t->first[7];
	out[8] = x[8] + t->first[8];
	out[9] = x[9] + t->first[9];
	out[10] = x[10] + t->first[10];
	out[11] = x[11] + t->first[11];
	out[12] = x[12] + (w->counter + t->first[12]);
	out[13] = x[13] + chacha_pick(&t->nonce[0], w, aligned);
	out[14] = x[14] + chacha_pick(&t->nonce[1], w, aligned);
	out[15] = x[15] + chacha_pick(&t->nonce[2], w, aligned);
}

/*
 * Blocks of any messages, of numbers that count from first[12]; and powers for
 * Poly1305 @beside them, if it is not NULL.
 */
static noinline void chacha_blocks(v32 *out, const struct chacha_table *t,
				   const struct simd_lanes *l,
				   struct poly_chain *beside)
{
	const struct chacha_which w = { &l->message, l->counter };
	v32 x[16] __uninitialized;

	chacha_begin(x, t, &w, false);
	chacha_rounds(x, NULL, false, beside);
	chacha_end(out, x, t, &w, false);
}

#if SIMD_STATES == 2
/* The first half of a vector of lanes is filled. */
static __always_inline void chacha_begin_half(v32half x[16],
					      const struct chacha_table *t,
					      const struct chacha_which *w)
{
	v32 full[16] __uninitialized;

	chacha_begin(full, t, w, false);
#pragma GCC unroll 16
	for (int i = 0; i < 16; i++)
		x[i] = simd_half(full[i]);
}

static __always_inline void chacha_end_half(v32 out[16], const v32half x[16],
					    const struct chacha_table *t,
					    const struct chacha_which *w)
{
#pragma GCC unroll 12
	for (int i = 0; i < 12; i++)
		*(v32half *)&out[i] = x[i] + t->first[i];
	*(v32half *)&out[12] = x[12] + simd_half(w->counter + t->first[12]);
#pragma GCC unroll 3
	for (int i = 0; i < 3; i++)
		*(v32half *)&out[13 + i] = x[13 + i] +
			simd_half(chacha_pick(&t->nonce[i], w, false));
}

/* Up to half of W blocks: few lanes are done sooner in a shorter vector. */
static noinline void chacha_blocks_half(v32 *out, const struct chacha_table *t,
					const struct simd_lanes *l)
{
	const struct chacha_which w = { &l->message, l->counter };
	v32half x[16] __uninitialized;

	chacha_begin_half(x, t, &w);
	chacha_rounds_half(x, NULL, false, NULL);
	chacha_end_half(out, x, t, &w);
}
#endif

/* Texts that are aligned. */
struct chacha_texts {
	const u8 *const	*src;
	u8 *const	*dst;
	v32		counter;	/* of the blocks at offset 0 */
	u32		next;		/* from a lane's block to its next one */
};

/*
 * A block of each lane's, and with a second state the one @step after it; and
 * what @fetch says is asked for, if it is not NULL.
 */
static noinline void chacha_aligned(v32 *out, const struct chacha_table *t,
				    const v32 *counter, u32 step,
				    const struct simd_lanes *fetch)
{
	const struct chacha_which w0 = { .counter = *counter };
	v32 x[16] __uninitialized;
#if SIMD_STATES == 2
	const struct chacha_which w1 = { .counter = *counter + step };
	v32 y[16] __uninitialized;
#endif

	chacha_begin(x, t, &w0, true);
#if SIMD_STATES == 2
	chacha_begin(y, t, &w1, true);
	chacha_rounds2(x, y, fetch, fetch, NULL);
#else
	chacha_rounds(x, fetch, fetch, NULL);
#endif
	chacha_end(out, x, t, &w0, true);
#if SIMD_STATES == 2
	chacha_end(out + 16, y, t, &w1, true);
#endif
}

static noinline void chacha_turn_xor(v32 *stream, const u8 *const *src,
				     u8 *const *dst, u32 off)
{
	simd_turn_xor(stream, src, dst, off, false);
}

static void chacha_aligned_xor(v32 *stream, const struct chacha_table *t,
			       const struct chacha_texts *b, u32 off)
{
	const v32 counter = b->counter + off / SIMD_BLOCK;

	chacha_aligned(stream, t, &counter, b->next / SIMD_BLOCK, NULL);
	for (int i = 0; i < SIMD_STATES; i++)
		chacha_turn_xor(stream + 16 * i, b->src, b->dst,
				off + i * b->next);
}

#if SIMD_STATES == 2
/* Twice W blocks of any messages. */
static noinline void chacha_blocks2(v32 *out, const struct chacha_table *t,
				    const struct simd_lanes *l,
				    struct poly_chain *beside)
{
	const struct chacha_which w0 = { &l[0].message, l[0].counter };
	const struct chacha_which w1 = { &l[1].message, l[1].counter };
	v32 x[16] __uninitialized, y[16] __uninitialized;

	chacha_begin(x, t, &w0, false);
	chacha_begin(y, t, &w1, false);
	chacha_rounds2(x, y, NULL, false, beside);
	chacha_end(out, x, t, &w0, false);
	chacha_end(out + 16, y, t, &w1, false);
}
#endif

/* Columns 1 to 3 of the first round. t->first and t->nonce are filled in. */
static noinline void chacha_prepare(struct chacha_table *t)
{
#pragma GCC unroll 3
	for (int i = 0; i < 3; i++) {
		const u32 k = t->first[5 + i];
		v32 a, b, c, d;

		a = simd_all32(t->first[1 + i] + k);
		d = simd_rol32(t->nonce[i] ^ a, 16);
		c = d + t->first[9 + i];
		b = simd_rol32(c ^ k, 12);
		a += b;
		d = simd_rol32(d ^ a, 8);
		c += d;
		t->begun[i] = a;
		t->begun[3 + i] = b ^ c;
		t->begun[6 + i] = c;
		t->begun[9 + i] = d;
	}
}

#endif /* _LIB_CRYPTO_BATCH_SIMD_CHACHA_H */
