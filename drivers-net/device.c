// SPDX-License-Identifier: GPL-2.0
/*
 * The network device: made and deleted, opened and closed, moved between
 * namespaces; and what happens to its keys when the machine sleeps or is
 * cloned.
 *
 * Locks, outermost first: RTNL, devices_lock, culvert_device.update_lock,
 * culvert_identity.lock, culvert_peer.lock.
 */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/random.h>
#include <linux/suspend.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/gro_cells.h>
#include <net/ip_tunnels.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>

#include "device.h"
#include "events.h"
#include "handshake.h"
#include "peer.h"
#include "timers.h"
#include "train.h"
#include "tx.h"
#include "udp.h"

/* What a packet grows by at most on its way to the outer link. */
#define OVERHEAD	(WIRE_DATA_OVERHEAD + sizeof(struct udphdr) + \
			 sizeof(struct ipv6hdr))

#define FEATURES	(NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_RXCSUM | \
			 NETIF_F_GSO | NETIF_F_GSO_SOFTWARE | NETIF_F_HIGHDMA | \
			 NETIF_F_FRAGLIST)

static LIST_HEAD(devices);
static DEFINE_MUTEX(devices_lock);	/* guards devices and its members' list */

/**
 * culvert_device_changed() - the configuration is not what it was
 * @dev: the device
 *
 * Context: update lock held, but while the device is being made.
 */
void culvert_device_changed(struct culvert_device *dev)
{
	static atomic64_t last = ATOMIC64_INIT(0);

	dev->generation = atomic64_inc_return(&last);
}

/* Segments of a superpacket that fit into one train. */
static unsigned int train_segments(unsigned int mtu)
{
	return clamp_t(size_t, TRAIN_BYTES_MAX / (mtu + WIRE_DATA_OVERHEAD), 1,
		       TRAIN_MESSAGES_MAX);
}

static void peer_up(struct culvert_peer *peer)
{
	culvert_tx_flush(peer);
	if (peer->keepalive)
		culvert_timers_keepalive_changed(peer);
}

static int open_device(struct net_device *netdev)
{
	struct culvert_device *dev = netdev_priv(netdev);
	struct in_device *in_dev = __in_dev_get_rtnl(netdev);
	struct inet6_dev *in6_dev = __in6_dev_get(netdev);
	int err;

	if (in_dev) {
		/*
		 * Hosts behind one tunnel device do not share a link, but this
		 * is what IPv4 concludes from packets that leave where they
		 * came from. Either of the two settings would be enough to
		 * have redirects sent.
		 */
		IN_DEV_CONF_SET(in_dev, SEND_REDIRECTS, false);
		IPV4_DEVCONF_ALL(dev_net(netdev), SEND_REDIRECTS) = false;
	}
	if (in6_dev)
		in6_dev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;

	mutex_lock(&dev->update_lock);
	err = culvert_udp_open(dev, dev->port);
	if (err)
		goto out;
	dev->up = true;
	culvert_peer_each(dev, peer_up);
out:
	mutex_unlock(&dev->update_lock);
	return err;
}

static void peer_down(struct culvert_peer *peer)
{
	culvert_timers_stop(peer);
	culvert_handshake_clear(peer);
	culvert_session_clear_all(peer);
	culvert_tx_purge(peer, false);
	/* It belongs to a namespace that may go before the device does. */
	culvert_udp_clear_route(peer);
	/* Opened again, it begins anew at once. */
	WRITE_ONCE(peer->last_sent_handshake, 0);
}

static int stop_device(struct net_device *netdev)
{
	struct culvert_device *dev = netdev_priv(netdev);
	struct sk_buff *skb;

	mutex_lock(&dev->update_lock);
	dev->up = false;
	culvert_udp_close(dev);
	mutex_unlock(&dev->update_lock);

	/* Nothing comes in any more; what has come is forgotten. */
	while ((skb = skb_dequeue(&dev->handshakes)))
		culvert_drop_skb(dev, skb, CULVERT_DROP_RX_DOWN);
	/* Not flushed: it may be frozen, and who suspends may wait for RTNL. */
	cancel_work_sync(&dev->handshake_work);
	/* It lets go of the peers that wait for their turn. */
	queue_work(dev->wq, &dev->handshake_work);

	mutex_lock(&dev->update_lock);
	culvert_peer_each(dev, peer_down);
	mutex_unlock(&dev->update_lock);
	return 0;
}

static int change_mtu(struct net_device *netdev, int mtu)
{
	/* Follows the MTU unless the administrator has set something else. */
	if (netdev->gso_max_segs == train_segments(netdev->mtu))
		WRITE_ONCE(netdev->gso_max_segs, train_segments(mtu));
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

static int init_device(struct net_device *netdev)
{
	struct culvert_device *dev = netdev_priv(netdev);

	return gro_cells_init(&dev->gro, netdev);
}

static void uninit_device(struct net_device *netdev)
{
	struct culvert_device *dev = netdev_priv(netdev);

	/* Nobody shall find it while the last references are waited for. */
	mutex_lock(&devices_lock);
	list_del_init(&dev->list);
	/* Nor will leave_net(): the namespace may go before they do. */
	RCU_INIT_POINTER(dev->net, NULL);
	mutex_unlock(&devices_lock);
	gro_cells_destroy(&dev->gro);
}

static const struct net_device_ops netdev_ops = {
	.ndo_init	= init_device,
	.ndo_uninit	= uninit_device,
	.ndo_open	= open_device,
	.ndo_stop	= stop_device,
	.ndo_start_xmit	= culvert_tx_xmit,
	.ndo_change_mtu	= change_mtu,
};

static const struct device_type device_type = { .name = "wireguard" };

static void setup_device(struct net_device *netdev)
{
	struct culvert_device *dev = netdev_priv(netdev);

	dev->dev = netdev;
	netdev->netdev_ops = &netdev_ops;
	netdev->ethtool_ops = &culvert_ethtool_ops;
	netdev->header_ops = &ip_tunnel_header_ops;
	netdev->type = ARPHRD_NONE;
	netdev->flags = IFF_POINTOPOINT | IFF_NOARP;
	netdev->priv_flags |= IFF_NO_QUEUE;
	netdev->lltx = true;
	netdev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	netdev->features |= FEATURES;
	netdev->hw_features |= FEATURES;
	netdev->hw_enc_features |= FEATURES;
	netdev->mtu = ETH_DATA_LEN - OVERHEAD;
	netdev->max_mtu = round_down(INT_MAX, WIRE_PADDING) - OVERHEAD;
	/* BIG TCP is for the administrator to choose: it takes several trains. */
	netif_set_tso_max_size(netdev, GSO_MAX_SIZE);
	netdev->gso_max_segs = train_segments(netdev->mtu);
	/* ICMP errors for what we cannot send need the route that it had. */
	netif_keep_dst(netdev);
	SET_NETDEV_DEVTYPE(netdev, &device_type);
}

/* What culvert_newlink() makes, but for the registration, goes in reverse. */
static void destroy_device(struct culvert_device *dev)
{
	mutex_lock(&dev->update_lock);
	culvert_udp_close(dev);
	/* No message comes that would name a peer by its key. */
	culvert_peer_table_destroy(dev);
	culvert_peer_remove_all(dev);
	mutex_unlock(&dev->update_lock);

	culvert_peer_wait_all(dev);
	culvert_handshake_exit(dev);
	destroy_workqueue(dev->wq);
	culvert_session_table_destroy(dev);
	culvert_events_destroy(dev);
	memzero_explicit(&dev->identity, sizeof(dev->identity));
	memzero_explicit(&dev->cookies, sizeof(dev->cookies));
}

static void destruct_netdev(struct net_device *netdev)
{
	destroy_device(netdev_priv(netdev));
	free_netdev(netdev);
}

static int culvert_newlink(struct net_device *netdev,
			   struct rtnl_newlink_params *params,
			   struct netlink_ext_ack *extack)
{
	struct culvert_device *dev = netdev_priv(netdev);
	int err;

	INIT_LIST_HEAD(&dev->list);
	mutex_init(&dev->update_lock);
	init_rwsem(&dev->identity.lock);
	culvert_cookie_init(&dev->cookies);
	culvert_cidr_init(&dev->allowed, &dev->update_lock);
	culvert_device_changed(dev);
	rcu_assign_pointer(dev->net, rtnl_newlink_link_net(params));

	err = culvert_events_init(dev);
	if (err)
		return err;
	err = culvert_session_table_init(dev);
	if (err)
		goto err_events;
	err = culvert_peer_table_init(dev);
	if (err)
		goto err_sessions;
	/* Frozen, so that no handshake begins while the machine goes to sleep. */
	dev->wq = alloc_workqueue("culvert-%s", WQ_UNBOUND | WQ_FREEZABLE, 0,
				  netdev->name);
	if (!dev->wq) {
		err = -ENOMEM;
		goto err_peers;
	}
	err = culvert_handshake_init(dev);
	if (err)
		goto err_wq;
	err = register_netdevice(netdev);
	if (err)
		goto err_handshake;
	/* Only now: or a failing register_netdevice() would call it. */
	netdev->priv_destructor = destruct_netdev;

	mutex_lock(&devices_lock);
	list_add(&dev->list, &devices);
	mutex_unlock(&devices_lock);
	return 0;

err_handshake:
	culvert_handshake_exit(dev);
err_wq:
	destroy_workqueue(dev->wq);
err_peers:
	culvert_peer_table_destroy(dev);
err_sessions:
	culvert_session_table_destroy(dev);
err_events:
	culvert_events_destroy(dev);
	return err;
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind		= "wireguard",
	.priv_size	= sizeof(struct culvert_device),
	.setup		= setup_device,
	.newlink	= culvert_newlink,
};

/**
 * culvert_device_is() - whether a network device is one of ours
 * @dev: any device
 *
 * Return: true if netdev_priv() of it is a struct culvert_device.
 */
bool culvert_device_is(const struct net_device *dev)
{
	return dev->rtnl_link_ops == &link_ops;
}

/*
 * The namespace in which a device was made goes, and the device may live on in
 * another: without sockets, and without hope to get any.
 */
static void __net_exit leave_net(struct net *net)
{
	struct culvert_device *dev;

	mutex_lock(&devices_lock);
	list_for_each_entry(dev, &devices, list) {
		mutex_lock(&dev->update_lock);
		if (rcu_access_pointer(dev->net) == net) {
			netif_carrier_off(dev->dev);
			rcu_assign_pointer(dev->net, NULL);
			culvert_udp_close(dev);
			culvert_peer_each(dev, culvert_udp_clear_source);
		}
		mutex_unlock(&dev->update_lock);
	}
	mutex_unlock(&devices_lock);
}

static struct pernet_operations net_ops = {
	.pre_exit = leave_net,
};

static void each_peer(void (*act)(struct culvert_peer *peer))
{
	struct culvert_device *dev;

	mutex_lock(&devices_lock);
	list_for_each_entry(dev, &devices, list) {
		mutex_lock(&dev->update_lock);
		/* What is being computed is in no peer yet: wait for it. */
		down_write(&dev->identity.lock);
		culvert_peer_each(dev, act);
		up_write(&dev->identity.lock);
		mutex_unlock(&dev->update_lock);
	}
	mutex_unlock(&devices_lock);
}

static void forget_keys(struct culvert_peer *peer)
{
	culvert_handshake_clear(peer);
	culvert_session_clear_all(peer);
}

static int on_power(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action != PM_SUSPEND_PREPARE && action != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	/* A machine that dozes all the time could not keep a session. */
	if (IS_ENABLED(CONFIG_PM_AUTOSLEEP) ||
	    IS_ENABLED(CONFIG_PM_USERSPACE_AUTOSLEEP))
		return NOTIFY_DONE;

	each_peer(forget_keys);
	/* Sessions are wiped when their grace period is over. */
	rcu_barrier();
	return NOTIFY_DONE;
}

static struct notifier_block power_notifier = { .notifier_call = on_power };

/* Two machines have the same keys and counters now: neither may send. */
static int on_fork(struct notifier_block *nb, unsigned long action, void *data)
{
	each_peer(culvert_handshake_expire);
	return NOTIFY_DONE;
}

static struct notifier_block fork_notifier = { .notifier_call = on_fork };

/**
 * culvert_device_init() - begin to make devices
 *
 * Return: 0 or a negative error.
 */
int culvert_device_init(void)
{
	int err;

	err = register_pm_notifier(&power_notifier);
	if (err)
		return err;
	err = register_random_vmfork_notifier(&fork_notifier);
	if (err)
		goto err_power;
	err = register_pernet_device(&net_ops);
	if (err)
		goto err_fork;
	err = rtnl_link_register(&link_ops);
	if (err)
		goto err_net;
	return 0;

err_net:
	unregister_pernet_device(&net_ops);
err_fork:
	unregister_random_vmfork_notifier(&fork_notifier);
err_power:
	unregister_pm_notifier(&power_notifier);
	return err;
}

/**
 * culvert_device_exit() - delete all devices
 */
void culvert_device_exit(void)
{
	rtnl_link_unregister(&link_ops);
	unregister_pernet_device(&net_ops);
	unregister_random_vmfork_notifier(&fork_notifier);
	unregister_pm_notifier(&power_notifier);
}
