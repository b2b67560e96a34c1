// SPDX-License-Identifier: GPL-2.0
/*
 * Dropped packets: counted by reason, traced and freed in one place. The
 * counters are read with "ethtool -S".
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <net/dropreason.h>
#include <kunit/visibility.h>

#include "device.h"
#include "events.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

enum drop_stat {
	TX_ERRORS,
	TX_DROPPED,
	RX_ERRORS,
	RX_DROPPED,
	RX_LENGTH,
	RX_FRAME,
	NO_STAT,
};

static const struct {
	char			name[ETH_GSTRING_LEN];
	enum skb_drop_reason	core;
	enum drop_stat		stat;
} drop_reasons[CULVERT_DROP_NR] = {
#define X(name, text, reason, stat) \
	[CULVERT_DROP_##name] = { text, SKB_DROP_REASON_##reason, stat },
	CULVERT_DROP_REASONS(X)
#undef X
};

/**
 * culvert_events_init() - allocate a device's drop counters
 * @dev: the device, being made
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int culvert_events_init(struct culvert_device *dev)
{
	dev->drops = netdev_alloc_pcpu_stats(struct culvert_drops);
	return dev->drops ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_events_init);

/**
 * culvert_events_destroy() - free them
 * @dev: the device, which drops nothing any more
 */
void culvert_events_destroy(struct culvert_device *dev)
{
	free_percpu(dev->drops);
	dev->drops = NULL;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_events_destroy);

static void count_drop(struct culvert_device *dev, enum culvert_drop why,
		       unsigned int nr)
{
	struct culvert_drops *drops = get_cpu_ptr(dev->drops);
	unsigned long flags;

	flags = u64_stats_update_begin_irqsave(&drops->syncp);
	u64_stats_add(&drops->nr[why], nr);
	u64_stats_update_end_irqrestore(&drops->syncp, flags);
	put_cpu_ptr(dev->drops);

	switch (drop_reasons[why].stat) {
	case TX_ERRORS:
		DEV_STATS_ADD(dev->dev, tx_errors, nr);
		break;
	case TX_DROPPED:
		DEV_STATS_ADD(dev->dev, tx_dropped, nr);
		break;
	case RX_LENGTH:
		DEV_STATS_ADD(dev->dev, rx_length_errors, nr);
		DEV_STATS_ADD(dev->dev, rx_errors, nr);
		break;
	case RX_FRAME:
		DEV_STATS_ADD(dev->dev, rx_frame_errors, nr);
		fallthrough;
	case RX_ERRORS:
		DEV_STATS_ADD(dev->dev, rx_errors, nr);
		break;
	case RX_DROPPED:
		DEV_STATS_ADD(dev->dev, rx_dropped, nr);
		break;
	case NO_STAT:
		break;
	}
}

static void count(struct culvert_device *dev, bool tx, unsigned int packets,
		  unsigned int bytes)
{
	struct pcpu_sw_netstats *stats;

	rcu_read_lock_bh();
	/* A device that was closed, and may be going, has lost its statistics. */
	if (likely(netif_running(dev->dev))) {
		stats = this_cpu_ptr(dev->dev->tstats);
		u64_stats_update_begin(&stats->syncp);
		u64_stats_add(tx ? &stats->tx_packets : &stats->rx_packets, packets);
		u64_stats_add(tx ? &stats->tx_bytes : &stats->rx_bytes, bytes);
		u64_stats_update_end(&stats->syncp);
	}
	rcu_read_unlock_bh();
}

/**
 * culvert_count_tx() - count what was sent
 * @dev: the device
 * @packets: messages
 * @bytes: their bytes, as they are on the wire
 *
 * Context: Any but hard interrupts.
 */
void culvert_count_tx(struct culvert_device *dev, unsigned int packets,
		      unsigned int bytes)
{
	count(dev, true, packets, bytes);
}

/**
 * culvert_count_rx() - count what was received and is authentic
 * @dev: the device
 * @packets: messages
 * @bytes: their bytes, as they were on the wire
 *
 * Context: Any but hard interrupts.
 */
void culvert_count_rx(struct culvert_device *dev, unsigned int packets,
		      unsigned int bytes)
{
	count(dev, false, packets, bytes);
}

/**
 * culvert_drop_note() - count and trace packets that were not kept
 * @dev: the device
 * @skb: what they were part of, or NULL; it stays the caller's
 * @why: the reason
 * @nr: how many
 *
 * For messages of a train, of which there is no skb each.
 *
 * Context: any.
 */
void culvert_drop_note(struct culvert_device *dev, const struct sk_buff *skb,
		       enum culvert_drop why, unsigned int nr)
{
	trace_culvert_drop(dev, skb, why, nr);
	count_drop(dev, why, nr);
}

/**
 * culvert_drop_free() - free a packet that has been noted
 * @skb: the packet
 * @why: what it was noted for
 *
 * Context: any.
 */
void culvert_drop_free(struct sk_buff *skb, enum culvert_drop why)
{
	kfree_skb_reason(skb, drop_reasons[why].core);
}

/**
 * culvert_drop_skb() - drop a packet: count it, trace it, free it
 * @dev: the device
 * @skb: the packet; a GSO packet counts with all its segments. NULL is allowed.
 * @why: the reason
 *
 * Context: any.
 */
void culvert_drop_skb(struct culvert_device *dev, struct sk_buff *skb,
		      enum culvert_drop why)
{
	if (!skb)
		return;

	culvert_drop_note(dev, skb, why,
			  max_t(unsigned int, skb_shinfo(skb)->gso_segs, 1));
	culvert_drop_free(skb, why);
}

/**
 * culvert_drop_queue() - drop all packets of a queue
 * @dev: the device
 * @queue: the queue; the caller owns it or holds its lock
 * @why: the reason
 *
 * Context: any.
 */
void culvert_drop_queue(struct culvert_device *dev, struct sk_buff_head *queue,
			enum culvert_drop why)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(queue)))
		culvert_drop_skb(dev, skb, why);
}

/**
 * culvert_drop_name() - text of a drop reason
 * @why: the reason
 *
 * Return: its name as "ethtool -S" shows it.
 */
const char *culvert_drop_name(enum culvert_drop why)
{
	return drop_reasons[why].name;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_drop_name);

/**
 * culvert_drop_total() - packets dropped for a reason, on all CPUs
 * @dev: the device
 * @why: the reason
 *
 * Return: their number since the device was made.
 */
u64 culvert_drop_total(const struct culvert_device *dev, enum culvert_drop why)
{
	u64 total = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct culvert_drops *drops = per_cpu_ptr(dev->drops, cpu);
		unsigned int start;
		u64 nr;

		do {
			start = u64_stats_fetch_begin(&drops->syncp);
			nr = u64_stats_read(&drops->nr[why]);
		} while (u64_stats_fetch_retry(&drops->syncp, start));
		total += nr;
	}
	return total;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_drop_total);

static int count_strings(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? CULVERT_DROP_NR : -EOPNOTSUPP;
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	unsigned int i;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < CULVERT_DROP_NR; i++)
		ethtool_puts(&data, drop_reasons[i].name);
}

static void get_counters(struct net_device *dev, struct ethtool_stats *stats,
			 u64 *data)
{
	unsigned int i;

	for (i = 0; i < CULVERT_DROP_NR; i++)
		data[i] = culvert_drop_total(netdev_priv(dev), i);
}

const struct ethtool_ops culvert_ethtool_ops = {
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= count_strings,
	.get_strings		= get_strings,
	.get_ethtool_stats	= get_counters,
};
