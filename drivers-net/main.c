// SPDX-License-Identifier: GPL-2.0
/* The module: what comes up when it is loaded, and goes when it is removed. */
#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/genetlink.h>
#include <linux/init.h>
#include <linux/module.h>
#include <net/rtnetlink.h>
#include <uapi/linux/wireguard.h>

#include "cidr.h"
#include "cookie.h"
#include "crypt.h"
#include "device.h"
#include "gather.h"
#include "netlink.h"
#include "peer.h"
#include "session.h"

/* In the order in which they come up. */
static const struct {
	int	(*init)(void);
	void	(*exit)(void);
} parts[] = {
	{ culvert_cidr_cache_init,	culvert_cidr_cache_exit },
	{ culvert_session_cache_init,	culvert_session_cache_exit },
	{ culvert_peer_cache_init,	culvert_peer_cache_exit },
	{ culvert_ratelimit_init,	culvert_ratelimit_exit },
	{ culvert_crypt_init,		culvert_crypt_exit },
	{ culvert_gather_init,		culvert_gather_exit },
	{ culvert_device_init,		culvert_device_exit },
	{ culvert_netlink_init,		culvert_netlink_exit },
};

static void exit_parts(unsigned int nr)
{
	while (nr--)
		parts[nr].exit();
}

static int __init culvert_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		err = parts[i].init();
		if (!err)
			continue;
		exit_parts(i);
		if (err == -EEXIST)
			pr_err("another driver has registered \"wireguard\" already: unload that module first\n");
		return err;
	}
	return 0;
}

static void __exit culvert_exit(void)
{
	exit_parts(ARRAY_SIZE(parts));
}

module_init(culvert_init);
module_exit(culvert_exit);
MODULE_DESCRIPTION("Tunnel that speaks the WireGuard protocol and moves trains of packets");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("wireguard");
MODULE_ALIAS_GENL_FAMILY(WG_GENL_NAME);
