// SPDX-License-Identifier: GPL-2.0
/* UDP from inside the kernel to inside the kernel. */

#include <linux/delay.h>
#include <linux/inet.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "bench.h"

#define BENCH_BYTES_MAX	65000

static int sink_receive(struct sock *sk, struct sk_buff *skb)
{
	struct bench_sink *sink = rcu_dereference_sk_user_data(sk);

	if (sink) {
		if (sink->wake)
			WRITE_ONCE(sink->last, ktime_get_ns());
		atomic_long_add(max_t(long, skb_shinfo(skb)->gso_segs, 1),
				&sink->packets);
		if (sink->wake)
			wake_up(&sink->wait);
	}
	consume_skb(skb);
	return 0;
}

int bench_sink_open(struct bench_sink *sink, struct net *net)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data	= sink,
		.encap_type	= 1,
		.encap_rcv	= sink_receive,
	};
	struct udp_port_cfg port = {
		.family			= AF_INET,
		.local_udp_port		= htons(BENCH_PORT),
		.use_udp_checksums	= true,
	};
	int err;

	init_waitqueue_head(&sink->wait);
	err = udp_sock_create(net, &port, &sink->sock);
	if (!err)
		setup_udp_tunnel_sock(net, sink->sock->sk, &cfg);
	return err;
}

void bench_sink_close(struct bench_sink *sink)
{
	udp_tunnel_sock_release(sink->sock->sk);
}

static struct sockaddr_in address(__be32 to, u16 port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = to,
		.sin_port = htons(port),
	};
}

/* A source in the caller's namespace; connected if there is but one sink. */
int bench_source_open(struct socket **sock, const char *host, u16 port)
{
	struct net *net = current->nsproxy->net_ns;
	struct sockaddr_storage to;
	char number[8];
	int err;

	snprintf(number, sizeof(number), "%u", port);
	err = inet_pton_with_scope(net, AF_UNSPEC, host, number, &to);
	if (!err)
		err = sock_create_kern(net, to.ss_family, SOCK_DGRAM, IPPROTO_UDP, sock);
	if (err || !port)
		return err;
	err = kernel_connect(*sock, (struct sockaddr_unsized *)&to, sizeof(to), 0);
	if (err)
		sock_release(*sock);
	return err;
}

int bench_send(struct socket *sock, __be32 to, u16 port, void *data, size_t len)
{
	struct sockaddr_in sin = address(to, port);
	struct kvec vec = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {};

	if (port) {
		msg.msg_name = &sin;
		msg.msg_namelen = sizeof(sin);
	}
	return kernel_sendmsg(sock, &msg, &vec, 1, len);
}

static __be32 nth(__be32 first, unsigned int n)
{
	return htonl(ntohl(first) + n);
}

/*
 * udp NETNS-FD ADDRESS BYTES SEGMENTS MS [SINKS [GAP-US]]: packets per second
 * that arrived, and that were sent, in MS milliseconds. SEGMENTS above 1 uses
 * UDP_SEGMENT. With SINKS the packets go to so many addresses in turn; with GAP-US
 * to each of them once, so far apart.
 */
int bench_udp(char *args, char *out, size_t room)
{
	unsigned int size, segs, ms, sinks = 1, gap = 0, turn = 0;
	struct bench_sink sink = {};
	u64 start, end, now, sent = 0;
	struct socket *sock;
	char host[20];
	struct net *net;
	long came;
	__be32 to;
	void *data;
	int fd, err;

	if (sscanf(args, "%d %19s %u %u %u %u %u", &fd, host, &size, &segs, &ms,
		   &sinks, &gap) < 5 || !size || !segs || !sinks ||
	    size * segs > BENCH_BYTES_MAX)
		return -EINVAL;
	to = in_aton(host);
	data = kzalloc(size * segs, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	net = get_net_ns_by_fd(fd);
	if (IS_ERR(net)) {
		err = PTR_ERR(net);
		goto free;
	}
	err = bench_sink_open(&sink, net);
	if (err)
		goto put;
	err = bench_source_open(&sock, host, sinks > 1 ? 0 : BENCH_PORT);
	if (err)
		goto close;
	if (segs > 1)
		WRITE_ONCE(udp_sk(sock->sk)->gso_size, size);

	start = ktime_get_ns();
	end = start + ms * (u64)NSEC_PER_MSEC;
	do {
		err = bench_send(sock, nth(to, turn),
				 sinks > 1 ? BENCH_PORT : 0, data, size * segs);
		if (err > 0)
			sent += segs;
		if (++turn == sinks)
			turn = 0;
		/* As at the end of a system call. */
		cond_resched();
		if (gap)
			usleep_range(gap, gap + 10);
		now = ktime_get_ns();
	} while ((gap ? turn : now < end) && !signal_pending(current));
	came = atomic_long_read(&sink.packets);
	now -= start;
	err = sent ? 0 : err;
	if (!err)
		snprintf(out, room, "%llu %llu\n",
			 div64_u64((u64)came * NSEC_PER_SEC, now),
			 div64_u64(sent * NSEC_PER_SEC, now));
	sock_release(sock);
close:
	bench_sink_close(&sink);
put:
	put_net(net);
free:
	kfree(data);
	return err;
}
