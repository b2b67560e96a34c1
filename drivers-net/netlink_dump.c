// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of a device's configuration, in as many messages as it takes.
 *
 * A dump holds no reference and no lock from one message to the next: it
 * remembers how far it came, and trusts its pointers only while the device's
 * generation is what it was. If that has changed, the kernel marks the dump as
 * interrupted, and the dump goes on behind the last peer that it began, so that
 * it comes to an end.
 */

#include <linux/netdevice.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <uapi/linux/time_types.h>
#include <uapi/linux/wireguard.h>

#include "cidr.h"
#include "device.h"
#include "netlink.h"
#include "peer.h"
#include "udp.h"

/**
 * struct dump_cursor - how far a dump came
 * @ifindex: the device
 * @started: what concerns the device itself has been written
 * @generation: of the device, while @peer and @entry were valid
 * @last_id: the last peer of which something was written; ids grow along the list
 * @peer: the peer to go on with
 * @entry: its prefix to go on with, or NULL to begin with the peer
 */
struct dump_cursor {
	int			ifindex;
	bool			started;
	u64			generation;
	u64			last_id;
	struct culvert_peer	*peer;
	struct cidr_entry	*entry;
};

static struct dump_cursor *cursor_of(struct netlink_callback *cb)
{
	NL_ASSERT_CTX_FITS(struct dump_cursor);
	return (struct dump_cursor *)cb->ctx;
}

static int put_state(struct sk_buff *skb, struct culvert_device *dev)
{
	const struct culvert_identity *id = &dev->identity;

	if (nla_put_u16(skb, WGDEVICE_A_LISTEN_PORT, dev->port) ||
	    nla_put_u32(skb, WGDEVICE_A_FWMARK, dev->fwmark) ||
	    nla_put_u32(skb, WGDEVICE_A_IFINDEX, dev->dev->ifindex))
		return -EMSGSIZE;
	/* Written under the update lock only. */
	if (id->valid &&
	    (nla_put(skb, WGDEVICE_A_PRIVATE_KEY, WIRE_KEY_BYTES, id->private_key) ||
	     nla_put(skb, WGDEVICE_A_PUBLIC_KEY, WIRE_KEY_BYTES, id->public_key)))
		return -EMSGSIZE;
	return 0;
}

static int put_endpoint(struct sk_buff *skb, struct culvert_peer *peer)
{
	struct culvert_endpoint ep;

	culvert_udp_get_endpoint(peer, &ep);
	if (ep.addr.sa_family == AF_INET)
		return nla_put(skb, WGPEER_A_ENDPOINT, sizeof(ep.addr4),
			       &ep.addr4);
	if (ep.addr.sa_family == AF_INET6)
		return nla_put(skb, WGPEER_A_ENDPOINT, sizeof(ep.addr6),
			       &ep.addr6);
	return 0;
}

static int put_peer_state(struct sk_buff *skb, struct culvert_peer *peer)
{
	struct __kernel_timespec handshake;
	u8 psk[WIRE_KEY_BYTES];
	struct timespec64 at;
	int err;

	spin_lock_bh(&peer->lock);
	memcpy(psk, peer->psk, sizeof(psk));
	at = ktime_to_timespec64(peer->last_handshake);
	spin_unlock_bh(&peer->lock);
	handshake.tv_sec = at.tv_sec;
	handshake.tv_nsec = at.tv_nsec;

	err = nla_put(skb, WGPEER_A_PRESHARED_KEY, sizeof(psk), psk);
	memzero_explicit(psk, sizeof(psk));
	if (err || put_endpoint(skb, peer) ||
	    nla_put(skb, WGPEER_A_LAST_HANDSHAKE_TIME, sizeof(handshake), &handshake) ||
	    nla_put_u16(skb, WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, peer->keepalive) ||
	    nla_put_u64_64bit(skb, WGPEER_A_RX_BYTES, atomic64_read(&peer->rx_bytes),
			      WGPEER_A_UNSPEC) ||
	    nla_put_u64_64bit(skb, WGPEER_A_TX_BYTES, atomic64_read(&peer->tx_bytes),
			      WGPEER_A_UNSPEC) ||
	    nla_put_u32(skb, WGPEER_A_PROTOCOL_VERSION, 1))
		return -EMSGSIZE;
	return 0;
}

static int put_allowedip(struct sk_buff *skb, const struct cidr_entry *entry)
{
	struct culvert_prefix prefix;
	struct nlattr *nest;

	culvert_cidr_read(entry, &prefix);
	nest = nla_nest_start(skb, 0);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u16(skb, WGALLOWEDIP_A_FAMILY, prefix.family) ||
	    nla_put_u8(skb, WGALLOWEDIP_A_CIDR_MASK, prefix.len) ||
	    nla_put(skb, WGALLOWEDIP_A_IPADDR,
		    prefix.family == AF_INET ? sizeof(prefix.ip4) :
					       sizeof(prefix.ip6), &prefix.ip6)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Writes a peer, or the rest of one. If a message fills up among the allowed
 * IPs, the next one has the peer's key again, and the rest of them.
 */
static int put_peer(struct sk_buff *skb, struct culvert_peer *peer,
		    struct dump_cursor *cursor)
{
	struct cidr_entry *entry = cursor->entry;
	struct nlattr *nest, *ips;
	int err = 0;

	nest = nla_nest_start(skb, 0);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put(skb, WGPEER_A_PUBLIC_KEY, WIRE_KEY_BYTES, peer->public_key))
		goto cancel;
	if (!entry) {
		if (put_peer_state(skb, peer))
			goto cancel;
		entry = culvert_cidr_next(peer, NULL);
	}
	if (entry) {
		ips = nla_nest_start(skb, WGPEER_A_ALLOWEDIPS);
		if (!ips)
			goto cancel;
		for (; entry; entry = culvert_cidr_next(peer, entry)) {
			err = put_allowedip(skb, entry);
			if (err)
				break;
		}
		nla_nest_end(skb, ips);
	}
	cursor->entry = entry;
	/* Not begun again after a change, or the dump might never end. */
	cursor->last_id = peer->id;
	nla_nest_end(skb, nest);
	return err;

cancel:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

/* Where to go on: the peer, or NULL at the end. */
static struct culvert_peer *resume(const struct culvert_device *dev,
				   struct dump_cursor *cursor)
{
	struct culvert_peer *peer;

	if (cursor->generation == dev->generation)
		return cursor->peer;

	cursor->generation = dev->generation;
	cursor->entry = NULL;
	list_for_each_entry(peer, &dev->peers, list)
		if (peer->id > cursor->last_id)
			return peer;
	return NULL;
}

/* True if all peers have been written. */
static bool put_peers(struct sk_buff *skb, struct culvert_device *dev,
		      struct dump_cursor *cursor)
{
	struct culvert_peer *peer = resume(dev, cursor);
	struct nlattr *nest;

	if (!peer)
		return true;
	nest = nla_nest_start(skb, WGDEVICE_A_PEERS);
	if (!nest)
		goto out;
	list_for_each_entry_from(peer, &dev->peers, list)
		if (put_peer(skb, peer, cursor))
			break;
	nla_nest_end(skb, nest);
	if (list_entry_is_head(peer, &dev->peers, list))
		peer = NULL;
out:
	cursor->peer = peer;
	return !peer;
}

/**
 * culvert_dump_start() - begin a dump
 * @cb: the dump
 *
 * Return: 0 or a negative error.
 */
int culvert_dump_start(struct netlink_callback *cb)
{
	struct net_device *netdev;

	netdev = culvert_netlink_device(sock_net(cb->skb->sk),
					genl_info_dump(cb)->attrs, cb->extack);
	if (IS_ERR(netdev))
		return PTR_ERR(netdev);
	cursor_of(cb)->ifindex = netdev->ifindex;
	dev_put(netdev);
	return 0;
}

static int dump_message(struct sk_buff *skb, struct netlink_callback *cb,
			struct culvert_device *dev)
{
	struct dump_cursor *cursor = cursor_of(cb);
	char name[IFNAMSIZ];
	bool done;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &culvert_genl_family, NLM_F_MULTI, WG_CMD_GET_DEVICE);
	if (!hdr)
		return -EMSGSIZE;
	cb->seq = dev->generation;
	genl_dump_check_consistent(cb, hdr);

	/* It may be renamed meanwhile: what is measured is what is copied. */
	strscpy(name, dev->dev->name);
	if (nla_put_string(skb, WGDEVICE_A_IFNAME, name) ||
	    (!cursor->started && put_state(skb, dev))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	cursor->started = true;
	done = put_peers(skb, dev, cursor);
	genlmsg_end(skb, hdr);
	return done ? 0 : skb->len;
}

/**
 * culvert_dump() - write the next message of a dump
 * @skb: where to
 * @cb: the dump
 *
 * Return: 0 at the end, a positive number if there is more, or a negative error.
 */
int culvert_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct culvert_device *dev;
	struct net_device *netdev;
	int err;

	netdev = dev_get_by_index(sock_net(cb->skb->sk), cursor_of(cb)->ifindex);
	if (!netdev)
		return -ENODEV;
	if (!culvert_device_is(netdev)) {
		err = -ENODEV;
		goto out;
	}
	dev = netdev_priv(netdev);
	mutex_lock(&dev->update_lock);
	err = dump_message(skb, cb, dev);
	mutex_unlock(&dev->update_lock);
out:
	dev_put(netdev);
	return err;
}
