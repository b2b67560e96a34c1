// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family "wireguard": see include/uapi/linux/wireguard.h
 * and Documentation/netlink/specs/wireguard.yaml. This file takes requests
 * apart and carries them out; netlink_dump.c answers queries.
 */
#include <crypto/utils.h>
#include <linux/netdevice.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <uapi/linux/wireguard.h>
#include <kunit/visibility.h>

#include "cidr.h"
#include "device.h"
#include "handshake.h"
#include "netlink.h"
#include "noise.h"
#include "peer.h"
#include "timers.h"
#include "tx.h"
#include "udp.h"

static_assert(WG_KEY_LEN == WIRE_KEY_BYTES);

const struct nla_policy
culvert_allowedip_policy[WGALLOWEDIP_A_FLAGS + 1] = {
	[WGALLOWEDIP_A_FAMILY]		= { .type = NLA_U16 },
	[WGALLOWEDIP_A_IPADDR]		= NLA_POLICY_MIN_LEN(sizeof(struct in_addr)),
	[WGALLOWEDIP_A_CIDR_MASK]	= NLA_POLICY_MAX(NLA_U8, 128),
	[WGALLOWEDIP_A_FLAGS]		=
		NLA_POLICY_MASK(NLA_U32, WGALLOWEDIP_F_REMOVE_ME),
};
EXPORT_SYMBOL_IF_KUNIT(culvert_allowedip_policy);

const struct nla_policy
culvert_peer_policy[WGPEER_A_PROTOCOL_VERSION + 1] = {
	[WGPEER_A_PUBLIC_KEY]		= NLA_POLICY_EXACT_LEN(WIRE_KEY_BYTES),
	[WGPEER_A_PRESHARED_KEY]	= NLA_POLICY_EXACT_LEN(WIRE_KEY_BYTES),
	[WGPEER_A_FLAGS]		=
		NLA_POLICY_MASK(NLA_U32, WGPEER_F_REMOVE_ME |
					 WGPEER_F_REPLACE_ALLOWEDIPS |
					 WGPEER_F_UPDATE_ONLY),
	[WGPEER_A_ENDPOINT]		= NLA_POLICY_MIN_LEN(sizeof(struct sockaddr_in)),
	[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL] = { .type = NLA_U16 },
	[WGPEER_A_LAST_HANDSHAKE_TIME]	=
		NLA_POLICY_EXACT_LEN(sizeof(struct __kernel_timespec)),
	[WGPEER_A_RX_BYTES]		= { .type = NLA_U64 },
	[WGPEER_A_TX_BYTES]		= { .type = NLA_U64 },
	[WGPEER_A_ALLOWEDIPS]		=
		NLA_POLICY_NESTED_ARRAY(culvert_allowedip_policy),
	[WGPEER_A_PROTOCOL_VERSION]	= { .type = NLA_U32 },
};
EXPORT_SYMBOL_IF_KUNIT(culvert_peer_policy);

const struct nla_policy
culvert_set_policy[WGDEVICE_A_PEERS + 1] = {
	[WGDEVICE_A_IFINDEX]		= { .type = NLA_U32 },
	[WGDEVICE_A_IFNAME]		= { .type = NLA_NUL_STRING,
					    .len = IFNAMSIZ - 1 },
	[WGDEVICE_A_PRIVATE_KEY]	= NLA_POLICY_EXACT_LEN(WIRE_KEY_BYTES),
	[WGDEVICE_A_PUBLIC_KEY]		= NLA_POLICY_EXACT_LEN(WIRE_KEY_BYTES),
	[WGDEVICE_A_FLAGS]		=
		NLA_POLICY_MASK(NLA_U32, WGDEVICE_F_REPLACE_PEERS),
	[WGDEVICE_A_LISTEN_PORT]	= { .type = NLA_U16 },
	[WGDEVICE_A_FWMARK]		= { .type = NLA_U32 },
	[WGDEVICE_A_PEERS]		= NLA_POLICY_NESTED_ARRAY(culvert_peer_policy),
};
EXPORT_SYMBOL_IF_KUNIT(culvert_set_policy);

static const struct nla_policy get_policy[WGDEVICE_A_IFNAME + 1] = {
	[WGDEVICE_A_IFINDEX]		= { .type = NLA_U32 },
	[WGDEVICE_A_IFNAME]		= { .type = NLA_NUL_STRING,
					    .len = IFNAMSIZ - 1 },
};

/**
 * culvert_netlink_device() - the device that a request names
 * @net: namespace of the requesting socket
 * @attrs: the request
 * @extack: says what is wrong with it
 *
 * Context: may sleep.
 * Return: the device, to be given back with dev_put(), or an ERR_PTR().
 */
struct net_device *culvert_netlink_device(struct net *net,
					  struct nlattr *const *attrs,
					  struct netlink_ext_ack *extack)
{
	struct nlattr *index = attrs[WGDEVICE_A_IFINDEX];
	struct nlattr *name = attrs[WGDEVICE_A_IFNAME];
	struct net_device *netdev;

	if (!index == !name) {
		NL_SET_ERR_MSG(extack, "Either an interface index or a name is needed");
		return ERR_PTR(-EBADR);
	}
	netdev = index ? dev_get_by_index(net, nla_get_u32(index)) :
			 dev_get_by_name(net, nla_data(name));
	if (!netdev) {
		NL_SET_ERR_MSG_ATTR(extack, index ?: name, "No such interface");
		return ERR_PTR(-ENODEV);
	}
	if (!culvert_device_is(netdev)) {
		NL_SET_ERR_MSG_ATTR(extack, index ?: name,
				    "The interface is of another kind");
		dev_put(netdev);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return netdev;
}

static u32 get_flags(const struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

/* A nested attribute, which the policy has found to be in order. */
static int parse_nested(struct nlattr **attrs, int max, struct nlattr *nest,
			struct netlink_ext_ack *extack)
{
	return nla_parse_nested(attrs, max, nest, NULL, extack);
}

static int read_allowedip(struct nlattr *nest, struct culvert_prefix *prefix,
			  u32 *flags, struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[WGALLOWEDIP_A_FLAGS + 1], *ip;
	int err;

	err = parse_nested(attrs, WGALLOWEDIP_A_FLAGS, nest, extack);
	if (err)
		return err;
	ip = attrs[WGALLOWEDIP_A_IPADDR];
	if (!attrs[WGALLOWEDIP_A_FAMILY] || !attrs[WGALLOWEDIP_A_CIDR_MASK] ||
	    !ip) {
		NL_SET_ERR_MSG_ATTR(extack, nest,
				    "An allowed IP needs family, address and mask");
		return -EINVAL;
	}

	memset(prefix, 0, sizeof(*prefix));
	prefix->len = nla_get_u8(attrs[WGALLOWEDIP_A_CIDR_MASK]);
	*flags = get_flags(attrs[WGALLOWEDIP_A_FLAGS]);
	switch (nla_get_u16(attrs[WGALLOWEDIP_A_FAMILY])) {
	case AF_INET:
		prefix->family = AF_INET;
		if (nla_len(ip) != sizeof(prefix->ip4) || prefix->len > 32)
			break;
		nla_memcpy(&prefix->ip4, ip, sizeof(prefix->ip4));
		return 0;
	case AF_INET6:
		prefix->family = AF_INET6;
		if (nla_len(ip) != sizeof(prefix->ip6))
			break;
		nla_memcpy(&prefix->ip6, ip, sizeof(prefix->ip6));
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(extack, nest,
			    "Address or mask does not go with the family");
	return -EINVAL;
}

static int read_endpoint(const struct nlattr *attr, struct culvert_endpoint *ep,
			 struct netlink_ext_ack *extack)
{
	u16 family = *(sa_family_t *)nla_data(attr);

	memset(ep, 0, sizeof(*ep));
	if (family == AF_INET && nla_len(attr) == sizeof(ep->addr4)) {
		nla_memcpy(&ep->addr4, attr, sizeof(ep->addr4));
		return 0;
	}
	if (family == AF_INET6 && nla_len(attr) == sizeof(ep->addr6)) {
		nla_memcpy(&ep->addr6, attr, sizeof(ep->addr6));
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "An endpoint is a sockaddr_in or a sockaddr_in6");
	return -EINVAL;
}

static int read_peer(struct nlattr *nest, struct nlattr **attrs,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *version;
	int err;

	err = parse_nested(attrs, WGPEER_A_PROTOCOL_VERSION, nest, extack);
	if (err)
		return err;
	if (!attrs[WGPEER_A_PUBLIC_KEY]) {
		NL_SET_ERR_MSG_ATTR(extack, nest, "A peer needs a public key");
		return -EINVAL;
	}
	version = attrs[WGPEER_A_PROTOCOL_VERSION];
	if (version && nla_get_u32(version) != 1) {
		NL_SET_ERR_MSG_ATTR(extack, version,
				    "Protocol version 1 is the only one");
		return -EPFNOSUPPORT;
	}
	return 0;
}

/* Policies do not mind a list whose last element is longer than the list. */
static int check_rest(const struct nlattr *list, int rem,
		      struct netlink_ext_ack *extack)
{
	if (!rem)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, list, "The end of the list is malformed");
	return -EINVAL;
}

/**
 * culvert_netlink_check_peers() - look at all peers of a request
 * @peers: their list, which the policy has let through
 * @extack: says what is wrong with it
 *
 * Before the first of them is changed, so that a wrong request changes nothing.
 *
 * Return: 0 or a negative error.
 */
int culvert_netlink_check_peers(struct nlattr *peers,
				struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[WGPEER_A_PROTOCOL_VERSION + 1], *nest, *ip;
	struct culvert_endpoint endpoint;
	struct culvert_prefix prefix;
	int rem, rem_ip, err;
	u32 flags;

	nla_for_each_nested(nest, peers, rem) {
		err = read_peer(nest, attrs, extack);
		if (err)
			return err;
		if (attrs[WGPEER_A_ENDPOINT]) {
			err = read_endpoint(attrs[WGPEER_A_ENDPOINT], &endpoint,
					    extack);
			if (err)
				return err;
		}
		if (!attrs[WGPEER_A_ALLOWEDIPS])
			continue;
		nla_for_each_nested(ip, attrs[WGPEER_A_ALLOWEDIPS], rem_ip) {
			err = read_allowedip(ip, &prefix, &flags, extack);
			if (err)
				return err;
		}
		err = check_rest(attrs[WGPEER_A_ALLOWEDIPS], rem_ip, extack);
		if (err)
			return err;
	}
	return check_rest(peers, rem, extack);
}
EXPORT_SYMBOL_IF_KUNIT(culvert_netlink_check_peers);

static int set_allowedips(struct culvert_peer *peer, struct nlattr *ips,
			  struct netlink_ext_ack *extack)
{
	struct culvert_cidr *table = &peer->device->allowed;
	struct culvert_prefix prefix;
	struct nlattr *ip;
	int rem, err;
	u32 flags;

	nla_for_each_nested(ip, ips, rem) {
		err = read_allowedip(ip, &prefix, &flags, extack);
		if (err)
			return err;
		if (flags & WGALLOWEDIP_F_REMOVE_ME) {
			culvert_cidr_remove(table, &prefix, peer);
			continue;
		}
		err = culvert_cidr_insert(table, &prefix, peer);
		if (err)
			return err;
	}
	return 0;
}

static void set_psk(struct culvert_peer *peer, const struct nlattr *psk)
{
	spin_lock_bh(&peer->lock);
	nla_memcpy(peer->psk, psk, WIRE_KEY_BYTES);
	spin_unlock_bh(&peer->lock);
}

static void set_keepalive(struct culvert_peer *peer, u16 interval)
{
	if (peer->keepalive == interval)
		return;
	WRITE_ONCE(peer->keepalive, interval);
	culvert_timers_keepalive_changed(peer);
}

/* What waits goes out, or at least a handshake that will let it. */
static void send_staged(struct culvert_peer *peer)
{
	if (!peer->device->up || culvert_tx_flush(peer))
		return;
	if (!skb_queue_empty_lockless(&peer->staged))
		culvert_handshake_initiate(peer, false);
}

/* Peers that go are put on the list @gone, for culvert_peer_finish(). */
static int set_peer(struct culvert_device *dev, struct nlattr *nest,
		    struct list_head *gone, struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[WGPEER_A_PROTOCOL_VERSION + 1];
	struct culvert_endpoint endpoint;
	struct culvert_peer *peer;
	const u8 *public_key, *psk = NULL;
	u32 flags;
	int err;

	err = read_peer(nest, attrs, extack);
	if (err)
		return err;
	public_key = nla_data(attrs[WGPEER_A_PUBLIC_KEY]);
	flags = get_flags(attrs[WGPEER_A_FLAGS]);

	peer = culvert_peer_find(dev, public_key);
	if (!peer) {
		if (flags & (WGPEER_F_REMOVE_ME | WGPEER_F_UPDATE_ONLY))
			return 0;
		/* One list of peers can be given to all of them, us included. */
		if (dev->identity.valid &&
		    !memcmp(public_key, dev->identity.public_key, WIRE_KEY_BYTES))
			return 0;
		/* From the first moment: a handshake may find the peer at once. */
		if (attrs[WGPEER_A_PRESHARED_KEY])
			psk = nla_data(attrs[WGPEER_A_PRESHARED_KEY]);
		peer = culvert_peer_create(dev, public_key, psk);
		if (IS_ERR(peer)) {
			if (PTR_ERR(peer) == -ENOSPC)
				NL_SET_ERR_MSG_ATTR(extack, nest,
						    "The device has too many peers");
			return PTR_ERR(peer);
		}
		kref_get(&peer->refs);
	}

	if (flags & WGPEER_F_REMOVE_ME) {
		culvert_peer_unlink(peer, gone);
		goto out;
	}
	if (attrs[WGPEER_A_PRESHARED_KEY] && !psk)
		set_psk(peer, attrs[WGPEER_A_PRESHARED_KEY]);
	if (attrs[WGPEER_A_ENDPOINT]) {
		err = read_endpoint(attrs[WGPEER_A_ENDPOINT], &endpoint, extack);
		if (err)
			goto out;
		culvert_udp_set_endpoint(peer, &endpoint);
	}
	if (flags & WGPEER_F_REPLACE_ALLOWEDIPS)
		culvert_cidr_remove_by_peer(&dev->allowed, peer);
	if (attrs[WGPEER_A_ALLOWEDIPS]) {
		err = set_allowedips(peer, attrs[WGPEER_A_ALLOWEDIPS], extack);
		if (err)
			goto out;
	}
	if (attrs[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL])
		set_keepalive(peer, nla_get_u16(attrs[WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL]));
	send_staged(peer);
out:
	culvert_peer_put(peer);
	return err;
}

static int set_peers(struct culvert_device *dev, struct nlattr *peers,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *nest;
	LIST_HEAD(gone);
	int rem, err = 0;

	nla_for_each_nested(nest, peers, rem) {
		err = set_peer(dev, nest, &gone, extack);
		if (err)
			break;
	}
	culvert_peer_finish(&gone);
	return err;
}

static int set_port(struct culvert_device *dev, const struct nlattr *attr,
		    struct netlink_ext_ack *extack)
{
	u16 port = nla_get_u16(attr);
	int err;

	if (port == dev->port)
		return 0;
	if (dev->up) {
		err = culvert_udp_open(dev, port);
		if (err) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "The port cannot be bound, the old one stays");
			return err;
		}
	} else {
		dev->port = port;
	}
	culvert_peer_each(dev, culvert_udp_clear_source);
	return 0;
}

static void set_fwmark(struct culvert_device *dev, u32 fwmark)
{
	WRITE_ONCE(dev->fwmark, fwmark);
	culvert_peer_each(dev, culvert_udp_clear_source);
}

/* There is a key to begin handshakes with. */
static void peer_enabled(struct culvert_peer *peer)
{
	send_staged(peer);
	if (peer->keepalive && peer->device->up)
		culvert_timers_keepalive_changed(peer);
}

static void set_private_key(struct culvert_device *dev, const struct nlattr *attr)
{
	u8 private_key[WIRE_KEY_BYTES];
	u8 public_key[WIRE_KEY_BYTES] __aligned(4) = {};	/* hashed by words */
	struct culvert_identity *id = &dev->identity;
	struct culvert_peer *peer;
	bool valid, first;

	nla_memcpy(private_key, attr, sizeof(private_key));
	valid = noise_public_key(public_key, private_key);
	if (!crypto_memneq(private_key, id->private_key, WIRE_KEY_BYTES))
		goto out;

	/* A peer of our own key goes before it could meet itself. */
	peer = valid ? culvert_peer_find(dev, public_key) : NULL;
	if (peer) {
		culvert_peer_remove(peer);
		culvert_peer_put(peer);
	}

	down_write(&id->lock);
	first = valid && !id->valid;
	memcpy(id->private_key, private_key, WIRE_KEY_BYTES);
	memcpy(id->public_key, public_key, WIRE_KEY_BYTES);
	id->valid = valid;
	culvert_cookie_set_key(&dev->cookies, public_key);
	culvert_peer_each(dev, culvert_handshake_rekeyed);
	up_write(&id->lock);

	if (first)
		culvert_peer_each(dev, peer_enabled);
out:
	memzero_explicit(private_key, sizeof(private_key));
}

/* What concerns the sockets is up to who rules the namespace they live in. */
static bool may_set_sockets(const struct culvert_device *dev)
{
	struct net *net;
	bool may;

	rcu_read_lock();
	net = rcu_dereference(dev->net);
	may = net && ns_capable(net->user_ns, CAP_NET_ADMIN);
	rcu_read_unlock();
	return may;
}

static int set_device(struct culvert_device *dev, struct nlattr **attrs,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *sockets = attrs[WGDEVICE_A_LISTEN_PORT] ?:
				 attrs[WGDEVICE_A_FWMARK];
	int err;

	if (sockets && !may_set_sockets(dev)) {
		NL_SET_ERR_MSG_ATTR(extack, sockets,
				    "Not permitted in the namespace where the device was made");
		return -EPERM;
	}
	if (attrs[WGDEVICE_A_PEERS]) {
		err = culvert_netlink_check_peers(attrs[WGDEVICE_A_PEERS],
						  extack);
		if (err)
			return err;
	}

	culvert_device_changed(dev);
	if (attrs[WGDEVICE_A_LISTEN_PORT]) {
		err = set_port(dev, attrs[WGDEVICE_A_LISTEN_PORT], extack);
		if (err)
			return err;
	}
	if (attrs[WGDEVICE_A_FWMARK])
		set_fwmark(dev, nla_get_u32(attrs[WGDEVICE_A_FWMARK]));
	if (get_flags(attrs[WGDEVICE_A_FLAGS]) & WGDEVICE_F_REPLACE_PEERS)
		culvert_peer_remove_all(dev);
	if (attrs[WGDEVICE_A_PRIVATE_KEY])
		set_private_key(dev, attrs[WGDEVICE_A_PRIVATE_KEY]);
	if (attrs[WGDEVICE_A_PEERS])
		return set_peers(dev, attrs[WGDEVICE_A_PEERS], extack);
	return 0;
}

/*
 * The request's memory will be used for something else. Of attributes that are
 * there twice, each is wiped.
 */
static void wipe_secrets(const struct genl_info *info)
{
	struct nlattr *attr, *nest, *key;
	int rem, rem_peer, rem_key;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) == WGDEVICE_A_PRIVATE_KEY)
			memzero_explicit(nla_data(attr), nla_len(attr));
		if (nla_type(attr) != WGDEVICE_A_PEERS)
			continue;
		nla_for_each_nested(nest, attr, rem_peer)
			nla_for_each_nested(key, nest, rem_key)
				if (nla_type(key) == WGPEER_A_PRESHARED_KEY)
					memzero_explicit(nla_data(key), nla_len(key));
	}
}

static int do_set_device(struct sk_buff *skb, struct genl_info *info)
{
	struct culvert_device *dev;
	struct net_device *netdev;
	int err;

	netdev = culvert_netlink_device(genl_info_net(info), info->attrs,
					info->extack);
	if (IS_ERR(netdev)) {
		err = PTR_ERR(netdev);
		goto out;
	}
	dev = netdev_priv(netdev);
	mutex_lock(&dev->update_lock);
	err = set_device(dev, info->attrs, info->extack);
	mutex_unlock(&dev->update_lock);
	dev_put(netdev);
out:
	wipe_secrets(info);
	return err;
}

static const struct genl_split_ops ops[] = {
	{
		.cmd		= WG_CMD_GET_DEVICE,
		.start		= culvert_dump_start,
		.dumpit		= culvert_dump,
		.policy		= get_policy,
		.maxattr	= WGDEVICE_A_IFNAME,
		.flags		= GENL_CMD_CAP_DUMP | GENL_UNS_ADMIN_PERM,
	}, {
		.cmd		= WG_CMD_SET_DEVICE,
		.doit		= do_set_device,
		.policy		= culvert_set_policy,
		.maxattr	= WGDEVICE_A_PEERS,
		.flags		= GENL_CMD_CAP_DO | GENL_UNS_ADMIN_PERM,
	},
};

struct genl_family culvert_genl_family __ro_after_init = {
	.name		= WG_GENL_NAME,
	.version	= WG_GENL_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.parallel_ops	= true,
	.split_ops	= ops,
	.n_split_ops	= ARRAY_SIZE(ops),
};

/**
 * culvert_netlink_init() - begin to answer requests
 *
 * Return: 0 or a negative error.
 */
int culvert_netlink_init(void)
{
	return genl_register_family(&culvert_genl_family);
}

/**
 * culvert_netlink_exit() - answer no more; waits for those being answered
 */
void culvert_netlink_exit(void)
{
	genl_unregister_family(&culvert_genl_family);
}
