// SPDX-License-Identifier: GPL-2.0
/*
 * BLAKE2s word for word as in RFC 7693, for what the kernel takes from lib/crypto
 */
#include <crypto/blake2s.h>

static const u32 iv[8] = {
	BLAKE2S_IV0, BLAKE2S_IV1, BLAKE2S_IV2, BLAKE2S_IV3,
	BLAKE2S_IV4, BLAKE2S_IV5, BLAKE2S_IV6, BLAKE2S_IV7,
};

/* Section 2.7: a digit is the number of a word. */
static const char *const sigma[10] = {
	"0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8",
	"905724afe1bc683d", "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a",
	"6fe9b308c2d714a5", "a2847615fb9e3cd0",
};

static u32 word(const u32 m[16], char digit)
{
	return m[digit <= '9' ? digit - '0' : digit - 'a' + 10];
}

static u32 ror(u32 v, int n)
{
	return v >> n | v << (32 - n);
}

static void mix(u32 v[16], int a, int b, int c, int d, u32 x, u32 y)
{
	v[a] += v[b] + x;
	v[d] = ror(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = ror(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = ror(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = ror(v[b] ^ v[c], 7);
}

static void compress(struct blake2s_ctx *ctx, bool last)
{
	u32 v[16], m[16];

	for (int i = 0; i < 8; i++) {
		v[i] = ctx->h[i];
		v[i + 8] = iv[i];
	}
	v[12] ^= ctx->t;
	if (last)
		v[14] = ~v[14];
	for (int i = 0; i < 16; i++)
		m[i] = get_unaligned_le32(ctx->block + 4 * i);
	for (int r = 0; r < 10; r++)
		for (int i = 0; i < 8; i++) {
			const char *s = sigma[r] + 2 * i;
			int turn = i / 4;

			mix(v, i % 4, 4 + (i + turn) % 4, 8 + (i + 2 * turn) % 4,
			    12 + (i + 3 * turn) % 4, word(m, s[0]), word(m, s[1]));
		}
	for (int i = 0; i < 8; i++)
		ctx->h[i] ^= v[i] ^ v[i + 8];
}

void blake2s_init(struct blake2s_ctx *ctx, size_t outlen)
{
	memset(ctx, 0, sizeof(*ctx));
	memcpy(ctx->h, iv, sizeof(iv));
	ctx->h[0] ^= 0x01010000 | outlen;
}

void blake2s_update(struct blake2s_ctx *ctx, const u8 *in, size_t len)
{
	while (len--) {
		/* Only what comes after a block shows that it is not the last one. */
		if (ctx->used == BLAKE2S_BLOCK_SIZE) {
			compress(ctx, false);
			ctx->used = 0;
		}
		ctx->block[ctx->used++] = *in++;
		ctx->t++;
	}
}

void blake2s_final(struct blake2s_ctx *ctx, u8 *out)
{
	memset(ctx->block + ctx->used, 0, BLAKE2S_BLOCK_SIZE - ctx->used);
	compress(ctx, true);
	for (int i = 0; i < 8; i++)
		put_unaligned_le32(ctx->h[i], out + 4 * i);
	memset(ctx, 0, sizeof(*ctx));
}
