/* SPDX-License-Identifier: GPL-2.0 */
/* The bench's module: what its files know of each other. */
#ifndef _CULVERT_BENCH_H
#define _CULVERT_BENCH_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/types.h>
#include <linux/wait.h>

struct net;
struct sk_buff;

#define BENCH_PORT	9000

/**
 * struct bench_sink - takes UDP datagrams off the stack as soon as it has them
 * @sock: its socket
 * @packets: datagrams that came
 * @last: when the last one came, ns
 * @wait: told of each, if @wake
 * @wake: somebody waits
 */
struct bench_sink {
	struct socket		*sock;
	atomic_long_t		packets;
	u64			last;
	wait_queue_head_t	wait;
	bool			wake;
};

int bench_sink_open(struct bench_sink *sink, struct net *net);
void bench_sink_close(struct bench_sink *sink);
int bench_source_open(struct socket **sock, const char *host, u16 port);
int bench_send(struct socket *sock, __be32 to, u16 port, void *data,
	       size_t len);
void bench_quantiles(char *out, size_t room, u32 *ns, unsigned int nr);

/* The commands: arguments as text, the answer too. */
int bench_udp(char *args, char *out, size_t room);
int bench_flood(char *args, char *out, size_t room);
int bench_handshakes(char *args, char *out, size_t room);
int bench_oneway(char *args, char *out, size_t room);
int bench_roundtrip(char *args, char *out, size_t room);
int bench_lookup(char *args, char *out, size_t room);

/**
 * struct bench_prefix - a prefix as the bench's script writes it
 * @ip: IPv4 address in the first word, or IPv6 address
 * @len: prefix length
 * @family: 4 or 6, the same in all of a file
 * @unused: zero
 */
struct bench_prefix {
	union {
		__be32		ip;
		struct in6_addr	ip6;
	};
	u8	len;
	u8	family;
	u8	unused[2];
};

/**
 * struct bench_table - a driver's table of allowed IPs
 * @begin: make one for so many peers
 * @insert: add a prefix of peer number @peer
 * @lookup: look each of @nr packets to IPv4 addresses up as the transmit path
 *	    does; the count of those that have a peer
 * @lookup6: the same with IPv6
 * @end: free it
 */
struct bench_table {
	int		(*begin)(unsigned int peers);
	int		(*insert)(const struct bench_prefix *prefix,
				  unsigned int peer);
	unsigned int	(*lookup)(struct sk_buff *skb, const __be32 *to,
				  unsigned int nr);
	unsigned int	(*lookup6)(struct sk_buff *skb, const struct in6_addr *to,
				   unsigned int nr);
	void		(*end)(void);
};

#define BENCH_PEERS	1000

extern const struct bench_table bench_table_culvert;
extern const struct bench_table bench_table_intree;

#endif /* _CULVERT_BENCH_H */
