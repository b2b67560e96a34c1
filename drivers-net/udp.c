// SPDX-License-Identifier: GPL-2.0
/* The tunnel's sockets, and sending through them. */

#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/dsfield.h>
#include <net/gro.h>
#include <net/route.h>
#include <net/udp_tunnel.h>
#include <kunit/static_stub.h>
#include <kunit/visibility.h>

#include "device.h"
#include "events.h"
#include "peer.h"
#include "route.h"
#include "rx.h"
#include "train.h"
#include "udp.h"

/* What handshake messages are marked with: class AF41, not ECN-capable. */
#define UDP_HANDSHAKE_DS	0x88
/* An ephemeral port of IPv4 may be taken in IPv6: how often to try another. */
#define UDP_PORT_ATTEMPTS	100

/* Without that call in the core, trains come from GRO only. */
#ifndef udp_encap_allow_gso
#define udp_encap_allow_gso(sk)	do { } while (0)
#endif

/*
 * The outer header of a datagram that GRO looks at. All up to the first bytes of
 * the UDP payload is behind it, or NULL is returned.
 */
static const struct iphdr *gro_outer(struct sk_buff *skb)
{
	return skb_gro_header(skb, skb_gro_offset(skb) + sizeof(struct wire_data),
			      NAPI_GRO_CB(skb)->network_offset);
}

/*
 * Hangs a datagram behind those that GRO holds. Nothing is gained by moving its
 * fragments into the first skb: a train is read where it lies.
 */
static void gro_chain(struct sk_buff *p, struct sk_buff *skb)
{
	/* What is accounted to the sender is so as a whole from now on. */
	if (skb->sk == p->sk) {
		skb->sk = NULL;
		skb->destructor = NULL;
	} else {
		skb_orphan(p);
		skb_orphan(skb);
	}
	skb_pull(skb, skb_gro_offset(skb));
	if (NAPI_GRO_CB(p)->last == p)
		skb_shinfo(p)->frag_list = skb;
	else
		NAPI_GRO_CB(p)->last->next = skb;
	NAPI_GRO_CB(p)->last = skb;
	NAPI_GRO_CB(p)->count++;
	p->len += skb->len;
	p->data_len += skb->len;
	p->truesize += skb->truesize;
	NAPI_GRO_CB(skb)->same_flow = 1;
}

/* The same of one that GRO holds. */
static const struct iphdr *gro_held_outer(const struct sk_buff *p)
{
	return (void *)(p->data + NAPI_GRO_CB(p)->network_offset);
}

/*
 * The socket was found by its port. What is only passing through must not be
 * joined: nobody could take it apart again.
 */
static bool gro_is_local(struct sock *sk, struct sk_buff *skb,
			 const struct iphdr *ip)
{
	if (ip->version == 4)
		return inet_addr_type_dev_table(sock_net(sk), skb->dev,
						ip->daddr) == RTN_LOCAL;
#if IS_ENABLED(CONFIG_IPV6)
	return ipv6_chk_addr(sock_net(sk), &((struct ipv6hdr *)ip)->daddr,
			     NULL, 0);
#else
	return false;
#endif
}

static u8 gro_dsfield(const struct iphdr *ip)
{
	return ip->version == 4 ? ip->tos : ipv6_get_dsfield((struct ipv6hdr *)ip);
}

/*
 * Joins data messages of one receiver index. UDP has compared the ports, IP the
 * addresses; what must not differ beyond that is the length, but for the last,
 * and the traffic class, whose ECN field goes to the inner headers.
 */
static struct sk_buff *udp_gro_receive_train(struct sock *sk,
					     struct list_head *head,
					     struct sk_buff *skb)
{
	const struct iphdr *ip = gro_outer(skb);
	const struct wire_data *msg;
	struct sk_buff *p;

	if (!ip)
		goto flush;
	msg = (void *)ip + skb_gro_offset(skb) - NAPI_GRO_CB(skb)->network_offset;
	if (msg->header.type != cpu_to_le32(WIRE_DATA))
		goto flush;

	list_for_each_entry(p, head, list) {
		unsigned int len = skb_gro_len(skb);
		struct wire_data held;

		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		if (skb_copy_bits(p, skb_gro_offset(skb), &held, sizeof(held)) ||
		    held.receiver != msg->receiver ||
		    held.header.type != msg->header.type ||
		    gro_dsfield(gro_held_outer(p)) != gro_dsfield(ip) ||
		    len > skb_shinfo(p)->gso_size || skb_zcopy(skb) ||
		    p->len + len > TRAIN_BYTES_MAX || NAPI_GRO_CB(skb)->flush ||
		    /* Drivers may leave the headers in the first fragment. */
		    !pskb_may_pull(skb, skb_gro_offset(skb)))
			return p;

		gro_chain(p, skb);
		if (len < skb_shinfo(p)->gso_size ||
		    NAPI_GRO_CB(p)->count >= TRAIN_MESSAGES_MAX)
			return p;
		return NULL;
	}
	if (likely(gro_is_local(sk, skb, ip)))
		return NULL;

flush:
	NAPI_GRO_CB(skb)->flush = 1;
	return NULL;
}

static int udp_gro_complete_train(struct sock *sk, struct sk_buff *skb,
				  int nhoff)
{
	skb_shinfo(skb)->gso_segs = NAPI_GRO_CB(skb)->count;
	/* Nothing inside is for the stack to look at. */
	skb->encapsulation = 0;
	/* GRO has looked at each datagram; skb->csum is that of the first alone. */
	if (skb->ip_summed == CHECKSUM_COMPLETE) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		skb->csum_level = 0;
	}
	return 0;
}

static int udp_socket(struct culvert_device *dev, struct net *net,
		      const struct udp_port_cfg *port, struct socket **sockp)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data	= dev,
		.encap_type	= 1,
		.encap_rcv	= culvert_rx_encap,
		.gro_receive	= udp_gro_receive_train,
		.gro_complete	= udp_gro_complete_train,
	};
	struct sock *sk;
	int err;

	err = udp_sock_create(net, (struct udp_port_cfg *)port, sockp);
	if (err < 0)
		return err;
	sk = (*sockp)->sk;
	sk->sk_allocation = GFP_ATOMIC;
	/* Trains are accounted to the sockets that their data comes from. */
	sk->sk_sndbuf = INT_MAX;
	sk_set_memalloc(sk);
	setup_udp_tunnel_sock(net, sk, &cfg);
	udp_encap_allow_gso(sk);
	return 0;
}

static void udp_release(struct sock *sk)
{
	if (!sk)
		return;
	sk_clear_memalloc(sk);
	udp_tunnel_sock_release(sk);
}

/* Puts sockets in the place of the old ones, or none. */
static void udp_replace(struct culvert_device *dev, struct sock *sk4,
			struct sock *sk6)
{
	struct sock *old4, *old6;

	old4 = rcu_replace_pointer(dev->sock4, sk4,
				   lockdep_is_held(&dev->update_lock));
	old6 = rcu_replace_pointer(dev->sock6, sk6,
				   lockdep_is_held(&dev->update_lock));
	if (sk4)
		dev->port = ntohs(inet_sk(sk4)->inet_sport);
	if (!old4 && !old6)
		return;
	/* Senders hold the RCU read lock only. */
	synchronize_net();
	udp_release(old4);
	udp_release(old6);
}

static int udp_open_pair(struct culvert_device *dev, struct net *net, u16 port,
			 struct socket **sock4, struct socket **sock6)
{
	struct udp_port_cfg port4 = {
		.family			= AF_INET,
		.local_udp_port		= htons(port),
		.use_udp_checksums	= true,
	};
	struct udp_port_cfg port6 = {
		.family			= AF_INET6,
		.use_udp6_tx_checksums	= true,
		.use_udp6_rx_checksums	= true,
		.ipv6_v6only		= true,
	};
	int err;

	*sock4 = NULL;
	*sock6 = NULL;
	err = udp_socket(dev, net, &port4, sock4);
	if (err)
		return err;
	if (!IS_ENABLED(CONFIG_IPV6) || !ipv6_mod_enabled())
		return 0;
	port6.local_udp_port = inet_sk((*sock4)->sk)->inet_sport;
	err = udp_socket(dev, net, &port6, sock6);
	if (err)
		udp_release((*sock4)->sk);
	return err;
}

/**
 * culvert_udp_open() - bind the tunnel's sockets
 * @dev: the device
 * @port: UDP port for IPv4 and IPv6; 0 for any
 *
 * The sockets live in the namespace that the device was made in. Sockets that
 * are open already are closed once the new ones are bound; on error they stay.
 *
 * Context: Process context, with the device's update lock.
 * Return: 0; -EHOSTUNREACH if that namespace is gone; or what binding says.
 */
int culvert_udp_open(struct culvert_device *dev, u16 port)
{
	struct socket *sock4, *sock6;
	int attempts = port ? 1 : UDP_PORT_ATTEMPTS;
	struct net *net;
	int err;

	rcu_read_lock();
	net = rcu_dereference(dev->net);
	net = net ? maybe_get_net(net) : NULL;
	rcu_read_unlock();
	if (unlikely(!net))
		return -EHOSTUNREACH;

	do {
		err = udp_open_pair(dev, net, port, &sock4, &sock6);
	} while (err == -EADDRINUSE && --attempts);
	if (!err)
		udp_replace(dev, sock4->sk, sock6 ? sock6->sk : NULL);
	put_net(net);
	return err;
}

/**
 * culvert_udp_close() - close the tunnel's sockets
 * @dev: the device
 *
 * Context: Process context, with the device's update lock.
 */
void culvert_udp_close(struct culvert_device *dev)
{
	udp_replace(dev, NULL, NULL);
}

/* Lengths of UDP and IPv4 have 16 bits; the MTU of the tunnel may be larger. */
static bool udp_fits(const struct sk_buff *skb, int family)
{
	unsigned int bytes = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : skb->len;
	unsigned int headers = sizeof(struct udphdr);

	if (family == AF_INET)
		headers += sizeof(struct iphdr);
	return bytes <= U16_MAX - headers;
}

/* Consumes @skb and the reference to @way->dst. Under rcu_read_lock_bh(). */
static int udp_emit(struct culvert_device *dev, struct sk_buff *skb,
		    const struct route_way *way, u8 ds)
{
	bool v4 = way->family == AF_INET;
	struct sock *sk = v4 ? rcu_dereference_bh(dev->sock4) :
			       rcu_dereference_bh(dev->sock6);
	__be16 sport;

	/* It may have been closed since the way was found. */
	if (unlikely(!sk)) {
		dst_release(way->dst);
		culvert_drop_skb(dev, skb, CULVERT_DROP_TX_NO_SOCKET);
		return -ENOTCONN;
	}
	if (unlikely(!udp_fits(skb, way->family))) {
		dst_release(way->dst);
		culvert_drop_skb(dev, skb, CULVERT_DROP_TX_TOO_LONG);
		return -EMSGSIZE;
	}
	sport = inet_sk(sk)->inet_sport;
	skb->mark = way->mark;
	skb->ignore_df = 1;
	/* The driver counts packets itself: a train is more than one. */
	skb->dev = NULL;
	skb_set_inner_network_header(skb, 0);

	if (v4)
		udp_tunnel_xmit_skb(dst_rtable(way->dst), sk, skb, way->src4,
				    way->dst4, ds, ip4_dst_hoplimit(way->dst),
				    0, sport, way->port, false, false, 0);
#if IS_ENABLED(CONFIG_IPV6)
	else
		udp_tunnel6_xmit_skb(way->dst, sk, skb, NULL, &way->src6,
				     &way->dst6, ds, ip6_dst_hoplimit(way->dst),
				     0, sport, way->port, false, 0);
#endif
	return 0;
}

static enum culvert_drop udp_why(int err)
{
	switch (err) {
	case -ENOTCONN:
		return CULVERT_DROP_TX_NO_SOCKET;
	case -ELOOP:
		return CULVERT_DROP_TX_LOOP;
	case -EDESTADDRREQ:
		return CULVERT_DROP_TX_NO_ENDPOINT;
	default:
		return CULVERT_DROP_TX_NO_ROUTE;
	}
}

/**
 * culvert_udp_send() - send a train or a message to a peer
 * @peer: where to
 * @skb: UDP payload, with %TRAIN_HEADROOM in front; is consumed
 * @ds: traffic class and ECN bits of the outer header
 *
 * Context: Any context.
 * Return: 0, or why there was no way to the peer; then the drop was counted.
 */
int culvert_udp_send(struct culvert_peer *peer, struct sk_buff *skb, u8 ds)
{
	struct culvert_device *dev = peer->device;
	unsigned int bytes = skb->len;
	struct route_way way;
	int err;

	rcu_read_lock_bh();
	err = culvert_route_get(peer, &way);
	if (likely(!err))
		err = udp_emit(dev, skb, &way, ds);
	else
		culvert_drop_skb(dev, skb, udp_why(err));
	if (likely(!err))
		atomic64_add(bytes, &peer->tx_bytes);
	rcu_read_unlock_bh();
	return err;
}

static struct sk_buff *udp_message(struct culvert_device *dev, const void *msg,
				   size_t len)
{
	struct train_room room;
	struct sk_buff *skb = train_room_begin(&room, len);

	if (likely(skb))
		skb_put_data(skb, msg, len);
	else
		culvert_drop_note(dev, NULL, CULVERT_DROP_TX_NOMEM, 1);
	return skb;
}

/**
 * culvert_udp_send_message() - send a handshake message to a peer
 * @peer: where to
 * @msg: the message
 * @len: its length
 *
 * Context: Any context.
 * Return: 0 or an error.
 */
int culvert_udp_send_message(struct culvert_peer *peer, const void *msg,
			     size_t len)
{
	struct sk_buff *skb;
	int err;

	KUNIT_STATIC_STUB_REDIRECT(culvert_udp_send_message, peer, msg, len);

	skb = udp_message(peer->device, msg, len);
	if (unlikely(!skb))
		return -ENOMEM;
	err = culvert_udp_send(peer, skb, UDP_HANDSHAKE_DS);
	if (likely(!err))
		culvert_count_tx(peer->device, 1, len);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_udp_send_message);

/**
 * culvert_udp_reply() - send a message back to where another came from
 * @dev: the device
 * @in: what it answers; is not consumed
 * @msg: the message
 * @len: its length
 *
 * Context: Any context.
 * Return: 0 or an error.
 */
int culvert_udp_reply(struct culvert_device *dev, struct sk_buff *in,
		      const void *msg, size_t len)
{
	struct culvert_endpoint ep;
	struct route_way way;
	struct sk_buff *skb;
	int err;

	KUNIT_STATIC_STUB_REDIRECT(culvert_udp_reply, dev, in, msg, len);

	err = culvert_udp_endpoint_from_skb(&ep, in);
	if (err) {
		culvert_drop_note(dev, NULL, CULVERT_DROP_TX_NO_ENDPOINT, 1);
		return err;
	}
	skb = udp_message(dev, msg, len);
	if (unlikely(!skb))
		return -ENOMEM;

	rcu_read_lock_bh();
	err = culvert_route_lookup(dev, &ep, &way);
	if (likely(!err))
		err = udp_emit(dev, skb, &way, 0);
	else
		culvert_drop_skb(dev, skb, udp_why(err));
	rcu_read_unlock_bh();
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(culvert_udp_reply);
