// SPDX-License-Identifier: GPL-2.0
/*
 * Many initiators, each with one message made beforehand: how fast are they
 * answered? Asked for a cookie, they come again with it.
 */

#include <crypto/blake2s.h>
#include <crypto/chacha20poly1305.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hex.h>
#include <linux/inet.h>
#include <linux/sched/signal.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "bench.h"

#define INITIATION	148
#define MAC1		116
#define MAC2		132
#define RESPONSE	92
#define COOKIE		64
#define COOKIE_NONCE	8
#define COOKIE_TEXT	32
#define MAC_BYTES	16
#define TYPE_RESPONSE	2
#define TYPE_COOKIE	3

#define AGAIN_NS	(30 * NSEC_PER_MSEC)
#define TRIES_MAX	200

/**
 * struct initiator - how far its one handshake is
 * @sent: when it was last sent, ns; 0 before
 * @tries: how often
 * @over: it was answered, or given up
 */
struct initiator {
	u64	sent;
	u8	tries;
	bool	over;
};

/**
 * struct crowd - all initiators
 * @sock: the socket of them all
 * @to: the responder
 * @sources: they come from so many addresses
 * @messages: an initiation of each
 * @initiator: their states
 * @nr: how many there are
 * @cookie_key: opens cookies
 * @came: answers that nobody has looked at
 * @wait: told of them
 * @flying: sent and not over
 * @answered: responses that came
 * @cookies: cookies that came
 */
struct crowd {
	struct socket		*sock;
	struct sockaddr_storage	to;
	unsigned int		sources;
	u8			(*messages)[INITIATION];
	struct initiator	*initiator;
	unsigned int		nr;
	u8			cookie_key[BLAKE2S_HASH_SIZE];
	struct sk_buff_head	came;
	wait_queue_head_t	wait;
	unsigned int		flying;
	unsigned int		answered;
	unsigned int		cookies;
};

static int answer_came(struct sock *sk, struct sk_buff *skb)
{
	struct crowd *crowd = rcu_dereference_sk_user_data(sk);

	if (!crowd) {
		consume_skb(skb);
		return 0;
	}
	skb_queue_tail(&crowd->came, skb);
	wake_up(&crowd->wait);
	return 0;
}

/* A responder limits each source: 10.1.x.y, and fd01:0:0:x::1, a /64 of its own. */
static void send(struct crowd *crowd, unsigned int n)
{
	bool ip6 = crowd->to.ss_family == AF_INET6;
	struct kvec vec = { crowd->messages[n], INITIATION };
	unsigned int source = n % crowd->sources + 1;
	struct {
		struct cmsghdr		head;
		union {
			struct in_pktinfo	ip;
			struct in6_pktinfo	ip6;
		};
	} from = {};
	struct msghdr msg = {
		.msg_name = &crowd->to,
		.msg_namelen = ip6 ? sizeof(struct sockaddr_in6) :
				     sizeof(struct sockaddr_in),
		.msg_control = &from,
	};

	if (ip6) {
		from.head.cmsg_level = SOL_IPV6;
		from.head.cmsg_type = IPV6_PKTINFO;
		from.head.cmsg_len = CMSG_LEN(sizeof(from.ip6));
		from.ip6.ipi6_addr.s6_addr16[0] = htons(0xfd01);
		from.ip6.ipi6_addr.s6_addr16[3] = htons(source);
		from.ip6.ipi6_addr.s6_addr16[7] = htons(1);
	} else {
		from.head.cmsg_level = SOL_IP;
		from.head.cmsg_type = IP_PKTINFO;
		from.head.cmsg_len = CMSG_LEN(sizeof(from.ip));
		from.ip.ipi_spec_dst.s_addr = htonl(0x0a010000 + source);
	}
	msg.msg_controllen = from.head.cmsg_len;
	if (!crowd->initiator[n].sent)
		crowd->flying++;
	crowd->initiator[n].sent = ktime_get_ns();
	crowd->initiator[n].tries++;
	kernel_sendmsg(crowd->sock, &msg, &vec, 1, INITIATION);
}

static void over(struct crowd *crowd, unsigned int n)
{
	crowd->initiator[n].over = true;
	crowd->flying--;
}

static void look_at(struct crowd *crowd, struct sk_buff *skb)
{
	u8 cookie[MAC_BYTES], text[RESPONSE];
	unsigned int len, type, n;

	__skb_pull(skb, sizeof(struct udphdr));
	len = skb->len;
	if ((len != RESPONSE && len != COOKIE) || skb_copy_bits(skb, 0, text, len))
		return;
	type = get_unaligned_le32(text);
	/* Each initiator's number above 0 is the index that it gave. */
	n = get_unaligned_le32(text + (type == TYPE_RESPONSE ? 8 : 4)) - 1;
	if (n >= crowd->nr || !crowd->initiator[n].sent || crowd->initiator[n].over)
		return;
	if (type == TYPE_RESPONSE) {
		crowd->answered++;
		over(crowd, n);
	} else if (type == TYPE_COOKIE &&
		   xchacha20poly1305_decrypt(cookie, text + COOKIE_TEXT,
					     COOKIE - COOKIE_TEXT,
					     crowd->messages[n] + MAC1, MAC_BYTES,
					     text + COOKIE_NONCE, crowd->cookie_key)) {
		crowd->cookies++;
		blake2s(cookie, sizeof(cookie), crowd->messages[n], MAC2,
			crowd->messages[n] + MAC2, MAC_BYTES);
		send(crowd, n);
	}
}

/* Those that waited too long. */
static void again(struct crowd *crowd, unsigned int first, unsigned int next)
{
	u64 now = ktime_get_ns();
	unsigned int n;

	for (n = first; n < next; n++) {
		struct initiator *i = &crowd->initiator[n];

		if (i->over || now - i->sent < AGAIN_NS)
			continue;
		if (i->tries < TRIES_MAX)
			send(crowd, n);
		else
			over(crowd, n);
	}
}

/* Keeps @window of them on their way; returns how long that went on, ns. */
static u64 all_of_them(struct crowd *crowd, unsigned int first,
		       unsigned int window, unsigned int ms)
{
	u64 start = ktime_get_ns(), end = start + ms * (u64)NSEC_PER_MSEC;
	unsigned int next = first;
	struct sk_buff *skb;
	u64 now, looked = start;

	do {
		while (next < crowd->nr && crowd->flying < window)
			send(crowd, next++);
		wait_event_timeout(crowd->wait, !skb_queue_empty_lockless(&crowd->came),
				   1);
		while ((skb = skb_dequeue(&crowd->came))) {
			look_at(crowd, skb);
			consume_skb(skb);
		}
		now = ktime_get_ns();
		if (now - looked > AGAIN_NS / 8) {
			looked = now;
			again(crowd, first, next);
		}
		cond_resched();
	} while ((crowd->flying || next < crowd->nr) && now < end &&
		 !signal_pending(current));
	return now - start;
}

static int crowd_open(struct crowd *crowd)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data	= crowd,
		.encap_type	= 1,
		.encap_rcv	= answer_came,
	};
	struct udp_port_cfg port = {
		.family			= crowd->to.ss_family,
		.use_udp_checksums	= true,
		.use_udp6_tx_checksums	= true,
		.use_udp6_rx_checksums	= true,
	};
	struct net *net = current->nsproxy->net_ns;
	int err = udp_sock_create(net, &port, &crowd->sock);

	if (!err)
		setup_udp_tunnel_sock(net, crowd->sock->sk, &cfg);
	return err;
}

static void cookie_key(u8 *key, const u8 *responder)
{
	struct blake2s_ctx hash;

	blake2s_init(&hash, BLAKE2S_HASH_SIZE);
	blake2s_update(&hash, "cookie--", 8);
	blake2s_update(&hash, responder, 32);
	blake2s_final(&hash, key);
}

/*
 * handshakes FD ADDRESS PORT FIRST COUNT WINDOW SOURCES MS KEY: initiations
 * number FIRST and on from the file FD, WINDOW at a time, from so many
 * addresses, for at most MS milliseconds, to the responder whose public key is
 * KEY in hex. Responses a second, responses, cookies.
 */
int bench_handshakes(char *args, char *out, size_t room)
{
	unsigned int port, first, window, ms;
	struct crowd crowd = {};
	char host[44], number[8];
	int fd, at, err = -EINVAL;
	u8 responder[32];
	u64 took;
	loff_t pos;

	if (sscanf(args, "%d %43s %u %u %u %u %u %u %n", &fd, host, &port, &first,
		   &crowd.nr, &window, &crowd.sources, &ms, &at) < 8 ||
	    !crowd.nr || !window || !crowd.sources || crowd.sources > 60000 ||
	    hex2bin(responder, args + at, sizeof(responder)))
		return -EINVAL;
	snprintf(number, sizeof(number), "%u", port);
	if (inet_pton_with_scope(current->nsproxy->net_ns, AF_UNSPEC, host, number,
				 &crowd.to))
		return -EINVAL;
	cookie_key(crowd.cookie_key, responder);
	skb_queue_head_init(&crowd.came);
	init_waitqueue_head(&crowd.wait);

	CLASS(fd, f)(fd);
	if (fd_empty(f))
		return -EBADF;
	/* Initiator number n has the index n + 1: the earlier ones are there, too. */
	crowd.nr += first;
	crowd.messages = vmalloc_array(crowd.nr, INITIATION);
	crowd.initiator = vcalloc(crowd.nr, sizeof(*crowd.initiator));
	if (!crowd.messages || !crowd.initiator)
		goto free;
	pos = 0;
	if (kernel_read(fd_file(f), crowd.messages, crowd.nr * INITIATION, &pos) !=
	    crowd.nr * INITIATION)
		goto free;
	err = crowd_open(&crowd);
	if (err)
		goto free;
	took = all_of_them(&crowd, first, window, ms);
	snprintf(out, room, "%llu %u %u\n",
		 div64_u64(crowd.answered * (u64)NSEC_PER_SEC, took),
		 crowd.answered, crowd.cookies);
	udp_tunnel_sock_release(crowd.sock->sk);
	synchronize_net();
	skb_queue_purge(&crowd.came);
free:
	vfree(crowd.initiator);
	vfree(crowd.messages);
	return err;
}
