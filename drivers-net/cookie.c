// SPDX-License-Identifier: GPL-2.0
/*
 * mac1, mac2 and cookies. Nothing is computed for a message whose mac1 is wrong.
 * Under load nothing is computed either until the sender has shown, by the
 * cookie in mac2, that it receives at the address it claims; and then only so
 * often.
 */
#include <linux/export.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/udp.h>
#include <crypto/blake2s.h>
#include <crypto/chacha20poly1305_batch.h>
#include <crypto/utils.h>
#include <kunit/visibility.h>

#include "cookie.h"
#include "handshake.h"

static const u8 mac1_label[8] __nonstring = "mac1----";
static const u8 cookie_label[8] __nonstring = "cookie--";

static struct ratelimit *ratelimit;

static void labelled_key(u8 key[WIRE_KEY_BYTES], const u8 label[8],
			 const u8 public_key[WIRE_KEY_BYTES])
{
	struct blake2s_ctx ctx;

	blake2s_init(&ctx, WIRE_KEY_BYTES);
	blake2s_update(&ctx, label, 8);
	blake2s_update(&ctx, public_key, WIRE_KEY_BYTES);
	blake2s_final(&ctx, key);
}

/* WIRE_MAC_BYTES and WIRE_COOKIE_BYTES are the same. */
static void mac(u8 out[WIRE_MAC_BYTES], const void *msg, size_t len,
		const u8 *key, size_t key_len)
{
	struct blake2s_ctx ctx;

	blake2s_init_key(&ctx, WIRE_MAC_BYTES, key, key_len);
	blake2s_update(&ctx, msg, len);
	blake2s_final(&ctx, out);
}

/**
 * culvert_cookie_init() - before anything else happens to a checker
 * @c: the checker
 */
void culvert_cookie_init(struct culvert_cookie_checker *c)
{
	memset(c, 0, sizeof(*c));
	init_rwsem(&c->lock);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cookie_init);

/**
 * culvert_cookie_set_key() - our static key is new
 * @c: ours
 * @public_key: computed from the private one; others make mac1 with it
 *
 * Context: May sleep.
 */
void culvert_cookie_set_key(struct culvert_cookie_checker *c,
			    const u8 public_key[WIRE_KEY_BYTES])
{
	down_write(&c->lock);
	labelled_key(c->mac1_key, mac1_label, public_key);
	labelled_key(c->cookie_key, cookie_label, public_key);
	up_write(&c->lock);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cookie_set_key);

/**
 * culvert_cookie_add_macs() - complete a handshake message
 * @macs: the end of the message, receives them
 * @msg: the message
 * @len: bytes in front of @macs
 * @public_key: who it is for
 * @cookie: a fresh one from there, or NULL; mac2 is zero then
 */
void culvert_cookie_add_macs(struct wire_macs *macs, const void *msg, size_t len,
			     const u8 public_key[WIRE_KEY_BYTES],
			     const u8 *cookie)
{
	u8 key[WIRE_KEY_BYTES];

	labelled_key(key, mac1_label, public_key);
	mac(macs->mac1, msg, len, key, sizeof(key));
	if (cookie)
		mac(macs->mac2, msg, len + sizeof(macs->mac1), cookie,
		    WIRE_COOKIE_BYTES);
	else
		memset(macs->mac2, 0, sizeof(macs->mac2));
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cookie_add_macs);

static bool secret_is_fresh(const struct culvert_cookie_checker *c, u64 now_ns)
{
	return c->secret_birth &&
	       now_ns - c->secret_birth < (u64)WIRE_COOKIE_LIFETIME * NSEC_PER_SEC;
}

/**
 * culvert_cookie_check() - are the MACs of a message right?
 * @c: ours
 * @macs: the end of the message
 * @msg: the message
 * @len: bytes in front of @macs
 * @source: where it came from
 * @source_len: bytes of @source
 * @now_ns: boot time in ns
 *
 * Context: May sleep.
 * Return: how much they prove.
 */
enum cookie_verdict
culvert_cookie_check(struct culvert_cookie_checker *c, const struct wire_macs *macs,
		     const void *msg, size_t len, const u8 *source,
		     size_t source_len, u64 now_ns)
{
	enum cookie_verdict verdict = COOKIE_INVALID;
	u8 cookie[WIRE_COOKIE_BYTES], want[WIRE_MAC_BYTES];

	down_read(&c->lock);
	mac(want, msg, len, c->mac1_key, sizeof(c->mac1_key));
	if (crypto_memneq(want, macs->mac1, sizeof(want)))
		goto out;
	verdict = COOKIE_MAC1;
	if (!source_len || !secret_is_fresh(c, now_ns))
		goto out;
	mac(cookie, source, source_len, c->secret, sizeof(c->secret));
	mac(want, msg, len + sizeof(macs->mac1), cookie, sizeof(cookie));
	if (!crypto_memneq(want, macs->mac2, sizeof(want)))
		verdict = COOKIE_MAC2;
out:
	up_read(&c->lock);
	memzero_explicit(cookie, sizeof(cookie));
	memzero_explicit(want, sizeof(want));
	return verdict;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cookie_check);

/**
 * culvert_cookie_reply() - write a cookie reply
 * @c: ours
 * @reply: receives the message
 * @receiver: sender's index of the message that is answered
 * @macs: of that message
 * @source: where it came from
 * @source_len: bytes of @source
 * @now_ns: boot time in ns
 *
 * Context: May sleep.
 */
void culvert_cookie_reply(struct culvert_cookie_checker *c, struct wire_cookie *reply,
			  __le32 receiver, const struct wire_macs *macs,
			  const u8 *source, size_t source_len, u64 now_ns)
{
	u8 cookie[WIRE_COOKIE_BYTES];

	reply->header.type = cpu_to_le32(WIRE_COOKIE);
	reply->receiver = receiver;
	get_random_bytes(reply->nonce, sizeof(reply->nonce));

	down_write(&c->lock);
	if (!secret_is_fresh(c, now_ns)) {
		get_random_bytes(c->secret, sizeof(c->secret));
		c->secret_birth = now_ns ?: 1;
	}
	mac(cookie, source, source_len, c->secret, sizeof(c->secret));
	xchacha20poly1305_seal(reply->enc_cookie, cookie, sizeof(cookie),
			       macs->mac1, sizeof(macs->mac1), reply->nonce,
			       c->cookie_key);
	up_write(&c->lock);
	memzero_explicit(cookie, sizeof(cookie));
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cookie_reply);

/**
 * culvert_cookie_open() - read a cookie reply
 * @cookie: receives the cookie; wiped if the reply is not authentic
 * @reply: the message
 * @mac1: of the message that it answers
 * @public_key: of the peer it comes from
 *
 * Context: Any context.
 * Return: false if it is not from there, or answers something else.
 */
bool culvert_cookie_open(u8 cookie[WIRE_COOKIE_BYTES], const struct wire_cookie *reply,
			 const u8 mac1[WIRE_MAC_BYTES],
			 const u8 public_key[WIRE_KEY_BYTES])
{
	u8 key[WIRE_KEY_BYTES];

	labelled_key(key, cookie_label, public_key);
	return !xchacha20poly1305_open(cookie, reply->enc_cookie,
				       sizeof(reply->enc_cookie), mac1,
				       WIRE_MAC_BYTES, reply->nonce, key);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cookie_open);

/**
 * culvert_cookie_source() - where a message came from, as a cookie is bound to it
 * @source: receives address and port as they stand on the wire
 * @skb: the message, its network and transport headers set
 *
 * Context: Any context.
 * Return: bytes of @source, which tell the families apart; 0 if it is not IP.
 */
size_t culvert_cookie_source(u8 source[COOKIE_SOURCE_MAX], const struct sk_buff *skb)
{
	__be16 port = udp_hdr(skb)->source;
	size_t len;

	if (skb->protocol == htons(ETH_P_IP)) {
		len = sizeof(struct in_addr);
		memcpy(source, &ip_hdr(skb)->saddr, len);
	} else if (skb->protocol == htons(ETH_P_IPV6)) {
		len = sizeof(struct in6_addr);
		memcpy(source, &ipv6_hdr(skb)->saddr, len);
	} else {
		return 0;
	}
	memcpy(source + len, &port, sizeof(port));
	return len + sizeof(port);
}

/**
 * culvert_cookie_under_load() - do we demand cookies?
 * @c: remembers when we last had to
 * @queued: handshake messages that wait
 * @now_ns: boot time in ns
 *
 * From an eighth of the queue on, and for one second more: a flood that is
 * being turned away empties the queue, and would otherwise be let in again.
 *
 * Context: One caller at a time.
 * Return: true if messages without a valid mac2 are to be turned away.
 */
bool culvert_cookie_under_load(struct culvert_cookie_checker *c,
			       unsigned int queued, u64 now_ns)
{
	if (queued >= HANDSHAKE_QUEUE_MAX / 8)
		c->last_load = now_ns ?: 1;
	else if (c->last_load && now_ns - c->last_load >= NSEC_PER_SEC)
		c->last_load = 0;
	return c->last_load;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_cookie_under_load);

/**
 * ratelimit_create() - a table in which no source has come yet
 *
 * Context: May sleep.
 * Return: the table, for kvfree(); NULL without memory.
 */
struct ratelimit *ratelimit_create(void)
{
	struct ratelimit *rl = kvzalloc_obj(*rl);

	if (!rl)
		return NULL;
	get_random_bytes(&rl->key, sizeof(rl->key));
	spin_lock_init(&rl->lock);
	return rl;
}
EXPORT_SYMBOL_IF_KUNIT(ratelimit_create);

/**
 * ratelimit_name() - what a source is called in the table
 * @rl: the table
 * @net: the namespace that its messages arrive in
 * @source: its address and port
 * @source_len: bytes of @source; tells the families apart
 *
 * A host has a whole /64 of IPv6 addresses to choose from, so that is what
 * counts there.
 *
 * Return: 64 bits that nobody outside can make collide.
 */
u64 ratelimit_name(const struct ratelimit *rl, const struct net *net,
		   const u8 *source, size_t source_len)
{
	u8 what[sizeof(net) + 1 + 8] = {};

	memcpy(what, &net, sizeof(net));
	what[sizeof(net)] = source_len;
	memcpy(what + sizeof(net) + 1, source, min(source_len - sizeof(__be16), 8));
	return siphash(what, sizeof(what), &rl->key);
}
EXPORT_SYMBOL_IF_KUNIT(ratelimit_name);

/**
 * ratelimit_allow() - may this source cost us one more handshake now?
 * @rl: the table
 * @name: of the source
 * @now_ns: boot time in ns
 *
 * A bucket holds RATELIMIT_BURST tokens; WIRE_INITIATIONS_PER_SECOND flow in.
 * It is kept as the time at which it is full again. A full bucket is as good
 * as none, so its place may be taken, and no memory is ever allocated. Where
 * all places of a set are taken by sources that have come a moment ago, a new
 * one has to come again.
 *
 * Context: Any but interrupts.
 * Return: true if it may.
 */
bool ratelimit_allow(struct ratelimit *rl, u64 name, u64 now_ns)
{
	const u64 token = NSEC_PER_SEC / WIRE_INITIATIONS_PER_SECOND;
	struct ratelimit_source *set = rl->sources[name % RATELIMIT_SETS];
	struct ratelimit_source *place = NULL;
	bool allowed = false;
	unsigned int i;
	u64 full;

	spin_lock(&rl->lock);
	for (i = 0; i < RATELIMIT_WAYS; i++) {
		if (set[i].name == name) {
			place = &set[i];
			break;
		}
		if (set[i].full <= now_ns)
			place = &set[i];
	}
	if (!place)
		goto out;
	full = place->name == name ? max(place->full, now_ns) : now_ns;
	if (full + token - now_ns > RATELIMIT_BURST * token)
		goto out;
	place->name = name;
	place->full = full + token;
	allowed = true;
out:
	spin_unlock(&rl->lock);
	return allowed;
}
EXPORT_SYMBOL_IF_KUNIT(ratelimit_allow);

/**
 * culvert_ratelimit_init() - make the table of all devices, when the module is loaded
 *
 * Return: 0 or -ENOMEM.
 */
int culvert_ratelimit_init(void)
{
	ratelimit = ratelimit_create();
	return ratelimit ? 0 : -ENOMEM;
}

/**
 * culvert_ratelimit_exit() - when the module goes
 */
void culvert_ratelimit_exit(void)
{
	kvfree(ratelimit);
}

/**
 * culvert_ratelimit_allow() - may this source cost us one more handshake now?
 * @net: the namespace that its messages arrive in
 * @source: its address and port, of which the port does not count
 * @source_len: bytes of @source; 0 is never allowed
 * @now_ns: boot time in ns
 *
 * Context: Any but interrupts.
 * Return: true if it may.
 */
bool culvert_ratelimit_allow(const struct net *net, const u8 *source,
			     size_t source_len, u64 now_ns)
{
	return source_len &&
	       ratelimit_allow(ratelimit, ratelimit_name(ratelimit, net, source, source_len),
			       now_ns);
}
