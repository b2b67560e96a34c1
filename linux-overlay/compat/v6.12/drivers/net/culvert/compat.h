/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver uses and Linux 6.12 calls otherwise or lacks. The Makefile of
 * this tree's series includes it before everything else.
 */
#ifndef _CULVERT_COMPAT_H
#define _CULVERT_COMPAT_H

#ifndef __ASSEMBLY__

/* As each file says it; the headers below would settle on another one. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/batch_compat.h>
#include <net/udp_tunnel.h>
#include <uapi/linux/wireguard.h>

#define timer_container_of		from_timer
#define NL_ASSERT_CTX_FITS		NL_ASSERT_DUMP_CTX_FITS

/* Accurate ECN came after, and these functions changed their parameters. */
#define SKB_GSO_TCP_ACCECN		0
#define setup_udp_tunnel_sock(net, sk, cfg)				\
	(setup_udp_tunnel_sock)(net, (sk)->sk_socket, cfg)
#define udp_tunnel_sock_release(sk)					\
	(udp_tunnel_sock_release)((sk)->sk_socket)
#define udp_tunnel_xmit_skb(rt, sk, skb, src, dst, tos, ttl, df, sport,	\
			    dport, xnet, nocheck, flags)		\
	(udp_tunnel_xmit_skb)(rt, sk, skb, src, dst, tos, ttl, df,	\
			      sport, dport, xnet, nocheck)
#define udp_tunnel6_xmit_skb(dst, sk, skb, dev, src, dst6, prio, ttl,	\
			     label, sport, dport, nocheck, flags)	\
	(udp_tunnel6_xmit_skb)(dst, sk, skb, dev, src, dst6, prio, ttl,	\
			       label, sport, dport, nocheck)

/* The flags of an allowed IP came after. */
#define WGALLOWEDIP_A_FLAGS		(WGALLOWEDIP_A_CIDR_MASK + 1)
#define WGALLOWEDIP_F_REMOVE_ME		1
#undef WGALLOWEDIP_A_MAX
#define WGALLOWEDIP_A_MAX		WGALLOWEDIP_A_FLAGS

/* rtnl_link_ops.newlink took its parameters one by one. */
struct rtnl_newlink_params {
	struct net	*src_net;
};

#define rtnl_newlink_link_net(params)	((params)->src_net)
#define culvert_newlink(dev_, params_, extack_)				\
	culvert_newlink_params(dev_, params_, extack_);			\
	static int (culvert_newlink)(struct net *src_net,		\
				     struct net_device *dev,		\
				     struct nlattr *tb[],		\
				     struct nlattr *data[],		\
				     struct netlink_ext_ack *extack)	\
	{								\
		struct rtnl_newlink_params params = {			\
			.src_net = src_net,				\
		};							\
									\
		return culvert_newlink_params(dev, &params, extack);	\
	}								\
	static int culvert_newlink_params(dev_, params_, extack_)

#endif /* __ASSEMBLY__ */

#endif /* _CULVERT_COMPAT_H */
