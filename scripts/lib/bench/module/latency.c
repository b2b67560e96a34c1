// SPDX-License-Identifier: GPL-2.0
/* How long one packet takes, when nothing else or something else is going on. */

#include <linux/delay.h>
#include <linux/icmp.h>
#include <linux/inet.h>
#include <linux/sched/signal.h>
#include <linux/sort.h>
#include <linux/timekeeping.h>
#include <linux/vmalloc.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "bench.h"

#define LATENCY_MAX	100000

static int compare(const void *a, const void *b)
{
	u32 x = *(u32 *)a, y = *(u32 *)b;

	return x < y ? -1 : x > y;
}

/* Least, median, 90 %, 99 %, 99.9 %, greatest; ns. */
void bench_quantiles(char *out, size_t room, u32 *ns, unsigned int nr)
{
	sort(ns, nr, sizeof(*ns), compare, NULL);
	snprintf(out, room, "%u %u %u %u %u %u %u\n", ns[0], ns[nr / 2],
		 ns[nr * 9 / 10], ns[nr * 99ULL / 100], ns[nr * 999ULL / 1000],
		 ns[nr - 1], nr);
}

/*
 * oneway NETNS-FD ADDRESS BYTES COUNT GAP-US [MS]: from the call that sends to
 * the sink, in ns: see bench_quantiles(). A packet is sent when the one before has
 * come and GAP-US have passed; none after MS milliseconds.
 */
int bench_oneway(char *args, char *out, size_t room)
{
	unsigned int size, count, gap, ms = 600000, i, nr = 0;
	struct bench_sink sink = { .wake = true };
	struct socket *sock;
	struct net *net;
	u8 data[1400] = {};
	char host[20];
	int fd, err;
	unsigned long end;
	u64 sent;
	u32 *ns;

	if (sscanf(args, "%d %19s %u %u %u %u", &fd, host, &size, &count, &gap,
		   &ms) < 5 ||
	    !size || size > sizeof(data) || !count || count > LATENCY_MAX)
		return -EINVAL;
	ns = vmalloc_array(count, sizeof(*ns));
	if (!ns)
		return -ENOMEM;
	net = get_net_ns_by_fd(fd);
	if (IS_ERR(net)) {
		err = PTR_ERR(net);
		goto free;
	}
	err = bench_sink_open(&sink, net);
	if (err)
		goto put;
	err = bench_source_open(&sock, host, BENCH_PORT);
	if (err)
		goto close;
	end = jiffies + msecs_to_jiffies(ms);
	for (i = 0; i < count && time_before(jiffies, end) &&
	     !signal_pending(current); i++) {
		long before = atomic_long_read(&sink.packets);

		usleep_range(gap, gap + gap / 4);
		sent = ktime_get_ns();
		bench_send(sock, 0, 0, data, size);
		/* What comes after so long, if at all, is not the next one's. */
		if (wait_event_timeout(sink.wait,
				       atomic_long_read(&sink.packets) != before,
				       HZ / 2) && READ_ONCE(sink.last) > sent)
			ns[nr++] = min_t(u64, READ_ONCE(sink.last) - sent, U32_MAX);
	}
	err = nr ? 0 : -ETIMEDOUT;
	if (nr)
		bench_quantiles(out, room, ns, nr);
	sock_release(sock);
close:
	bench_sink_close(&sink);
put:
	put_net(net);
free:
	vfree(ns);
	return err;
}

/**
 * struct echo - a wait for an ICMP echo reply
 * @sequence: of the request
 * @came: when the reply came, ns; 0 until then
 * @wait: told then
 */
struct echo {
	__be16			sequence;
	u64			came;
	wait_queue_head_t	wait;
};

static void echo_ready(struct sock *sk)
{
	struct echo *echo = sk->sk_user_data;
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&sk->sk_receive_queue))) {
		const struct iphdr *ip = (struct iphdr *)skb->data;
		const struct icmphdr *icmp;

		if (pskb_may_pull(skb, sizeof(*ip) + sizeof(*icmp))) {
			ip = (struct iphdr *)skb->data;
			icmp = (struct icmphdr *)(skb->data + ip->ihl * 4);
			if (icmp->type == ICMP_ECHOREPLY &&
			    icmp->un.echo.sequence == READ_ONCE(echo->sequence)) {
				WRITE_ONCE(echo->came, ktime_get_ns());
				wake_up(&echo->wait);
			}
		}
		consume_skb(skb);
	}
}

/*
 * roundtrip ADDRESS BYTES COUNT GAP-US [MS]: from an ICMP echo request to its reply;
 * the other end's stack answers at once. As bench_oneway().
 */
int bench_roundtrip(char *args, char *out, size_t room)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	unsigned int size, count, gap, ms = 600000, i, nr = 0;
	struct socket *sock;
	struct echo echo = {};
	u8 data[1400] = {};
	struct icmphdr *icmp = (struct icmphdr *)data;
	char host[20];
	unsigned long end;
	u64 sent;
	u32 *ns;
	int err;

	if (sscanf(args, "%19s %u %u %u %u", host, &size, &count, &gap, &ms) < 4 ||
	    size < sizeof(*icmp) || size > sizeof(data) || !count ||
	    count > LATENCY_MAX)
		return -EINVAL;
	ns = vmalloc_array(count, sizeof(*ns));
	if (!ns)
		return -ENOMEM;
	init_waitqueue_head(&echo.wait);
	err = sock_create_kern(current->nsproxy->net_ns, AF_INET, SOCK_RAW,
			       IPPROTO_ICMP, &sock);
	if (err)
		goto free;
	sin.sin_addr.s_addr = in_aton(host);
	err = kernel_connect(sock, (struct sockaddr_unsized *)&sin, sizeof(sin), 0);
	if (err)
		goto release;
	sock->sk->sk_user_data = &echo;
	smp_store_release(&sock->sk->sk_data_ready, echo_ready);

	end = jiffies + msecs_to_jiffies(ms);
	for (i = 0; i < count && time_before(jiffies, end) &&
	     !signal_pending(current); i++) {
		usleep_range(gap, gap + gap / 4);
		memset(icmp, 0, sizeof(*icmp));
		icmp->type = ICMP_ECHO;
		icmp->un.echo.sequence = htons(i);
		icmp->checksum = ip_compute_csum(data, size);
		WRITE_ONCE(echo.came, 0);
		WRITE_ONCE(echo.sequence, htons(i));
		sent = ktime_get_ns();
		bench_send(sock, 0, 0, data, size);
		if (wait_event_timeout(echo.wait, READ_ONCE(echo.came), HZ / 2))
			ns[nr++] = min_t(u64, READ_ONCE(echo.came) - sent, U32_MAX);
	}
	err = nr ? 0 : -ETIMEDOUT;
	if (nr)
		bench_quantiles(out, room, ns, nr);
release:
	/* A softirq may be in echo_ready() still. */
	sock_release(sock);
	synchronize_net();
free:
	vfree(ns);
	return err;
}
