/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver tells about itself: why a packet was dropped, counters, and
 * the names that the tracepoints in trace.h use.
 */
#ifndef _CULVERT_EVENTS_H
#define _CULVERT_EVENTS_H

#include <linux/percpu-defs.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

struct culvert_device;
struct ethtool_ops;

/*
 * X(name, text, core reason, statistic)
 *
 * The text names the counter in "ethtool -S" and in the tracepoint. The core
 * reason is what skb:kfree_skb and drop_monitor show: drivers have no range of
 * reasons of their own, so it is the nearest meaning of the core's.
 * The statistic is the member of the net_device's statistics that also counts.
 */
#define CULVERT_DROP_REASONS(X)							\
	/* not IP, or the header lies about the packet */			\
	X(TX_NOT_IP,		"tx_not_ip",		UNHANDLED_PROTO, TX_ERRORS) \
	/* no allowed IP covers the destination */				\
	X(TX_NO_PEER,		"tx_no_peer",		IP_OUTNOROUTES,	TX_ERRORS) \
	/* the peer's address is not known */					\
	X(TX_NO_ENDPOINT,	"tx_no_endpoint",	NO_TX_TARGET,	TX_ERRORS) \
	/* waited for a key, and too many came after it */			\
	X(TX_STAGED_FULL,	"tx_staged_full",	FULL_RING,	TX_DROPPED) \
	/* waited for a key that did not come, or the peer or device went */ \
	X(TX_PURGED,		"tx_purged",		QUEUE_PURGE,	TX_DROPPED) \
	/* more than can be sent, or sealed, at present */			\
	X(TX_BACKLOG,		"tx_backlog",		FULL_RING,	TX_DROPPED) \
	X(TX_NOMEM,		"tx_nomem",		NOMEM,		TX_DROPPED) \
	X(TX_SEGMENT,		"tx_segment",		SKB_GSO_SEG,	TX_ERRORS) \
	/* does not fit into a datagram, whatever the MTU says */		\
	X(TX_TOO_LONG,		"tx_too_long",		PKT_TOO_BIG,	TX_ERRORS) \
	/* no outer socket: down, its namespace gone, or no IPv6 */		\
	X(TX_NO_SOCKET,		"tx_no_socket",		NO_SOCKET,	TX_ERRORS) \
	X(TX_NO_ROUTE,		"tx_no_route",		IP_OUTNOROUTES,	TX_ERRORS) \
	/* the endpoint is reached through this same tunnel */			\
	X(TX_LOOP,		"tx_loop",		IP_OUTNOROUTES,	TX_ERRORS) \
	X(RX_TOO_SHORT,		"rx_too_short",		PKT_TOO_SMALL,	RX_LENGTH) \
	/* a length that its type of message cannot have */			\
	X(RX_LENGTH,		"rx_length",		PKT_TOO_SMALL,	RX_LENGTH) \
	X(RX_TYPE,		"rx_type",		UNHANDLED_PROTO, RX_FRAME) \
	X(RX_DOWN,		"rx_down",		DEV_READY,	RX_DROPPED) \
	X(RX_NO_SESSION,	"rx_no_session",	XFRM_POLICY,	RX_DROPPED) \
	/* the session is too old, or too many messages were received in it */	\
	X(RX_EXPIRED,		"rx_expired",		XFRM_POLICY,	RX_DROPPED) \
	X(RX_TAG,		"rx_tag",		XFRM_POLICY,	RX_ERRORS) \
	X(RX_REPLAY,		"rx_replay",		XFRM_POLICY,	RX_ERRORS) \
	/* more than can be opened at present */				\
	X(RX_BACKLOG,		"rx_backlog",		CPU_BACKLOG,	RX_DROPPED) \
	X(RX_NOMEM,		"rx_nomem",		NOMEM,		RX_DROPPED) \
	/* authentic, but what is inside is not IP */				\
	X(RX_NOT_IP,		"rx_not_ip",		UNHANDLED_PROTO, RX_FRAME) \
	/* authentic, but the inner header's length lies */			\
	X(RX_INNER_LENGTH,	"rx_inner_length",	HDR_TRUNC,	RX_LENGTH) \
	/* authentic, but the peer may not send from this address */		\
	X(RX_SOURCE,		"rx_source",		IP_RPFILTER,	RX_FRAME) \
	X(RX_ECN,		"rx_ecn",		IP_TUNNEL_ECN,	RX_FRAME) \
	/* the stack had no room, which it has counted itself */		\
	X(RX_STACK_FULL,	"rx_stack_full",	CPU_BACKLOG,	NO_STAT) \
	X(HANDSHAKE_BACKLOG,	"handshake_backlog",	CPU_BACKLOG,	RX_DROPPED) \
	/* under load, and mac2 is missing: a cookie was sent instead */	\
	X(HANDSHAKE_COOKIE,	"handshake_cookie",	CPU_BACKLOG,	RX_DROPPED) \
	X(HANDSHAKE_RATE,	"handshake_rate",	CPU_BACKLOG,	RX_DROPPED) \
	X(HANDSHAKE_MAC1,	"handshake_mac1",	XFRM_POLICY,	RX_DROPPED) \
	/* malformed, replayed, from an unknown peer, or nothing we asked for */ \
	X(HANDSHAKE_INVALID,	"handshake_invalid",	XFRM_POLICY,	RX_DROPPED) \
	X(HANDSHAKE_NO_KEY,	"handshake_no_key",	XFRM_POLICY,	RX_DROPPED)

enum culvert_drop {
#define X(name, ...) CULVERT_DROP_##name,
	CULVERT_DROP_REASONS(X)
#undef X
	CULVERT_DROP_NR,
};

/**
 * struct culvert_drops - counters, one set a CPU
 * @syncp: lets 32-bit machines read @nr whole
 * @nr: packets dropped, a counter a reason
 */
struct culvert_drops {
	struct u64_stats_sync	syncp;
	u64_stats_t		nr[CULVERT_DROP_NR];
};

/* Steps of a handshake, as the tracepoint culvert_handshake names them. */
#define CULVERT_HANDSHAKE_STEPS(X)				\
	X(INITIATION_SENT,	"initiation-sent")		\
	X(INITIATION_RETRIED,	"initiation-retried")		\
	X(INITIATION_RECEIVED,	"initiation-received")		\
	X(RESPONSE_SENT,	"response-sent")		\
	X(RESPONSE_RECEIVED,	"response-received")		\
	X(COOKIE_RECEIVED,	"cookie-received")		\
	X(COMPLETE,		"complete")			\
	X(GIVEN_UP,		"given-up")

enum culvert_step {
#define X(name, ...) CULVERT_STEP_##name,
	CULVERT_HANDSHAKE_STEPS(X)
#undef X
};

/* What happens to transport keys, as the tracepoint culvert_key names it. */
#define CULVERT_KEY_CHANGES(X)					\
	X(INSTALLED,	"installed")	/* initiator: current at once */ \
	X(PENDING,	"pending")	/* responder: next, not yet confirmed */ \
	X(CONFIRMED,	"confirmed")	/* next became current */	\
	X(EXPIRED,	"expired")	/* may not send any more */	\
	X(ERASED,	"erased")

enum culvert_key_change {
#define X(name, ...) CULVERT_KEY_##name,
	CULVERT_KEY_CHANGES(X)
#undef X
};

/* Where a train was sealed or opened. */
enum culvert_place {
	CULVERT_INLINE,		/* on the CPU that had the data */
	CULVERT_SPILLED,	/* on another one, in a work item */
};

int culvert_events_init(struct culvert_device *dev);
void culvert_events_destroy(struct culvert_device *dev);

void culvert_count_tx(struct culvert_device *dev, unsigned int packets,
		      unsigned int bytes);
void culvert_count_rx(struct culvert_device *dev, unsigned int packets,
		      unsigned int bytes);
void culvert_drop_note(struct culvert_device *dev, const struct sk_buff *skb,
		       enum culvert_drop why, unsigned int nr);
void culvert_drop_free(struct sk_buff *skb, enum culvert_drop why);
void culvert_drop_skb(struct culvert_device *dev, struct sk_buff *skb,
		      enum culvert_drop why);
void culvert_drop_queue(struct culvert_device *dev, struct sk_buff_head *queue,
			enum culvert_drop why);

const char *culvert_drop_name(enum culvert_drop why);
u64 culvert_drop_total(const struct culvert_device *dev, enum culvert_drop why);

extern const struct ethtool_ops culvert_ethtool_ops;

#endif /* _CULVERT_EVENTS_H */
