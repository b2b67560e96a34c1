/* SPDX-License-Identifier: GPL-2.0 */
/* mac1, mac2 and cookies: who may cost us an X25519 under load. */
#ifndef _CULVERT_COOKIE_H
#define _CULVERT_COOKIE_H

#include <linux/rwsem.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "wire.h"

struct net;
struct sk_buff;

/**
 * struct culvert_cookie_checker - our side of the mitigation
 * @secret: keys the cookies that we hand out; renewed every two minutes
 * @secret_birth: boot time in ns of @secret, 0 before the first
 * @last_load: boot time in ns at which we were under load last, or 0
 * @mac1_key: what mac1 of messages to us is made with
 * @cookie_key: what our cookie replies are encrypted with
 * @lock: guards all of it but @last_load, which is the handshake worker's
 */
struct culvert_cookie_checker {
	u8			secret[WIRE_KEY_BYTES];
	u64			secret_birth;
	u64			last_load;
	u8			mac1_key[WIRE_KEY_BYTES];
	u8			cookie_key[WIRE_KEY_BYTES];
	struct rw_semaphore	lock;
};

/* What the MACs of a handshake message are worth. */
enum cookie_verdict {
	COOKIE_INVALID,		/* mac1 is wrong */
	COOKIE_MAC1,		/* mac1 is right, mac2 is not */
	COOKIE_MAC2,		/* both are: the source address is real */
};

/* Longest source that a cookie is bound to: an IPv6 address and a port. */
#define COOKIE_SOURCE_MAX	18

/* Once per device; then again, process context, whenever our public key changes. */
void culvert_cookie_init(struct culvert_cookie_checker *c);
void culvert_cookie_set_key(struct culvert_cookie_checker *c,
			    const u8 public_key[WIRE_KEY_BYTES]);

/* mac1 and, with a @cookie, mac2 for a message to the holder of @public_key. */
void culvert_cookie_add_macs(struct wire_macs *macs, const void *msg, size_t len,
			     const u8 public_key[WIRE_KEY_BYTES],
			     const u8 *cookie);
/* @len: bytes of @msg in front of @macs. @source: address and port of the sender. */
enum cookie_verdict
culvert_cookie_check(struct culvert_cookie_checker *c, const struct wire_macs *macs,
		     const void *msg, size_t len, const u8 *source,
		     size_t source_len, u64 now_ns);
void culvert_cookie_reply(struct culvert_cookie_checker *c, struct wire_cookie *reply,
			  __le32 receiver, const struct wire_macs *macs,
			  const u8 *source, size_t source_len, u64 now_ns);
/* @mac1: of the message that @reply answers. Any context. */
bool culvert_cookie_open(u8 cookie[WIRE_COOKIE_BYTES], const struct wire_cookie *reply,
			 const u8 mac1[WIRE_MAC_BYTES],
			 const u8 public_key[WIRE_KEY_BYTES]);
/* The sender's address and port as they stand on the wire; 0 if not IP. */
size_t culvert_cookie_source(u8 source[COOKIE_SOURCE_MAX], const struct sk_buff *skb);
/* With one second of hysteresis. */
bool culvert_cookie_under_load(struct culvert_cookie_checker *c,
			       unsigned int queued, u64 now_ns);

#define RATELIMIT_WAYS		8
#define RATELIMIT_SETS		512
#define RATELIMIT_BURST		5

/**
 * struct ratelimit_source - one address that has sent initiations lately
 * @name: hash of its namespace and address
 * @full: boot time in ns at which its bucket of tokens is full again; from then
 *	  on the entry says nothing and may be given away
 */
struct ratelimit_source {
	u64	name;
	u64	full;
};

/**
 * struct ratelimit - handshakes a source may cost us
 * @key: so that nobody outside can aim at a set
 * @lock: guards @sources
 * @sources: a source is in the set that its name says, or nowhere
 */
struct ratelimit {
	siphash_key_t		key;
	spinlock_t		lock;	/* guards sources */
	struct ratelimit_source	sources[RATELIMIT_SETS][RATELIMIT_WAYS];
};

struct ratelimit *ratelimit_create(void);
bool ratelimit_allow(struct ratelimit *rl, u64 name, u64 now_ns);
u64 ratelimit_name(const struct ratelimit *rl, const struct net *net,
		   const u8 *source, size_t source_len);

int culvert_ratelimit_init(void);		/* module init */
void culvert_ratelimit_exit(void);
/* @source: as culvert_cookie_source() gave it; the port does not count. */
bool culvert_ratelimit_allow(const struct net *net, const u8 *source,
			     size_t source_len, u64 now_ns);

#endif /* _CULVERT_COOKIE_H */
