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

/* Half of a quarter round's step, on all four columns or diagonals. */
#define CHACHA_B(i, dg)	(4 + (((i) + (dg)) & 3))
#define CHACHA_C(i, dg)	(8 + (((i) + 2 * (dg)) & 3))
#define CHACHA_D(i, dg)	(12 + (((i) + 3 * (dg)) & 3))

/* Steps 0 and 2: a += b, d ^= a. Steps 1 and 3: c += d, b ^= c. */
static __always_inline void chacha_mix(v32 x[16], int dg, int step, int i)
{
	if (step & 1) {
		x[CHACHA_C(i, dg)] += x[CHACHA_D(i, dg)];
		x[CHACHA_B(i, dg)] ^= x[CHACHA_C(i, dg)];
	} else {
		x[i] += x[CHACHA_B(i, dg)];
		x[CHACHA_D(i, dg)] ^= x[i];
	}
}

/* Then d is rotated by 16 or 8, b by 12 or 7. */
static __always_inline void chacha_turn(v32 x[16], int dg, int step, int i)
{
	if (step == 0)
		x[CHACHA_D(i, dg)] = simd_rol32(x[CHACHA_D(i, dg)], 16);
	else if (step == 1)
		x[CHACHA_B(i, dg)] = simd_rol32(x[CHACHA_B(i, dg)], 12);
	else if (step == 2)
		x[CHACHA_D(i, dg)] = simd_rol32(x[CHACHA_D(i, dg)], 8);
	else
		x[CHACHA_B(i, dg)] = simd_rol32(x[CHACHA_B(i, dg)], 7);
}

static __always_inline void chacha_step(v32 x[16], int dg, int step)
{
	chacha_mix(x, dg, step, 0);
	chacha_mix(x, dg, step, 1);
	chacha_mix(x, dg, step, 2);
	chacha_mix(x, dg, step, 3);
	chacha_turn(x, dg, step, 0);
	chacha_turn(x, dg, step, 1);
	chacha_turn(x, dg, step, 2);
	chacha_turn(x, dg, step, 3);
}

/*
 * Two states, the second half a step behind: additions of the one fill the
 * units that rotations of the other leave idle.
 */
static __always_inline void chacha_step2(v32 x[16], v32 y[16], int dg,
					 int step, int dg_before)
{
	const int before = (step + 3) & 3;

	chacha_mix(x, dg, step, 0);
	chacha_turn(y, dg_before, before, 0);
	chacha_mix(x, dg, step, 1);
	chacha_turn(y, dg_before, before, 1);
	chacha_mix(x, dg, step, 2);
	chacha_turn(y, dg_before, before, 2);
	chacha_mix(x, dg, step, 3);
	chacha_turn(y, dg_before, before, 3);

	chacha_turn(x, dg, step, 0);
	chacha_mix(y, dg, step, 0);
	chacha_turn(x, dg, step, 1);
	chacha_mix(y, dg, step, 1);
	chacha_turn(x, dg, step, 2);
	chacha_mix(y, dg, step, 2);
	chacha_turn(x, dg, step, 3);
	chacha_mix(y, dg, step, 3);
}

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

/* All rounds but for what chacha_begin() has done. */
static __always_inline void chacha_rounds(v32 x[16])
{
	chacha_turn(x, 0, 3, 0);
	chacha_turn(x, 0, 3, 1);
	chacha_turn(x, 0, 3, 2);
	chacha_turn(x, 0, 3, 3);
	for (int i = 0; ; i++) {
		chacha_step(x, 1, 0);
		chacha_step(x, 1, 1);
		chacha_step(x, 1, 2);
		chacha_step(x, 1, 3);
		if (i == 9)
			break;
		chacha_step(x, 0, 0);
		chacha_step(x, 0, 1);
		chacha_step(x, 0, 2);
		chacha_step(x, 0, 3);
	}
}

/* The same for two states; @y lacks the last turn. */
static __always_inline void chacha_rounds2(v32 x[16], v32 y[16])
{
	chacha_turn(x, 0, 3, 0);
	chacha_turn(x, 0, 3, 1);
	chacha_turn(x, 0, 3, 2);
	chacha_turn(x, 0, 3, 3);
	for (int i = 0; ; i++) {
		chacha_step2(x, y, 1, 0, 0);
		chacha_step2(x, y, 1, 1, 1);
		chacha_step2(x, y, 1, 2, 1);
		chacha_step2(x, y, 1, 3, 1);
		if (i == 9)
			break;
		chacha_step2(x, y, 0, 0, 1);
		chacha_step2(x, y, 0, 1, 0);
		chacha_step2(x, y, 0, 2, 0);
		chacha_step2(x, y, 0, 3, 0);
	}
}

/* Blocks of any messages, of numbers that count from first[12]. */
static noinline void chacha_blocks(v32 *out, const struct chacha_table *t,
				   const v32 *message, const v32 *counter)
{
	const struct chacha_which w = { message, *counter };
	v32 x[16] __uninitialized;

	chacha_begin(x, t, &w, false);
	chacha_rounds(x);
	chacha_end(out, x, t, &w, false);
}

/* Texts that are aligned. */
struct chacha_texts {
	const u8 *const	*src;
	u8 *const	*dst;
	v32		counter;	/* of the blocks at offset 0 */
	u32		next;		/* from a lane's block to its next one */
};

/* Each lane's block at offset @off, and with a second state the next. */
static noinline void chacha_aligned_xor(const struct chacha_table *t,
					const struct chacha_texts *b, u32 off)
{
	const struct chacha_which w0 = {
		.counter = b->counter + off / SIMD_BLOCK,
	};
	v32 x[16] __uninitialized;
#if SIMD_STATES == 2
	const struct chacha_which w1 = {
		.counter = w0.counter + b->next / SIMD_BLOCK,
	};
	v32 y[16] __uninitialized;
#endif

	chacha_begin(x, t, &w0, true);
#if SIMD_STATES == 2
	chacha_begin(y, t, &w1, true);
	chacha_rounds2(x, y);
#else
	chacha_rounds(x);
#endif
	chacha_end(x, x, t, &w0, true);
	simd_turn_xor(x, b->src, b->dst, off, false);
#if SIMD_STATES == 2
	chacha_turn(y, 1, 3, 0);
	chacha_turn(y, 1, 3, 1);
	chacha_turn(y, 1, 3, 2);
	chacha_turn(y, 1, 3, 3);
	chacha_end(y, y, t, &w1, true);
	simd_turn_xor(y, b->src, b->dst, off + b->next, false);
#endif
}

#if SIMD_STATES == 2
/* Twice W blocks of any messages. */
static noinline void chacha_blocks2(v32 *out, const struct chacha_table *t,
				    const v32 *message0, const v32 *counter0,
				    const v32 *message1, const v32 *counter1)
{
	const struct chacha_which w0 = { message0, *counter0 };
	const struct chacha_which w1 = { message1, *counter1 };
	v32 x[16] __uninitialized, y[16] __uninitialized;

	chacha_begin(x, t, &w0, false);
	chacha_begin(y, t, &w1, false);
	chacha_rounds2(x, y);
	chacha_end(out, x, t, &w0, false);
	chacha_turn(y, 1, 3, 0);
	chacha_turn(y, 1, 3, 1);
	chacha_turn(y, 1, 3, 2);
	chacha_turn(y, 1, 3, 3);
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
