/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration and dumps, by generic netlink. */
#ifndef _CULVERT_NETLINK_H
#define _CULVERT_NETLINK_H

#include <net/genetlink.h>
#include <net/netlink.h>

struct net_device;

extern struct genl_family culvert_genl_family;

struct net_device *culvert_netlink_device(struct net *net,
					  struct nlattr *const *attrs,
					  struct netlink_ext_ack *extack);
int culvert_dump_start(struct netlink_callback *cb);
int culvert_dump(struct sk_buff *skb, struct netlink_callback *cb);

int culvert_netlink_init(void);
void culvert_netlink_exit(void);

/* For tests. */
int culvert_netlink_check_peers(struct nlattr *peers,
				struct netlink_ext_ack *extack);
extern const struct nla_policy culvert_allowedip_policy[];
extern const struct nla_policy culvert_peer_policy[];
extern const struct nla_policy culvert_set_policy[];

#endif /* _CULVERT_NETLINK_H */
