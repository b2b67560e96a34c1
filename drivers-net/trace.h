/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: /sys/kernel/tracing/events/culvert/ */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM culvert

#if !defined(_CULVERT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CULVERT_TRACE_H

#include <linux/tracepoint.h>

#include "device.h"
#include "events.h"
#include "peer.h"

#define CULVERT_DEFINE_DROP(name, ...) TRACE_DEFINE_ENUM(CULVERT_DROP_##name);
#define CULVERT_DEFINE_STEP(name, text) TRACE_DEFINE_ENUM(CULVERT_STEP_##name);
#define CULVERT_DEFINE_KEY(name, text) TRACE_DEFINE_ENUM(CULVERT_KEY_##name);
#define CULVERT_SYMBOL_DROP(name, text, ...) { CULVERT_DROP_##name, text },
#define CULVERT_SYMBOL_STEP(name, text) { CULVERT_STEP_##name, text },
#define CULVERT_SYMBOL_KEY(name, text) { CULVERT_KEY_##name, text },

CULVERT_DROP_REASONS(CULVERT_DEFINE_DROP)
CULVERT_HANDSHAKE_STEPS(CULVERT_DEFINE_STEP)
CULVERT_KEY_CHANGES(CULVERT_DEFINE_KEY)

TRACE_EVENT(culvert_drop,
	TP_PROTO(const struct culvert_device *dev, const struct sk_buff *skb,
		 enum culvert_drop why, unsigned int nr),
	TP_ARGS(dev, skb, why, nr),

	TP_STRUCT__entry(
		__field(int, ifindex)
		__field(const void *, skb)
		__field(unsigned int, len)
		__field(unsigned int, nr)
		__field(u8, why)
	),
	TP_fast_assign(
		__entry->ifindex = dev->dev->ifindex;
		__entry->skb = skb;
		__entry->len = skb ? skb->len : 0;
		__entry->nr = nr;
		__entry->why = why;
	),
	TP_printk("ifindex=%d skb=%p len=%u packets=%u reason=%s",
		  __entry->ifindex, __entry->skb, __entry->len, __entry->nr,
		  __print_symbolic(__entry->why,
				   CULVERT_DROP_REASONS(CULVERT_SYMBOL_DROP)
				   { 0xff, "?" }))
);

TRACE_EVENT(culvert_handshake,
	TP_PROTO(const struct culvert_peer *peer, enum culvert_step step),
	TP_ARGS(peer, step),

	TP_STRUCT__entry(
		__field(u64, peer)
		__field(int, ifindex)
		__field(u8, step)
	),
	TP_fast_assign(
		__entry->peer = peer->id;
		__entry->ifindex = peer->device->dev->ifindex;
		__entry->step = step;
	),
	TP_printk("ifindex=%d peer=%llu step=%s",
		  __entry->ifindex, __entry->peer,
		  __print_symbolic(__entry->step,
				   CULVERT_HANDSHAKE_STEPS(CULVERT_SYMBOL_STEP)
				   { 0xff, "?" }))
);

TRACE_EVENT(culvert_key,
	TP_PROTO(const struct culvert_peer *peer, u32 index,
		 enum culvert_key_change change),
	TP_ARGS(peer, index, change),

	TP_STRUCT__entry(
		__field(u64, peer)
		__field(int, ifindex)
		__field(u32, index)
		__field(u8, change)
	),
	TP_fast_assign(
		__entry->peer = peer->id;
		__entry->ifindex = peer->device->dev->ifindex;
		__entry->index = index;
		__entry->change = change;
	),
	TP_printk("ifindex=%d peer=%llu index=%08x key=%s",
		  __entry->ifindex, __entry->peer, __entry->index,
		  __print_symbolic(__entry->change,
				   CULVERT_KEY_CHANGES(CULVERT_SYMBOL_KEY)
				   { 0xff, "?" }))
);

TRACE_EVENT(culvert_roam,
	TP_PROTO(const struct culvert_peer *peer,
		 const struct culvert_endpoint *to),
	TP_ARGS(peer, to),

	TP_STRUCT__entry(
		__field(u64, peer)
		__field(int, ifindex)
		__array(u8, from, sizeof(struct sockaddr_in6))
		__array(u8, to, sizeof(struct sockaddr_in6))
	),
	TP_fast_assign(
		__entry->peer = peer->id;
		__entry->ifindex = peer->device->dev->ifindex;
		memcpy(__entry->from, &peer->endpoint.addr6,
		       sizeof(struct sockaddr_in6));
		memcpy(__entry->to, &to->addr6, sizeof(struct sockaddr_in6));
	),
	TP_printk("ifindex=%d peer=%llu from=%pISpc to=%pISpc",
		  __entry->ifindex, __entry->peer, __entry->from, __entry->to)
);

TRACE_EVENT(culvert_train,
	TP_PROTO(const struct culvert_peer *peer, bool tx,
		 unsigned int messages, unsigned int bytes,
		 enum culvert_place place),
	TP_ARGS(peer, tx, messages, bytes, place),

	TP_STRUCT__entry(
		__field(u64, peer)
		__field(int, ifindex)
		__field(unsigned int, messages)
		__field(unsigned int, bytes)
		__field(bool, tx)
		__field(bool, spilled)
	),
	TP_fast_assign(
		__entry->peer = peer->id;
		__entry->ifindex = peer->device->dev->ifindex;
		__entry->messages = messages;
		__entry->bytes = bytes;
		__entry->tx = tx;
		__entry->spilled = place == CULVERT_SPILLED;
	),
	TP_printk("ifindex=%d peer=%llu %s messages=%u bytes=%u %s",
		  __entry->ifindex, __entry->peer, __entry->tx ? "tx" : "rx",
		  __entry->messages, __entry->bytes,
		  __entry->spilled ? "spilled" : "inline")
);

#endif /* _CULVERT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
