// SPDX-License-Identifier: GPL-2.0
/*
 * Gives the devices w1, w2, ... their keys and their one peer by netlink: many
 * processes of wg(8) would take minutes under ARCH=um.
 */
#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/wireguard.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "user.h"

/* A message in the making; attributes are appended. */
struct message {
	struct nlmsghdr		head;
	struct genlmsghdr	genl;
	char			room[1024];
};

static struct nlattr *attribute(struct message *m, int type, const void *data, int len)
{
	struct nlattr *a = (void *)((char *)m + NLMSG_ALIGN(m->head.nlmsg_len));

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy((char *)a + NLA_HDRLEN, data, len);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + NLA_ALIGN(a->nla_len);
	return a;
}

static struct nlattr *nest(struct message *m, int type)
{
	return attribute(m, type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(struct message *m, struct nlattr *a)
{
	a->nla_len = (char *)m + m->head.nlmsg_len - (char *)a;
}

static void begin(struct message *m, int family, int command, int version)
{
	memset(m, 0, sizeof(*m));
	m->head.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	m->head.nlmsg_type = family;
	m->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m->genl.cmd = command;
	m->genl.version = version;
}

/* Sends it; the answer, up to the acknowledgement, goes to @in. */
static void talk(int fd, struct message *m, void *in, size_t room)
{
	struct nlmsghdr *head;
	ssize_t got;

	if (send(fd, m, m->head.nlmsg_len, 0) < 0)
		fail("netlink");
	do {
		got = recv(fd, in, room, 0);
		if (got < (ssize_t)sizeof(*head))
			fail("netlink");
		head = in;
	} while (head->nlmsg_type != NLMSG_ERROR && m->head.nlmsg_type != GENL_ID_CTRL);
	if (head->nlmsg_type == NLMSG_ERROR && ((struct nlmsgerr *)NLMSG_DATA(head))->error)
		fail("netlink: refused");
}

static int wireguard(int fd)
{
	char in[8192] = "";
	struct nlmsghdr *head = (void *)in;
	struct nlattr *a;
	struct message m;

	begin(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	attribute(&m, CTRL_ATTR_FAMILY_NAME, WG_GENL_NAME, sizeof(WG_GENL_NAME));
	m.head.nlmsg_flags = NLM_F_REQUEST;
	talk(fd, &m, in, sizeof(in));
	for (a = (void *)(in + NLMSG_LENGTH(GENL_HDRLEN));
	     (char *)a < in + head->nlmsg_len && a->nla_len;
	     a = (void *)((char *)a + NLA_ALIGN(a->nla_len)))
		if (a->nla_type == CTRL_ATTR_FAMILY_ID)
			return *(uint16_t *)((char *)a + NLA_HDRLEN);
	return 0;
}

static void device(int fd, int family, int i, const char *key, const uint8_t *hub,
		   const struct sockaddr_storage *to, socklen_t len)
{
	struct nlattr *peers, *peer, *ips, *ip;
	uint16_t port = 10000 + i, inet = AF_INET;
	uint8_t bits = 32;
	struct in_addr inner;
	struct message m;
	char name[16], in[4096];

	begin(&m, family, WG_CMD_SET_DEVICE, WG_GENL_VERSION);
	snprintf(name, sizeof(name), "w%d", i);
	attribute(&m, WGDEVICE_A_IFNAME, name, strlen(name) + 1);
	attribute(&m, WGDEVICE_A_PRIVATE_KEY, key, WG_KEY_LEN);
	attribute(&m, WGDEVICE_A_LISTEN_PORT, &port, sizeof(port));
	peers = nest(&m, WGDEVICE_A_PEERS);
	peer = nest(&m, 0);
	attribute(&m, WGPEER_A_PUBLIC_KEY, hub, WG_KEY_LEN);
	attribute(&m, WGPEER_A_ENDPOINT, to, len);
	ips = nest(&m, WGPEER_A_ALLOWEDIPS);
	ip = nest(&m, 0);
	inner.s_addr = htonl(0xac100001);
	attribute(&m, WGALLOWEDIP_A_FAMILY, &inet, sizeof(inet));
	attribute(&m, WGALLOWEDIP_A_IPADDR, &inner, sizeof(inner));
	attribute(&m, WGALLOWEDIP_A_CIDR_MASK, &bits, sizeof(bits));
	nest_end(&m, ip);
	nest_end(&m, ips);
	nest_end(&m, peer);
	nest_end(&m, peers);
	talk(fd, &m, in, sizeof(in));
}

/* KEYS HUB-IN-HEX ADDRESS COUNT: how many were configured */
long devices(char **arg)
{
	int nr = atoi(arg[3]), i, family, fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	FILE *keys = fopen(arg[0], "r");
	struct sockaddr_storage to;
	socklen_t len = address(&to, arg[2], 1001, 0);
	char key[WG_KEY_LEN];
	uint8_t hub[WG_KEY_LEN];

	for (i = 0; i < WG_KEY_LEN; i++)
		if (sscanf(arg[1] + 2 * i, "%2hhx", &hub[i]) != 1)
			fail(arg[1]);
	family = fd < 0 ? 0 : wireguard(fd);
	if (!keys || !family)
		fail("devices");
	for (i = 1; i <= nr && fread(key, sizeof(key), 1, keys) == 1; i++)
		device(fd, family, i, key, hub, &to, len);
	return i - 1;
}
