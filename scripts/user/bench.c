// SPDX-License-Identifier: GPL-2.0
/*
 * Times the library and its peers in turns, on the same inputs, and prints a
 * line of JSON for each case and participant: all samples, in ns an operation.
 *
 *	bench ROUNDS SAMPLE_US WHAT...		WHAT: aead, scatter, curve, [quick]
 *
 * Before a case is timed, everybody's results on it must be equal.
 */
#include <crypto/chacha20poly1305_batch.h>
#include <crypto/curve25519_batch.h>

#include "bench.h"
#include "harness.h"

#include <sys/mman.h>

#define COLD_BYTES	(256u << 20)
/* The size that the quick form has cold cases of. */
#define QUICK_COLD	1420
#define MAX_ROUNDS	401
#define MAX_PEERS	20
#define ROOM		16448

static const u32 all_sizes[] = {
	0, 16, 64, 128, 256, 320, 512, 576, 768, 1024, 1280, 1420, 4096, 8920, 16384
};
static const u32 all_counts[] = { 1, 2, 4, 8, 16, 32, 64 };
static const u32 quick_sizes[] = { 0, 64, QUICK_COLD, 16384 };
static const u32 quick_counts[] = { 1, 8, 32 };

static const u32 *sizes = all_sizes, *counts = all_counts;
static u32 nr_sizes = ARRAY_SIZE(all_sizes), nr_counts = ARRAY_SIZE(all_counts);
static unsigned int rounds;
static double sample_ns;

/* The library, held to one implementation by each of these participants. */
static struct chacha20poly1305_msg msgs[MAX_BATCH];
static struct kvec vecs[MAX_BATCH][4];
static struct x25519_op ops[MAX_BATCH];

static void own_fill(struct work *w, u32 extra)
{
	u32 i;

	for (i = 0; i < w->n; i++) {
		vecs[i][0].iov_base = (void *)w->src[i];
		vecs[i][0].iov_len = w->len + extra;
		msgs[i].src = vecs[i];
		msgs[i].nr_src = 1;
		msgs[i].dst = w->dst[i];
		msgs[i].len = w->len;
		msgs[i].salt = get_unaligned_le32(w->nonce[i]);
		msgs[i].nonce = get_unaligned_le64(w->nonce[i] + 4);
		msgs[i].flags = 0;
	}
}

static void own_seal(struct work *w)
{
	own_fill(w, 0);
	if (chacha20poly1305_seal_batch(msgs, w->n, w->key))
		fail("seal_batch");
}

static unsigned int own_open(struct work *w)
{
	own_fill(w, 16);
	return chacha20poly1305_open_batch(msgs, w->n, w->key);
}

static void own_mul(struct curve_work *w)
{
	u32 i;

	if (w->n == 1) {
		(void)!x25519(w->out[0], w->scalar[0], w->point[0]);
		return;
	}
	for (i = 0; i < w->n; i++)
		ops[i] = (struct x25519_op) { w->out[i], w->scalar[i], w->point[i] };
	x25519_batch(ops, w->n);
}

static void own_base(struct curve_work *w)
{
	u32 i;

	if (w->n == 1) {
		x25519_base(w->out[0], w->scalar[0]);
		return;
	}
	for (i = 0; i < w->n; i++)
		ops[i] = (struct x25519_op) { w->out[i], w->scalar[i], NULL };
	x25519_batch(ops, w->n);
}

#define OWN(index, label)						\
static bool own_can_aead_##index(void) { return impl_has_aead(index); }	\
static bool own_can_mul_##index(void) { return impl_has_x25519(index); }	\
static void own_ready_##index(void) { select_impl(index); }		\
static const struct peer own_aead_##index __maybe_unused = {			\
	.name = label, .init = own_can_aead_##index, .ready = own_ready_##index,	\
	.seal = own_seal, .open = own_open,				\
};									\
static const struct peer own_mul_##index = {				\
	.name = label, .init = own_can_mul_##index, .ready = own_ready_##index,	\
	.mul = own_mul, .base = own_base,				\
}

OWN(0, "culvert generic");
OWN(1, "culvert generic32");
OWN(2, "culvert adx");
OWN(3, "culvert avx2");
OWN(4, "culvert avx512");

/* What "culvert" does on this CPU when nobody asks for an implementation. */
static bool own_can_best(void) { return true; }
static void own_ready_best(void)
{
	chacha20poly1305_batch_select(NULL);
	if (x25519_batch_select)
		x25519_batch_select(NULL);
}

static const struct peer own_best = {
	.name = "culvert", .init = own_can_best, .ready = own_ready_best,
	.seal = own_seal, .open = own_open, .mul = own_mul, .base = own_base,
};

static const struct peer *const everybody[] = {
	&peer_openssl, &peer_sodium, &peer_gcrypt, &peer_ipsec_mb,
#ifdef HAVE_IPSEC_MB_2
	&peer_ipsec_mb_2,
#endif
	&peer_tree, &peer_tree_generic, &own_best,
	&own_aead_0, &own_aead_3, &own_aead_4,
	&own_mul_0, &own_mul_1, &own_mul_2, &own_mul_3, &own_mul_4,
};

static const struct peer *peers[MAX_PEERS];
static unsigned int nr_peers;

static float samples[MAX_PEERS][MAX_ROUNDS];
static u8 key[32];

/* --- memory: a warm place for each message, and a large cold one --- */

static u8 *warm_src, *warm_dst, *cold, *sealed_ref;
static u32 *cold_order, cold_slots, cold_next, cold_slot;

static u64 rnd_state = 88172645463325252ull;

static u64 rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	return rnd_state ^= rnd_state << 17;
}

static void *map(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("out of memory: %zu MiB are needed", n >> 20);
	memset(p, 0x5c, n);
	return p;
}

static void cold_setup(u32 slot)
{
	u32 i;

	cold_slot = round_up(slot, 4096u);
	cold_slots = COLD_BYTES / cold_slot;
	for (i = 0; i < cold_slots; i++)
		cold_order[i] = i;
	for (i = cold_slots - 1; i; i--) {
		u32 j = rnd() % (i + 1);

		swap(cold_order[i], cold_order[j]);
	}
	cold_next = 0;
}

static u8 *cold_take(void)
{
	if (cold_next == cold_slots)
		cold_next = 0;
	return cold + (size_t)cold_order[cold_next++] * cold_slot;
}

/* --- timing --- */

struct job {
	struct work w;
	struct curve_work c;
	bool is_cold, is_open, is_base;
	/* of the scattered case */
	u32 frag_n[MAX_BATCH];
};

static void (*run_one)(struct job *j, const struct peer *p);
static void (*prepare)(struct job *j, const struct peer *p);

static double timed(struct job *j, const struct peer *p, u32 reps)
{
	double total = 0, start;
	u32 r;

	for (r = 0; r < reps; r++) {
		if (prepare)
			prepare(j, p);
		start = now_ns();
		run_one(j, p);
		total += now_ns() - start;
	}
	return total;
}

/* Without something to prepare for each call, one pair of clock reads is enough. */
static double sample(struct job *j, const struct peer *p, u32 reps)
{
	double start;
	u32 r;

	if (prepare)
		return timed(j, p, reps);
	start = now_ns();
	for (r = 0; r < reps; r++)
		run_one(j, p);
	return now_ns() - start;
}

/* The clock's own cost, taken off where each call is timed by itself. */
static double clock_ns;

static void find_clock_ns(void)
{
	double best = 1e9, start;
	u32 i;

	for (i = 0; i < 10000; i++) {
		start = now_ns();
		best = shim_less(best, now_ns() - start);
	}
	clock_ns = best;
}

/*
 * A chain of dependent 64-bit multiplications: 3 cycles each on every x86-64
 * since 2008 (Nehalem, Zen). Additions would not do: newer cores work some of
 * them out when they rename registers, several in a cycle.
 */
static double cycle_ns(void)
{
	double start = now_ns();
	u64 x = 3;
	u32 i;

	for (i = 0; i < 2000; i++)
		__asm__ volatile("imulq %0, %0; imulq %0, %0; imulq %0, %0; imulq %0, %0;"
				 "imulq %0, %0; imulq %0, %0; imulq %0, %0; imulq %0, %0" : "+r"(x));
	return (now_ns() - start) / (2000 * 8 * 3);
}

static int compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void measure(struct job *j, u32 n, const char *op, const char *mem, u32 len)
{
	static float cycles[MAX_ROUNDS];
	u32 reps[MAX_PEERS], i, r;
	double t;

	for (i = 0; i < nr_peers; i++) {
		if (peers[i]->ready)
			peers[i]->ready();
		sample(j, peers[i], 1);
		t = sample(j, peers[i], 1) - (prepare ? clock_ns : 0);
		reps[i] = t * 2 > sample_ns ? 1 : shim_less(sample_ns / (t > 1 ? t : 1), 4096.0);
	}
	for (r = 0; r < rounds; r++) {
		cycles[r] = cycle_ns();
		for (i = 0; i < nr_peers; i++) {
			u32 who = (i + r) % nr_peers;

			if (peers[who]->ready)
				peers[who]->ready();
			t = sample(j, peers[who], reps[who]);
			if (prepare)
				t -= reps[who] * clock_ns;
			samples[who][r] = t / reps[who] / n;
		}
	}
	qsort(cycles, rounds, sizeof(cycles[0]), compare_floats);
	for (i = 0; i < nr_peers; i++) {
		printf("{\"op\":\"%s\",\"mem\":\"%s\",\"len\":%u,\"n\":%u,\"who\":\"%s\",\"cycle_ns\":%.5f,\"ns\":[",
		       op, mem, len, n, peers[i]->name, cycles[rounds / 2]);
		for (r = 0; r < rounds; r++)
			printf("%s%.2f", r ? "," : "", samples[i][r]);
		printf("]}\n");
	}
	fflush(stdout);
}

/* --- seal and open --- */

static void run_aead(struct job *j, const struct peer *p)
{
	if (!j->is_open)
		p->seal(&j->w);
	else if (p->open(&j->w))
		fail("%s: a good message is refused", p->name);
}

static void prepare_cold(struct job *j, const struct peer *p)
{
	u32 i;

	(void)p;
	for (i = 0; i < j->w.n; i++)
		j->w.src[i] = cold_take();
}

static void warm_places(struct work *w)
{
	u32 i;

	for (i = 0; i < w->n; i++) {
		w->src[i] = warm_src + (size_t)i * ROOM;
		w->dst[i] = warm_dst + (size_t)i * ROOM;
	}
}

static void verify_aead(struct work *w)
{
	u32 i, p, k;

	warm_places(w);
	for (p = 0; p < nr_peers; p++) {
		if (peers[p]->ready)
			peers[p]->ready();
		for (i = 0; i < w->n; i++) {
			memset(warm_src + (size_t)i * ROOM, i + 1, w->len);
			memset(w->dst[i], 0, w->len + 16);
			w->src[i] = warm_src + (size_t)i * ROOM;
		}
		peers[p]->seal(w);
		for (i = 0; i < w->n; i++) {
			u8 *ref = sealed_ref + (size_t)i * ROOM;

			if (!p)
				memcpy(ref, w->dst[i], w->len + 16);
			else if (memcmp(ref, w->dst[i], w->len + 16))
				fail("%s and %s disagree on message %u of %u, %u bytes",
				     peers[p]->name, peers[0]->name, i, w->n, w->len);
			w->src[i] = ref;
			memset(w->dst[i], 0, w->len);
		}
		if (peers[p]->open(w))
			fail("%s refuses a good message of %u bytes", peers[p]->name, w->len);
		for (i = 0; i < w->n; i++)
			for (k = 0; k < w->len; k++)
				if (w->dst[i][k] != (u8)(i + 1))
					fail("%s opens %u bytes wrongly", peers[p]->name, w->len);
		sealed_ref[w->len] ^= 1;
		if (peers[p]->open(w) != 1)
			fail("%s takes a forged message of %u bytes", peers[p]->name, w->len);
		sealed_ref[w->len] ^= 1;
	}
}

static void bench_aead(struct job *j, bool quick)
{
	u32 s, c, i, slot, filled = 0;
	struct work *w = &j->w;

	run_one = run_aead;
	for (s = 0; s < nr_sizes; s++) {
		w->len = sizes[s];
		for (c = 0; c < nr_counts; c++) {
			w->n = counts[c];
			verify_aead(w);
			prepare = NULL;
			warm_places(w);
			j->is_open = false;
			measure(j, w->n, "seal", "warm", w->len);
			for (i = 0; i < w->n; i++)
				w->src[i] = sealed_ref + (size_t)i * ROOM;
			j->is_open = true;
			measure(j, w->n, "open", "warm", w->len);
			if (quick && w->len != QUICK_COLD)
				continue;
			prepare = prepare_cold;
			cold_setup(w->len + 16);
			j->is_open = false;
			measure(j, w->n, "seal", "cold", w->len);
		}
		if (quick && w->len != QUICK_COLD)
			continue;
		/* Cold to open: every slot holds the same sealed message. */
		cold_setup(w->len + 16);
		for (slot = 0; slot < cold_slots; slot++)
			memcpy(cold + (size_t)slot * cold_slot, sealed_ref, w->len + 16);
		filled = w->len;
		j->is_open = true;
		for (c = 0; c < nr_counts; c++) {
			w->n = counts[c];
			for (i = 1; i < w->n; i++)
				memcpy(w->nonce[i], w->nonce[0], 12);
			warm_places(w);
			measure(j, w->n, "open", "cold", w->len);
			for (i = 1; i < w->n; i++)
				w->nonce[i][4] = i;
		}
	}
	(void)filled;
}

/* --- the transmit path: scattered cold sources, and the plaintext's sum --- */

#define SUM_START	20
#define SUM_OFFSET	16

static u64 sum_words(const u8 *p, size_t n, u64 s)
{
	u64 tail = 0;

	for (; n >= 64; n -= 64, p += 64)
		__asm__("addq 0(%1), %0; adcq 8(%1), %0; adcq 16(%1), %0; adcq 24(%1), %0;"
			"adcq 32(%1), %0; adcq 40(%1), %0; adcq 48(%1), %0; adcq 56(%1), %0;"
			"adcq $0, %0" : "+r"(s) : "r"(p), "m"(*(const u8 (*)[64])p));
	for (; n >= 8; n -= 8, p += 8)
		__asm__("addq 0(%1), %0; adcq $0, %0" : "+r"(s)
			: "r"(p), "m"(*(const u8 (*)[8])p));
	memcpy(&tail, p, n);
	__asm__("addq %1, %0; adcq $0, %0" : "+r"(s) : "r"(tail));
	return s;
}

static u16 fold64(u64 s)
{
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffffffff) + (s >> 32);
	return (u16)~csum_fold(s);
}

static void prepare_scatter(struct job *j, const struct peer *p)
{
	struct work *w = &j->w;
	u32 i;

	(void)p;
	for (i = 0; i < w->n; i++) {
		/* A segment of a superpacket: somewhere in a page, maybe over its end. */
		u32 at = rnd() % 4096, first = shim_less(w->len, 4096 - at);

		vecs[i][0].iov_base = cold_take() + at;
		vecs[i][0].iov_len = first;
		j->frag_n[i] = 1;
		if (first < w->len) {
			vecs[i][1].iov_base = cold_take();
			vecs[i][1].iov_len = w->len - first;
			j->frag_n[i] = 2;
		}
	}
}

static void run_scatter(struct job *j, const struct peer *p)
{
	struct work *w = &j->w;
	u32 i, f;

	if (p->seal == own_seal && !j->is_base) {
		for (i = 0; i < w->n; i++) {
			msgs[i].src = vecs[i];
			msgs[i].nr_src = j->frag_n[i];
			msgs[i].dst = w->dst[i];
			msgs[i].len = w->len;
			msgs[i].nonce = get_unaligned_le64(w->nonce[i] + 4);
			msgs[i].flags = CHACHA20POLY1305_SUM_STORE;
			msgs[i].csum_start = SUM_START;
			msgs[i].csum_offset = SUM_OFFSET;
		}
		if (chacha20poly1305_seal_batch(msgs, w->n, w->key))
			fail("seal_batch");
		return;
	}
	for (i = 0; i < w->n; i++) {
		u8 *d = w->dst[i];
		u16 sum;

		for (f = 0; f < j->frag_n[i]; f++) {
			memcpy(d, vecs[i][f].iov_base, vecs[i][f].iov_len);
			d += vecs[i][f].iov_len;
		}
		d = w->dst[i];
		sum = ~fold64(sum_words(d + SUM_START, w->len - SUM_START, 0));
		sum = sum ? sum : 0xffff;
		memcpy(d + SUM_START + SUM_OFFSET, &sum, 2);
		w->src[i] = d;
	}
	p->seal(w);
}

static void bench_scatter(struct job *j, const u32 *lens, u32 nr_lens)
{
	struct work *w = &j->w;
	u32 l, i, p;

	run_one = run_scatter;
	prepare = prepare_scatter;
	for (l = 0; l < nr_lens; l++) {
		w->len = lens[l];
		w->n = 32;
		warm_places(w);
		cold_setup(4096);
		for (i = 0; i < COLD_BYTES; i += 8)
			put_unaligned_le64(rnd(), cold + i);
		for (j->is_base = false;; j->is_base = true) {
			for (p = 0; p < nr_peers; p++) {
				cold_next = 0;
				rnd_state = 1234567;
				prepare_scatter(j, peers[p]);
				for (i = 0; i < w->n; i++)
					memset(w->dst[i], 0, w->len + 16);
				if (peers[p]->ready)
					peers[p]->ready();
				run_scatter(j, peers[p]);
				for (i = 0; i < w->n; i++) {
					u8 *ref = sealed_ref + (size_t)i * ROOM;

					if (!p && !j->is_base)
						memcpy(ref, w->dst[i], w->len + 16);
					else if (memcmp(ref, w->dst[i], w->len + 16))
						fail("scattered: %s and %s disagree, %u bytes",
						     peers[p]->name, peers[0]->name, w->len);
				}
			}
			if (j->is_base)
				break;
		}
		/* The library seals what it gathers; then everybody what was copied. */
		j->is_base = false;
		measure(j, w->n, "scatter", "cold", w->len);
		j->is_base = true;
		measure(j, w->n, "copy, sum, seal", "cold", w->len);
	}
}

/* --- X25519 --- */

static void run_curve(struct job *j, const struct peer *p)
{
	if (j->is_base)
		p->base(&j->c);
	else
		p->mul(&j->c);
}

static void bench_curve(struct job *j)
{
	struct curve_work *w = &j->c;
	static u8 ref[MAX_BATCH][32];
	u32 c, i, p;

	run_one = run_curve;
	prepare = NULL;
	for (i = 0; i < MAX_BATCH; i++) {
		for (c = 0; c < 32; c += 8) {
			put_unaligned_le64(rnd(), w->scalar[i] + c);
			put_unaligned_le64(rnd(), w->point[i] + c);
		}
	}
	for (c = 0; c < nr_counts; c++) {
		w->n = counts[c];
		for (j->is_base = false;; j->is_base = true) {
			for (p = 0; p < nr_peers; p++) {
				if (peers[p]->ready)
					peers[p]->ready();
				if (peers[p]->mul_ready)
					peers[p]->mul_ready(w);
				memset(w->out, 0, sizeof(w->out));
				run_curve(j, peers[p]);
				if (!p)
					memcpy(ref, w->out, sizeof(ref));
				else if (memcmp(ref, w->out, w->n * 32))
					fail("X25519: %s and %s disagree, batch of %u",
					     peers[p]->name, peers[0]->name, w->n);
			}
			measure(j, w->n, j->is_base ? "x25519-base" : "x25519", "warm", 0);
			if (j->is_base)
				break;
		}
	}
}

static void choose(bool curve)
{
	static bool known[ARRAY_SIZE(everybody)], can[ARRAY_SIZE(everybody)];
	u32 i;

	nr_peers = 0;
	for (i = 0; i < ARRAY_SIZE(everybody); i++) {
		const struct peer *p = everybody[i];

		if (!known[i]) {
			known[i] = true;
			can[i] = !p->init || p->init();
			if (can[i] && p->rekey)
				p->rekey(key);
		}
		if (can[i] && (curve ? (void *)p->mul : (void *)p->seal))
			peers[nr_peers++] = p;
	}
}

int main(int argc, char **argv)
{
	static const u32 scatter_lens[] = { 256, 1420 };
	static struct job j;
	bool quick = false;
	u32 i;

	if (argc < 4)
		fail("usage: bench ROUNDS SAMPLE_US WHAT...");
	rounds = shim_less(atoi(argv[1]), MAX_ROUNDS);
	sample_ns = atof(argv[2]) * 1000;
	for (i = 3; i < (u32)argc; i++)
		if (!strcmp(argv[i], "quick"))
			quick = true;
	if (quick) {
		sizes = quick_sizes;
		nr_sizes = ARRAY_SIZE(quick_sizes);
		counts = quick_counts;
		nr_counts = ARRAY_SIZE(quick_counts);
	}
	for (i = 0; i < 32; i++)
		key[i] = i * 7 + 1;
	j.w.key = key;
	for (i = 0; i < MAX_BATCH; i++)
		j.w.nonce[i][4] = i;
	warm_src = map(MAX_BATCH * ROOM);
	warm_dst = map(MAX_BATCH * ROOM);
	sealed_ref = map(MAX_BATCH * ROOM);
	cold = map(COLD_BYTES + ROOM);
	cold_order = map(COLD_BYTES / 4096 * sizeof(*cold_order));
	find_clock_ns();
	for (i = 3; i < (u32)argc; i++) {
		if (!strcmp(argv[i], "quick"))
			continue;
		choose(!strcmp(argv[i], "curve"));
		if (!strcmp(argv[i], "aead"))
			bench_aead(&j, quick);
		else if (!strcmp(argv[i], "scatter"))
			bench_scatter(&j, scatter_lens, ARRAY_SIZE(scatter_lens));
		else if (!strcmp(argv[i], "curve"))
			bench_curve(&j);
		else
			fail("%s: not known", argv[i]);
	}
	return 0;
}
