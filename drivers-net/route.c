// SPDX-License-Identifier: GPL-2.0
/*
 * Endpoints: where a peer is, following it when it moves, and the way there.
 *
 * A way that was found is remembered in an object of its own, so that a peer
 * at rest pays a pointer for it. It is replaced as a whole: a reader under RCU
 * sees addresses and route that belong together.
 */

#include <linux/inetdevice.h>
#include <linux/slab.h>
#include <net/addrconf.h>
#include <net/inet_sock.h>
#include <net/ip6_route.h>
#include <net/route.h>
#include <net/udp.h>
#include <kunit/visibility.h>

#include "cidr.h"
#include "device.h"
#include "peer.h"
#include "route.h"
#include "trace.h"
#include "udp.h"

/**
 * struct culvert_route - a way that a peer remembers
 * @way: the way, with a reference to its route
 * @cookie: what dst_check() wants
 * @rcu: defers the free
 */
struct culvert_route {
	struct route_way	way;
	u32			cookie;
	struct rcu_head		rcu;
};

static void route_forget(struct culvert_peer *peer,
			 struct culvert_route *replacement)
{
	struct culvert_route *old;

	/* A full barrier: see culvert_route_get(). */
	old = unrcu_pointer(xchg(&peer->route, RCU_INITIALIZER(replacement)));
	if (!old)
		return;
	/* Readers use dst_hold_safe(), and the route itself is freed by RCU. */
	dst_release(old->way.dst);
	kfree_rcu(old, rcu);
}

static int route_lookup4(struct culvert_device *dev, struct sock *sk,
			 struct culvert_endpoint *ep, struct route_way *way)
{
	struct flowi4 fl = {
		.saddr		= ep->src4.s_addr,
		.daddr		= ep->addr4.sin_addr.s_addr,
		.fl4_dport	= ep->addr4.sin_port,
		.fl4_sport	= inet_sk(sk)->inet_sport,
		.flowi4_mark	= way->mark,
		.flowi4_proto	= IPPROTO_UDP,
	};
	struct net *net = sock_net(sk);
	struct rtable *rt;

	security_sk_classify_flow(sk, flowi4_to_flowi_common(&fl));
	if (fl.saddr && !inet_confirm_addr(net, NULL, 0, fl.saddr, RT_SCOPE_HOST)) {
		/* The address that we were reached at is no longer ours. */
		memset(&ep->src6, 0, sizeof(ep->src6));
		fl.saddr = 0;
	}
	rt = ip_route_output_flow(net, &fl, sk);
	if (ep->src_if4 &&
	    (IS_ERR(rt) ? PTR_ERR(rt) == -EINVAL :
			  rt->dst.dev->ifindex != ep->src_if4)) {
		/* It would leave by another interface: let routing choose. */
		if (!IS_ERR(rt))
			ip_rt_put(rt);
		memset(&ep->src6, 0, sizeof(ep->src6));
		fl.saddr = 0;
		fl.flowi4_oif = 0;
		rt = ip_route_output_flow(net, &fl, sk);
	}
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	way->dst = &rt->dst;
	way->port = fl.fl4_dport;
	way->src4 = fl.saddr;
	way->dst4 = fl.daddr;
	return 0;
}

#if IS_ENABLED(CONFIG_IPV6)
static int route_lookup6(struct culvert_device *dev, struct sock *sk,
			 struct culvert_endpoint *ep, struct route_way *way)
{
	struct flowi6 fl = {
		.saddr		= ep->src6,
		.daddr		= ep->addr6.sin6_addr,
		.fl6_dport	= ep->addr6.sin6_port,
		.fl6_sport	= inet_sk(sk)->inet_sport,
		.flowi6_mark	= way->mark,
		.flowi6_oif	= ep->addr6.sin6_scope_id,
		.flowi6_proto	= IPPROTO_UDP,
	};
	struct net *net = sock_net(sk);
	struct dst_entry *dst;

	security_sk_classify_flow(sk, flowi6_to_flowi_common(&fl));
	if (!ipv6_addr_any(&fl.saddr) &&
	    !ipv6_chk_addr(net, &fl.saddr, NULL, 0)) {
		ep->src6 = in6addr_any;
		fl.saddr = in6addr_any;
	}
	dst = ip6_dst_lookup_flow(net, sk, &fl, NULL);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	way->dst = dst;
	way->port = fl.fl6_dport;
	way->src6 = fl.saddr;
	way->dst6 = fl.daddr;
	return 0;
}
#else
static int route_lookup6(struct culvert_device *dev, struct sock *sk,
			 struct culvert_endpoint *ep, struct route_way *way)
{
	return -EAFNOSUPPORT;
}
#endif

/**
 * culvert_route_lookup() - find the way to an endpoint
 * @dev: the device
 * @ep: the endpoint; a source that does not serve any more is cleared in it
 * @way: the result, with a reference to the route
 *
 * Context: Any context, under rcu_read_lock_bh().
 * Return: 0; -ENOTCONN without a socket; -EDESTADDRREQ if the endpoint is
 * unknown; or what routing says.
 */
int culvert_route_lookup(struct culvert_device *dev,
			 struct culvert_endpoint *ep, struct route_way *way)
{
	struct sock *sk;
	int err;

	way->family = ep->addr.sa_family;
	way->mark = READ_ONCE(dev->fwmark);
	if (way->family == AF_INET) {
		sk = rcu_dereference_bh(dev->sock4);
		err = sk ? route_lookup4(dev, sk, ep, way) : -ENOTCONN;
	} else if (way->family == AF_INET6) {
		sk = rcu_dereference_bh(dev->sock6);
		err = sk ? route_lookup6(dev, sk, ep, way) : -ENOTCONN;
	} else {
		return -EDESTADDRREQ;
	}
	return err;
}

/*
 * A way through the tunnel's own device is fine, if another peer's messages carry
 * it; through the same peer it would never end.
 */
static bool route_bites_its_tail(struct culvert_peer *peer,
				 const struct route_way *way)
{
	const struct culvert_cidr *allowed = &peer->device->allowed;

	if (way->family == AF_INET)
		return culvert_cidr_lookup4(allowed, way->dst4) == peer;
	return culvert_cidr_lookup6(allowed, &way->dst6) == peer;
}

/* A source address turned out to be useless: do not try it again. */
static void route_drop_source(struct culvert_peer *peer,
			      const struct culvert_endpoint *seen)
{
	spin_lock_bh(&peer->lock);
	if (!memcmp(&peer->endpoint, seen, sizeof(*seen))) {
		write_seqcount_begin(&peer->endpoint_seq);
		memset(&peer->endpoint.src6, 0, sizeof(peer->endpoint.src6));
		write_seqcount_end(&peer->endpoint_seq);
	}
	spin_unlock_bh(&peer->lock);
}

static int route_find(struct culvert_peer *peer, struct route_way *way)
{
	struct culvert_endpoint ep, seen;
	struct culvert_route *route;
	unsigned int seq;
	bool own;
	int err;

	do {
		seq = read_seqcount_begin(&peer->endpoint_seq);
		ep = peer->endpoint;
	} while (read_seqcount_retry(&peer->endpoint_seq, seq));
	seen = ep;

	err = culvert_route_lookup(peer->device, &ep, way);
	own = !err && way->dst->dev == peer->device->dev;
	if (unlikely(own) && route_bites_its_tail(peer, way)) {
		dst_release(way->dst);
		return -ELOOP;
	}
	if (memcmp(&ep.src6, &seen.src6, sizeof(ep.src6))) {
		route_drop_source(peer, &seen);
		/* Remember the way next time, when the endpoint stands still. */
		return err;
	}
	if (err)
		return err;
	/*
	 * Not remembered: allowed IPs may make a loop of it later, and nobody
	 * looks for the routes of a peer that has been removed.
	 */
	if (unlikely(own || READ_ONCE(peer->removed)))
		return 0;

	route = kmalloc_obj(*route, GFP_ATOMIC | __GFP_NOWARN);
	if (!route)
		return 0;
	route->way = *way;
	dst_hold(way->dst);
	route->cookie = 0;
#if IS_ENABLED(CONFIG_IPV6)
	if (way->family == AF_INET6)
		route->cookie = rt6_get_cookie(dst_rt6_info(way->dst));
#endif
	/*
	 * Whoever moves the endpoint writes it, then forgets the route. Either
	 * that forgets this one, or it is seen here that the endpoint moved;
	 * the barriers are the two xchg() of route_forget().
	 */
	route_forget(peer, route);
	if (read_seqcount_retry(&peer->endpoint_seq, seq))
		route_forget(peer, NULL);
	return 0;
}

/**
 * culvert_route_get() - the way to a peer
 * @peer: the peer
 * @way: the result, with a reference to the route
 *
 * Context: Any context, under rcu_read_lock_bh().
 * Return: as culvert_route_lookup(); -ELOOP if @peer is to be reached through
 * itself.
 */
int culvert_route_get(struct culvert_peer *peer, struct route_way *way)
{
	struct culvert_route *route = rcu_dereference_bh(peer->route);

	if (likely(route)) {
		struct dst_entry *dst = route->way.dst;

		if (likely(dst_check(dst, route->cookie) &&
			   route->way.mark == READ_ONCE(peer->device->fwmark) &&
			   dst_hold_safe(dst))) {
			*way = route->way;
			return 0;
		}
	}
	return route_find(peer, way);
}

/**
 * culvert_udp_endpoint_from_skb() - where a message came from
 * @ep: the result
 * @skb: a received message with its outer headers
 *
 * Context: Any context.
 * Return: 0; -EINVAL if it is neither IPv4 nor IPv6.
 */
int culvert_udp_endpoint_from_skb(struct culvert_endpoint *ep,
				  const struct sk_buff *skb)
{
	memset(ep, 0, sizeof(*ep));
	if (skb->protocol == htons(ETH_P_IP)) {
		ep->addr4.sin_family = AF_INET;
		ep->addr4.sin_port = udp_hdr(skb)->source;
		ep->addr4.sin_addr.s_addr = ip_hdr(skb)->saddr;
		ep->src4.s_addr = ip_hdr(skb)->daddr;
		ep->src_if4 = skb->skb_iif;
	} else if (IS_ENABLED(CONFIG_IPV6) &&
		   skb->protocol == htons(ETH_P_IPV6)) {
		ep->addr6.sin6_family = AF_INET6;
		ep->addr6.sin6_port = udp_hdr(skb)->source;
		ep->addr6.sin6_addr = ipv6_hdr(skb)->saddr;
		ep->addr6.sin6_scope_id = ipv6_iface_scope_id(&ipv6_hdr(skb)->saddr,
							      skb->skb_iif);
		ep->src6 = ipv6_hdr(skb)->daddr;
	} else {
		return -EINVAL;
	}
	return 0;
}

/**
 * culvert_udp_get_endpoint() - read a peer's endpoint
 * @peer: the peer
 * @ep: the result
 *
 * Context: Any context.
 */
void culvert_udp_get_endpoint(struct culvert_peer *peer,
			      struct culvert_endpoint *ep)
{
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&peer->endpoint_seq);
		*ep = peer->endpoint;
	} while (read_seqcount_retry(&peer->endpoint_seq, seq));
}
EXPORT_SYMBOL_IF_KUNIT(culvert_udp_get_endpoint);

/**
 * culvert_udp_set_endpoint() - a peer is somewhere else now
 * @peer: the peer
 * @ep: where
 *
 * Context: Any context.
 */
void culvert_udp_set_endpoint(struct culvert_peer *peer,
			      const struct culvert_endpoint *ep)
{
	spin_lock_bh(&peer->lock);
	trace_culvert_roam(peer, ep);
	write_seqcount_begin(&peer->endpoint_seq);
	peer->endpoint = *ep;
	write_seqcount_end(&peer->endpoint_seq);
	spin_unlock_bh(&peer->lock);
	route_forget(peer, NULL);
}

/**
 * culvert_udp_roam() - follow a peer to where an authentic message came from
 * @peer: the peer
 * @skb: the message, with its outer headers
 *
 * Context: Any context.
 */
void culvert_udp_roam(struct culvert_peer *peer, const struct sk_buff *skb)
{
	struct culvert_endpoint now, ep;

	if (culvert_udp_endpoint_from_skb(&ep, skb))
		return;
	culvert_udp_get_endpoint(peer, &now);
	if (unlikely(memcmp(&now, &ep, sizeof(ep))))
		culvert_udp_set_endpoint(peer, &ep);
}

/**
 * culvert_udp_clear_source() - let routing choose the source address again
 * @peer: the peer
 *
 * Context: Any context.
 */
void culvert_udp_clear_source(struct culvert_peer *peer)
{
	spin_lock_bh(&peer->lock);
	write_seqcount_begin(&peer->endpoint_seq);
	memset(&peer->endpoint.src6, 0, sizeof(peer->endpoint.src6));
	write_seqcount_end(&peer->endpoint_seq);
	spin_unlock_bh(&peer->lock);
	route_forget(peer, NULL);
}

/**
 * culvert_udp_clear_route() - forget the way to a peer
 * @peer: the peer; nothing is sent to it any more, or its namespace goes
 *
 * Context: Any context.
 */
void culvert_udp_clear_route(struct culvert_peer *peer)
{
	route_forget(peer, NULL);
}
