/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rounds of ChaCha20 (RFC 8439, section 2.3) with a block in every lane of
 * a vector. A template: the including file has defined CHACHA_VEC, a vector of
 * 32-bit lanes, and CHACHA_FN(name), the name of a function for it.
 */

/* Half of a quarter round's step, on all four columns or diagonals. */
#ifndef CHACHA_B
#define CHACHA_B(i, dg)	(4 + (((i) + (dg)) & 3))
#define CHACHA_C(i, dg)	(8 + (((i) + 2 * (dg)) & 3))
#define CHACHA_D(i, dg)	(12 + (((i) + 3 * (dg)) & 3))
#endif

/* Steps 0 and 2: a += b, d ^= a. Steps 1 and 3: c += d, b ^= c. */
static __always_inline void CHACHA_FN(chacha_mix)(CHACHA_VEC x[16], int dg,
						  int step, int i)
{
	const int b = CHACHA_B(i, dg);
	const int c = CHACHA_C(i, dg);
	const int d = CHACHA_D(i, dg);

	if (step & 1) {
		x[c] = CHACHA_FN(simd_add32)(x[c], x[d]);
		x[b] = CHACHA_FN(simd_xor32)(x[b], x[c]);
	} else {
		x[i] = CHACHA_FN(simd_add32)(x[i], x[b]);
		x[d] = CHACHA_FN(simd_xor32)(x[d], x[i]);
	}
}

/* Then d is rotated by 16 or 8, b by 12 or 7. */
static __always_inline void CHACHA_FN(chacha_turn)(CHACHA_VEC x[16], int dg,
						   int step, int i)
{
	const int b = CHACHA_B(i, dg);
	const int d = CHACHA_D(i, dg);

	if (step == 0)
		x[d] = CHACHA_FN(simd_rol32)(x[d], 16);
	else if (step == 1)
		x[b] = CHACHA_FN(simd_rol32)(x[b], 12);
	else if (step == 2)
		x[d] = CHACHA_FN(simd_rol32)(x[d], 8);
	else
		x[b] = CHACHA_FN(simd_rol32)(x[b], 7);
}

static __always_inline void CHACHA_FN(chacha_turn_all)(CHACHA_VEC x[16],
						       int dg, int step)
{
	CHACHA_FN(chacha_turn)(x, dg, step, 0);
	CHACHA_FN(chacha_turn)(x, dg, step, 1);
	CHACHA_FN(chacha_turn)(x, dg, step, 2);
	CHACHA_FN(chacha_turn)(x, dg, step, 3);
}

/*
 * Quarter rounds are numbered by their b, whether of columns or of diagonals.
 * Two of them are half a step behind the others: additions of the ones fill
 * the units that rotations of the others leave idle.
 */
static __always_inline void CHACHA_FN(chacha_step)(CHACHA_VEC x[16], int dg,
						   int step, int dg_before)
{
	const int before = (step + 3) & 3;

	CHACHA_FN(chacha_turn)(x, dg_before, before, (2 - dg_before) & 3);
	CHACHA_FN(chacha_mix)(x, dg, step, (0 - dg) & 3);
	CHACHA_FN(chacha_turn)(x, dg_before, before, (3 - dg_before) & 3);
	CHACHA_FN(chacha_mix)(x, dg, step, (1 - dg) & 3);
	CHACHA_FN(chacha_turn)(x, dg, step, (0 - dg) & 3);
	CHACHA_FN(chacha_mix)(x, dg, step, (2 - dg) & 3);
	CHACHA_FN(chacha_turn)(x, dg, step, (1 - dg) & 3);
	CHACHA_FN(chacha_mix)(x, dg, step, (3 - dg) & 3);
}

/*
 * Two states, the second half a step behind: additions of the one fill the
 * units that rotations of the other leave idle. The first is a full vector.
 */
static __always_inline void CHACHA_FN(chacha_step2)(v32 x[16],
						    CHACHA_VEC y[16], int dg,
						    int step, int dg_before)
{
	const int before = (step + 3) & 3;

	CHACHA_FN(chacha_turn)(y, dg_before, before, 0);
	chacha_mix(x, dg, step, 0);
	CHACHA_FN(chacha_turn)(y, dg_before, before, 1);
	chacha_mix(x, dg, step, 1);
	CHACHA_FN(chacha_turn)(y, dg_before, before, 2);
	chacha_mix(x, dg, step, 2);
	CHACHA_FN(chacha_turn)(y, dg_before, before, 3);
	chacha_mix(x, dg, step, 3);

	chacha_turn(x, dg, step, 0);
	CHACHA_FN(chacha_mix)(y, dg, step, 0);
	chacha_turn(x, dg, step, 1);
	CHACHA_FN(chacha_mix)(y, dg, step, 1);
	chacha_turn(x, dg, step, 2);
	CHACHA_FN(chacha_mix)(y, dg, step, 2);
	chacha_turn(x, dg, step, 3);
	CHACHA_FN(chacha_mix)(y, dg, step, 3);
}

/*
 * All rounds but for what chacha_begin() has done; and @beside them, powers for
 * Poly1305.
 */
static __always_inline void CHACHA_FN(chacha_rounds)(CHACHA_VEC x[16],
						     const struct simd_lanes *l,
						     bool fetch,
						     struct poly_chain *beside)
{
	CHACHA_FN(chacha_turn)(x, 0, 3, 0);
	CHACHA_FN(chacha_turn)(x, 0, 3, 1);
	for (int i = 0; ; i++) {
		if (fetch)
			chacha_fetch(l, i);
		if (beside)
			chacha_beside(beside, i);
		CHACHA_FN(chacha_step)(x, 1, 0, 0);
		CHACHA_FN(chacha_step)(x, 1, 1, 1);
		CHACHA_FN(chacha_step)(x, 1, 2, 1);
		CHACHA_FN(chacha_step)(x, 1, 3, 1);
		if (i == 9)
			break;
		CHACHA_FN(chacha_step)(x, 0, 0, 1);
		CHACHA_FN(chacha_step)(x, 0, 1, 0);
		CHACHA_FN(chacha_step)(x, 0, 2, 0);
		CHACHA_FN(chacha_step)(x, 0, 3, 0);
	}
	CHACHA_FN(chacha_turn)(x, 1, 3, 1);
	CHACHA_FN(chacha_turn)(x, 1, 3, 2);
}

/* The same for two states. */
static __always_inline void CHACHA_FN(chacha_rounds2)(v32 x[16],
						      CHACHA_VEC y[16],
						      const struct simd_lanes *l,
						      bool fetch,
						      struct poly_chain *beside)
{
	chacha_turn_all(x, 0, 3);
	for (int i = 0; ; i++) {
		if (fetch)
			chacha_fetch(l, i);
		if (beside)
			chacha_beside(beside, i);
		CHACHA_FN(chacha_step2)(x, y, 1, 0, 0);
		CHACHA_FN(chacha_step2)(x, y, 1, 1, 1);
		CHACHA_FN(chacha_step2)(x, y, 1, 2, 1);
		CHACHA_FN(chacha_step2)(x, y, 1, 3, 1);
		if (i == 9)
			break;
		CHACHA_FN(chacha_step2)(x, y, 0, 0, 1);
		CHACHA_FN(chacha_step2)(x, y, 0, 1, 0);
		CHACHA_FN(chacha_step2)(x, y, 0, 2, 0);
		CHACHA_FN(chacha_step2)(x, y, 0, 3, 0);
	}
	CHACHA_FN(chacha_turn_all)(y, 1, 3);
}
