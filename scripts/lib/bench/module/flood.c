// SPDX-License-Identifier: GPL-2.0
/* Handshakes of somebody who is nobody's peer, many of them. */

#include <linux/delay.h>
#include <linux/hex.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "bench.h"

/*
 * flood ADDRESS PORT RATE MS HEX: RATE datagrams a second of the bytes HEX.
 * Says how many were sent a second.
 */
int bench_flood(char *args, char *out, size_t room)
{
	unsigned int port, rate, ms, n;
	u64 start, now, due, sent = 0;
	struct socket *sock;
	char host[44];
	u8 data[256];
	size_t len;
	int at, err;

	if (sscanf(args, "%43s %u %u %u %n", host, &port, &rate, &ms, &at) < 4)
		return -EINVAL;
	len = strlen(args + at) / 2;
	if (!len || len > sizeof(data) || hex2bin(data, args + at, len))
		return -EINVAL;
	err = bench_source_open(&sock, host, port);
	if (err)
		return err;
	start = ktime_get_ns();
	do {
		now = ktime_get_ns() - start;
		due = div_u64(now * rate, NSEC_PER_SEC);
		for (n = 0; sent < due && n < 1000; n++) {
			bench_send(sock, 0, 0, data, len);
			sent++;
		}
		usleep_range(900, 1000);
	} while (now < ms * (u64)NSEC_PER_MSEC && !signal_pending(current));
	snprintf(out, room, "%llu\n", div64_u64(sent * NSEC_PER_SEC, now));
	sock_release(sock);
	return 0;
}
