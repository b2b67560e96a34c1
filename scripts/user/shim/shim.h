/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the crypto sources need of the kernel, in user space. The Makefile makes
 * a one-line header of every <linux/...> and <asm/...> name that includes this.
 *
 * Only what is asked for is here, and the FPU section is a no-op: user space
 * owns its registers. SHIM_CHECK makes it complain about sections that nest or
 * stay open instead.
 */
#ifndef _CULVERT_SHIM_H
#define _CULVERT_SHIM_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <linux/types.h>

/* SHIM_LIMBS32: as an architecture that has only generic code of 32-bit limbs. */
#if defined(SHIM_LIMBS32)
#elif defined(__x86_64__)
#define CONFIG_X86 1
#define CONFIG_X86_64 1
#define CONFIG_64BIT 1
#elif defined(__i386__)
#define CONFIG_X86 1
#define CONFIG_X86_32 1
#elif defined(__aarch64__)
#define CONFIG_ARM64 1
#define CONFIG_64BIT 1
#define CONFIG_KERNEL_MODE_NEON 1
#elif __SIZEOF_POINTER__ == 8
#define CONFIG_64BIT 1
#endif
#if defined(__SIZEOF_INT128__) && !defined(SHIM_LIMBS32)
#define CONFIG_ARCH_SUPPORTS_INT128 1
#endif
#define CONFIG_KUNIT 1

/* types */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
#ifdef CONFIG_ARCH_SUPPORTS_INT128
typedef unsigned __int128 u128;
typedef __int128 s128;
#endif
typedef unsigned int gfp_t;

#define U8_MAX		((u8)~0U)
#define U16_MAX		((u16)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)
#define BITS_PER_LONG	(8 * (int)sizeof(long))
#define PAGE_SIZE	4096UL
#define PAGE_SHIFT	12
#define SZ_4K		0x1000
#define SZ_32K		0x8000
#define SMP_CACHE_BYTES	64
#define L1_CACHE_BYTES	64

/* the compiler */
#define at_least		static
#define __force
#define __user
#define __percpu
#define __iomem
#define __init
#define __exit
#define __initdata
#define __ro_after_init
#define __read_mostly
#define notrace
#define asmlinkage
#define __visible
#define __must_hold(x)
#undef __always_inline
#define __always_inline		inline __attribute__((__always_inline__))
#undef inline
#define noinline		__attribute__((__noinline__))
#define noinline_for_stack	noinline
#define __aligned(x)		__attribute__((__aligned__(x)))
#define __packed		__attribute__((__packed__))
#define __maybe_unused		__attribute__((__unused__))
#define __used			__attribute__((__used__))
#define __pure			__attribute__((__pure__))
#undef __attribute_const__
#define __attribute_const__	__attribute__((__const__))
#define __must_check		__attribute__((__warn_unused_result__))
#define __printf(a, b)		__attribute__((__format__(printf, a, b)))
#define __cacheline_aligned	__aligned(SMP_CACHE_BYTES)
#define ____cacheline_aligned	__aligned(SMP_CACHE_BYTES)
#define __counted_by(m)
#define __nonstring
#define fallthrough		__attribute__((__fallthrough__))
#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define barrier()		__asm__ __volatile__("" : : : "memory")
#define barrier_data(p)		__asm__ __volatile__("" : : "r"(p) : "memory")
#define RELOC_HIDE(p, off)	((typeof(p))((unsigned long)(p) + (off)))
#define READ_ONCE(x)		(*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile typeof(x) *)&(x) = (v))
#define data_race(x)		(x)
#define unrolled		_Pragma("GCC unroll 16")
#define unrolled_full		_Pragma("GCC unroll 65534")
#define unrolled_none		_Pragma("GCC unroll 1")
#define __stringify_1(x...)	#x
#define __stringify(x...)	__stringify_1(x)
#define ___PASTE(a, b)		a##b
#define __PASTE(a, b)		___PASTE(a, b)
#define __UNIQUE_ID(p)		__PASTE(__PASTE(shim_, p), __COUNTER__)

/*
 * SHIM_CT: for the constant-time check. What a tag comparison says is public
 * from then on; everything else that the library derives from a secret is not.
 * PLANT_BRANCH and PLANT_LOOKUP spoil the loads of the library, to see that the
 * check notices.
 */
#ifdef SHIM_CT
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define SHIM_MSAN
#endif
#endif
#ifdef SHIM_MSAN
#include <sanitizer/msan_interface.h>
#define shim_public_mem(p, n)	__msan_unpoison(p, n)
#else
#include <valgrind/memcheck.h>
#define shim_public_mem(p, n)	((void)VALGRIND_MAKE_MEM_DEFINED(p, n))
#endif
#else
#define shim_public_mem(p, n)	((void)0)
#endif

#if defined(PLANT_BRANCH)
extern volatile u32 shim_sink;
#define shim_spoil(x)		do { if ((x) & 1) shim_sink++; } while (0)
#elif defined(PLANT_LOOKUP)
extern volatile u32 shim_sink;
extern volatile u8 shim_table[256];
#define shim_spoil(x)		((void)(shim_sink = shim_table[(x) & 0xff]))
#else
#define shim_spoil(x)		((void)0)
#endif

/* MemorySanitizer takes an operand of assembly for a use of it. */
#ifdef SHIM_MSAN
#define OPTIMIZER_HIDE_VAR(v)	((void)(v))
#else
#define OPTIMIZER_HIDE_VAR(v)	__asm__("" : "=r"(v) : "0"(v))
#endif

/* IS_ENABLED(X) is 1 exactly if X is a macro that stands for 1. */
#define shim_yes_1		0,
#define shim_third(a, b, c...)	b
#define shim_pick(junk)		shim_third(junk 1, 0, 0)
#define shim_on1(v)		shim_pick(shim_yes_##v)
#define shim_on(v)		shim_on1(v)
#define IS_ENABLED(x)		shim_on(x)
#define IS_BUILTIN(x)		IS_ENABLED(x)
#define IS_REACHABLE(x)		IS_ENABLED(x)
#define IS_MODULE(x)		0

/* small helpers */
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1UL << (n))
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK(h, l)		((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define GENMASK_ULL(h, l)	((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(x, y)		((((x) - 1) | ((typeof(x))(y) - 1)) + 1)
#define round_down(x, y)	((x) & ~((typeof(x))(y) - 1))
#define ALIGN(x, a)		round_up(x, a)
#define ALIGN_DOWN(x, a)	round_down(x, a)
#define IS_ALIGNED(x, a)	(((x) & ((typeof(x))(a) - 1)) == 0)
#define PTR_ALIGN(p, a)		((typeof(p))ALIGN((unsigned long)(p), a))
#define container_of(p, t, m)	((t *)((char *)(p) - offsetof(t, m)))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define offsetofend(t, m)	(offsetof(t, m) + sizeof_field(t, m))
#define shim_less(a, b)		({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define shim_more(a, b)		({ typeof(a) a_ = (a); typeof(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define min(a, b)		shim_less(a, b)
#define max(a, b)		shim_more(a, b)
#define umin(a, b)		shim_less((a) + 0u + 0ull, (b) + 0u + 0ull)
#define umax(a, b)		shim_more((a) + 0u + 0ull, (b) + 0u + 0ull)
#define min_t(t, a, b)		shim_less((t)(a), (t)(b))
#define max_t(t, a, b)		shim_more((t)(a), (t)(b))
#define min3(a, b, c)		min(min(a, b), c)
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define swap(a, b)		do { typeof(a) t_ = (a); (a) = (b); (b) = t_; } while (0)
#define upper_32_bits(n)	((u32)((u64)(n) >> 32))
#define lower_32_bits(n)	((u32)(n))
#define static_assert(x, ...)	_Static_assert(x, #x)
#define BUILD_BUG_ON(x)		_Static_assert(!(x), #x)
#define BUILD_BUG_ON_MSG(x, m)	_Static_assert(!(x), m)
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

void shim_bug(const char *what, const char *file, int line) __attribute__((__cold__));
#define WARN_ON(x)		({ bool x_ = !!(x); if (x_) shim_bug(#x, __FILE__, __LINE__); x_; })
#define WARN_ON_ONCE(x)		WARN_ON(x)
#define WARN_ONCE(x, ...)	WARN_ON(x)
#define BUG_ON(x)		((void)WARN_ON(x))
#define BUG()			shim_bug("BUG", __FILE__, __LINE__)
#define DEBUG_NET_WARN_ON_ONCE(x)	WARN_ON(x)
#define pr_err(...)		do { } while (0)
#define pr_warn(...)		do { } while (0)
#define pr_notice(...)		do { } while (0)
#define pr_info(...)		do { } while (0)
#define pr_debug(...)		do { } while (0)

static inline u32 rol32(u32 w, unsigned int n) { return w << (n & 31) | w >> (-n & 31); }
static inline u32 ror32(u32 w, unsigned int n) { return w >> (n & 31) | w << (-n & 31); }
static inline u64 rol64(u64 w, unsigned int n) { return w << (n & 63) | w >> (-n & 63); }
static inline u64 ror64(u64 w, unsigned int n) { return w >> (n & 63) | w << (-n & 63); }

/* byte order and unaligned access */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __LITTLE_ENDIAN_BITFIELD
#define shim_le(bits, x)	((u##bits)(x))
#define shim_be(bits, x)	((u##bits)__builtin_bswap##bits(x))
#else
#define shim_le(bits, x)	((u##bits)__builtin_bswap##bits(x))
#define shim_be(bits, x)	((u##bits)(x))
#endif

#define SHIM_ORDER(o, bits)						\
static inline u##bits o##bits##_to_cpu(u##bits x) { return shim_##o(bits, x); }	\
static inline u##bits cpu_to_##o##bits(u##bits x) { return shim_##o(bits, x); }	\
static inline u##bits o##bits##_to_cpup(const void *p)			\
{ return shim_##o(bits, *(const u##bits *)p); }			\
static inline u##bits get_unaligned_##o##bits(const void *p)		\
{									\
	u##bits x;							\
									\
	__builtin_memcpy(&x, p, sizeof(x));				\
	shim_spoil(x);							\
	return shim_##o(bits, x);					\
}									\
static inline void put_unaligned_##o##bits(u##bits v, void *p)		\
{ u##bits x = shim_##o(bits, v); __builtin_memcpy(p, &x, sizeof(x)); }

SHIM_ORDER(le, 16)
SHIM_ORDER(le, 32)
SHIM_ORDER(le, 64)
SHIM_ORDER(be, 16)
SHIM_ORDER(be, 32)
SHIM_ORDER(be, 64)

#define get_unaligned(p)						\
	({ typeof(*(p)) x_; __builtin_memcpy(&x_, p, sizeof(x_)); x_; })
#define put_unaligned(v, p)						\
	do { typeof(*(p)) x_ = (v); __builtin_memcpy(p, &x_, sizeof(x_)); } while (0)

static inline void le32_to_cpu_array(u32 *p, unsigned int n)
{
	for (; n; n--, p++)
		*p = le32_to_cpu(*p);
}

static inline void cpu_to_le32_array(u32 *p, unsigned int n)
{
	le32_to_cpu_array(p, n);
}

/* memory */
static inline void *memchr_inv(const void *p, int c, size_t n)
{
	const u8 *b = p;

	for (; n; n--, b++)
		if (*b != (u8)c)
			return (void *)b;
	return NULL;
}

static inline void memzero_explicit(void *p, size_t n)
{
	__builtin_memset(p, 0, n);
	barrier_data(p);
}

static inline unsigned long __crypto_memneq(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;
	u64 d = 0, v, w;

	for (; n >= 8; n -= 8, x += 8, y += 8) {
		__builtin_memcpy(&v, x, 8);
		__builtin_memcpy(&w, y, 8);
		d |= v ^ w;
		OPTIMIZER_HIDE_VAR(d);
	}
	while (n--) {
		d |= *x++ ^ *y++;
		OPTIMIZER_HIDE_VAR(d);
	}
	shim_public_mem(&d, sizeof(d));
	return (d | d >> 32) & 0xffffffff;
}

static inline bool crypto_memneq(const void *a, const void *b, size_t n)
{
	return __crypto_memneq(a, b, n) != 0;
}

static inline void crypto_xor_cpy(u8 *d, const u8 *a, const u8 *b, unsigned int n)
{
	while (n >= 8) {
		u64 x, y;

		__builtin_memcpy(&x, a, 8);
		__builtin_memcpy(&y, b, 8);
		x ^= y;
		__builtin_memcpy(d, &x, 8);
		d += 8, a += 8, b += 8, n -= 8;
	}
	while (n--)
		*d++ = *a++ ^ *b++;
}

static inline void crypto_xor(u8 *d, const u8 *s, unsigned int n)
{
	crypto_xor_cpy(d, d, s, n);
}

struct kvec {
	void *iov_base;
	size_t iov_len;
};

/* the Internet checksum, RFC 1071 */
static inline u32 csum_add(u32 a, u32 b)
{
	a += b;
	return a + (a < b);
}

static inline u16 csum_fold(u32 s)
{
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static inline u32 csum_block_add(u32 a, u32 b, int offset)
{
	return csum_add(a, offset & 1 ? ror32(b, 8) : b);
}

u32 csum_partial(const void *buf, int len, u32 sum);

/* modules */
struct module;
#define THIS_MODULE		((struct module *)0)
#define EXPORT_SYMBOL(x)	struct module
#define EXPORT_SYMBOL_GPL(x)	struct module
#define EXPORT_SYMBOL_NS(x, n)	struct module
#define EXPORT_SYMBOL_NS_GPL(x, n)	struct module
#define EXPORT_SYMBOL_IF_KUNIT(x)	struct module
#define MODULE_IMPORT_NS(x)	struct module
#define MODULE_LICENSE(x)	struct module
#define MODULE_DESCRIPTION(x)	struct module
#define MODULE_AUTHOR(x)	struct module
#define MODULE_ALIAS(x)		struct module
#define MODULE_ALIAS_CRYPTO(x)	struct module
#define VISIBLE_IF_KUNIT
#define SHIM_INIT(f, n)							\
static void __attribute__((__constructor__(200 + n), __used__)) shim_run_##f(void) \
{ if (f()) shim_bug(#f, __FILE__, __LINE__); }
#define arch_initcall(f)	SHIM_INIT(f, 3)
#define subsys_initcall(f)	SHIM_INIT(f, 4)
#define fs_initcall(f)		SHIM_INIT(f, 5)
#define module_init(f)		SHIM_INIT(f, 6)
#define late_initcall(f)	SHIM_INIT(f, 7)
#define device_initcall(f)	SHIM_INIT(f, 6)
#define module_exit(f)							\
static void __maybe_unused shim_exit_##f(void) { f(); }

/* static keys and static calls: a variable each */
struct static_key_false { bool on; };
struct static_key_true { bool on; };
#define DEFINE_STATIC_KEY_FALSE(k)	struct static_key_false k
#define DEFINE_STATIC_KEY_TRUE(k)	struct static_key_true k = { true }
#define DEFINE_STATIC_KEY_FALSE_RO(k)	DEFINE_STATIC_KEY_FALSE(k)
#define DECLARE_STATIC_KEY_FALSE(k)	extern struct static_key_false k
#define DECLARE_STATIC_KEY_TRUE(k)	extern struct static_key_true k
#define static_branch_likely(k)		likely((k)->on)
#define static_branch_unlikely(k)	unlikely((k)->on)
#define static_branch_enable(k)		((void)((k)->on = true))
#define static_branch_disable(k)	((void)((k)->on = false))
#define static_key_enabled(k)		((k)->on)
#define DEFINE_STATIC_CALL(n, f)	typeof(f) *shim_call_##n = &(f)
#define DECLARE_STATIC_CALL(n, f)	extern typeof(f) *shim_call_##n
#define static_call(n)			(*shim_call_##n)
#define static_call_update(n, f)	((void)(shim_call_##n = (f)))
#define static_call_query(n)		(shim_call_##n)

/* One "CPU" for each thread, and a single one for what is allocated. */
void *shim_alloc(size_t size, size_t align);
void shim_free(void *p);
#define alloc_percpu(t)			((t *)shim_alloc(sizeof(t), __alignof__(t)))
#define __alloc_percpu(size, align)	shim_alloc(size, align)
#define alloc_percpu_gfp(t, gfp)	alloc_percpu(t)
#define free_percpu(p)			shim_free(p)
#define DEFINE_PER_CPU(t, n)		__thread __typeof__(t) n
#define DEFINE_PER_CPU_ALIGNED(t, n)	__thread __typeof__(t) n __aligned(64)
#define DEFINE_PER_CPU_SHARED_ALIGNED(t, n) DEFINE_PER_CPU_ALIGNED(t, n)
#define DEFINE_PER_CPU_PAGE_ALIGNED(t, n) DEFINE_PER_CPU_ALIGNED(t, n)
#define DECLARE_PER_CPU(t, n)		extern __thread __typeof__(t) n
#define DECLARE_PER_CPU_ALIGNED(t, n)	extern __thread __typeof__(t) n __aligned(64)
#define this_cpu_ptr(p)			(p)
#define raw_cpu_ptr(p)			(p)
#define per_cpu_ptr(p, c)		(p)
#define get_cpu_ptr(p)			(p)
#define put_cpu_ptr(p)			((void)(p))
#define this_cpu_read(v)		(v)
#define this_cpu_write(v, x)		((void)((v) = (x)))
#define this_cpu_inc(v)			((void)((v)++))
#define this_cpu_dec(v)			((void)((v)--))
#define this_cpu_xchg(v, x)		({ typeof(v) o_ = (v); (v) = (x); o_; })
#define this_cpu_cmpxchg(v, o, x)	({ typeof(v) o_ = (v); if (o_ == (o)) (v) = (x); o_; })
#define __this_cpu_read			this_cpu_read
#define __this_cpu_write		this_cpu_write
#define __this_cpu_inc			this_cpu_inc
#define __this_cpu_dec			this_cpu_dec
#define __this_cpu_xchg			this_cpu_xchg
#define raw_cpu_read			this_cpu_read
#define raw_cpu_write			this_cpu_write
#define for_each_possible_cpu(c)	for ((c) = 0; (c) < 1; (c)++)

#define cmpxchg_acquire(p, o, n)	__sync_val_compare_and_swap(p, o, n)
#define smp_store_release(p, v)		__atomic_store_n(p, v, __ATOMIC_RELEASE)

#define preempt_disable()		barrier()
#define preempt_enable()		barrier()
#define local_bh_disable()		barrier()
#define local_bh_enable()		barrier()
#define migrate_disable()		barrier()
#define migrate_enable()		barrier()
#define cond_resched()			barrier()
#define might_sleep()			barrier()
#define lockdep_assert_preemption_disabled() barrier()
#define in_hardirq()			false
#define in_nmi()			false
#define in_interrupt()			false
#define irqs_disabled()			false

/* FPU sections and CPU features */
extern bool shim_simd_usable;
extern __thread unsigned int shim_fpu_open;

static inline void kernel_fpu_begin(void)
{
#ifdef SHIM_CHECK
	WARN_ON(shim_fpu_open++);
#endif
	barrier();
}

static inline void kernel_fpu_end(void)
{
	barrier();
#ifdef SHIM_CHECK
	WARN_ON(--shim_fpu_open);
#endif
}

#define kernel_fpu_begin_mask(m)	kernel_fpu_begin()
#define scoped_ksimd()							\
	for (bool once_ = (kernel_fpu_begin(), true); once_; once_ = false, kernel_fpu_end())
#define kernel_neon_begin(...)		kernel_fpu_begin()
#define kernel_neon_end(...)		kernel_fpu_end()
#define irq_fpu_usable()		(shim_simd_usable)
#define may_use_simd()			(shim_simd_usable)
#define crypto_simd_usable()		(shim_simd_usable)

#ifdef CONFIG_X86
enum shim_feature {
	X86_FEATURE_XMM2,
	X86_FEATURE_SSSE3,
	X86_FEATURE_AVX,
	X86_FEATURE_AVX2,
	X86_FEATURE_BMI1,
	X86_FEATURE_BMI2,
	X86_FEATURE_ADX,
	X86_FEATURE_AVX512F,
	X86_FEATURE_AVX512VL,
	X86_FEATURE_AVX512BW,
	X86_FEATURE_AVX512DQ,
	X86_FEATURE_AVX512IFMA,
	X86_FEATURE_AVX512VBMI,
	X86_FEATURE_PREFER_YMM,
	X86_FEATURE_OSXSAVE,
};

#define XFEATURE_MASK_SSE	BIT(1)
#define XFEATURE_MASK_YMM	BIT(2)
#define XFEATURE_MASK_AVX512	(BIT(5) | BIT(6) | BIT(7))

bool shim_cpu_has(enum shim_feature f);
bool shim_xfeatures(u64 mask);
#define boot_cpu_has(f)			shim_cpu_has(f)
#define static_cpu_has(f)		shim_cpu_has(f)
#define cpu_feature_enabled(f)		shim_cpu_has(f)
#define cpu_has_xfeatures(m, name)	shim_xfeatures(m)

struct shim_cpuinfo { unsigned int x86_vfm; };
static const struct shim_cpuinfo boot_cpu_data __maybe_unused;
#endif

#endif /* _CULVERT_SHIM_H */
