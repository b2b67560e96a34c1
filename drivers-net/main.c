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

static int __init culvert_init(void)
{
	int err;

	err = culvert_cidr_cache_init();
	if (err)
		return err;
	err = culvert_session_cache_init();
	if (err)
		goto err_cidr;
	err = culvert_peer_cache_init();
	if (err)
		goto err_session;
	err = culvert_ratelimit_init();
	if (err)
		goto err_peer;
	err = culvert_crypt_init();
	if (err)
		goto err_ratelimit;
	err = culvert_gather_init();
	if (err)
		goto err_crypt;
	err = culvert_device_init();
	if (err)
		goto err_gather;
	err = culvert_netlink_init();
	if (err)
		goto err_device;
	return 0;

err_device:
	culvert_device_exit();
err_gather:
	culvert_gather_exit();
err_crypt:
	culvert_crypt_exit();
err_ratelimit:
	culvert_ratelimit_exit();
err_peer:
	culvert_peer_cache_exit();
err_session:
	culvert_session_cache_exit();
err_cidr:
	culvert_cidr_cache_exit();
	if (err == -EEXIST)
		pr_err("another driver has registered \"wireguard\" already: unload that module first\n");
	return err;
}

static void __exit culvert_exit(void)
{
	culvert_netlink_exit();
	culvert_device_exit();
	culvert_gather_exit();
	culvert_crypt_exit();
	culvert_ratelimit_exit();
	culvert_peer_cache_exit();
	culvert_session_cache_exit();
	culvert_cidr_cache_exit();
}

module_init(culvert_init);
module_exit(culvert_exit);
MODULE_DESCRIPTION("Tunnel that speaks the WireGuard protocol and moves trains of packets");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("wireguard");
MODULE_ALIAS_GENL_FAMILY(WG_GENL_NAME);
