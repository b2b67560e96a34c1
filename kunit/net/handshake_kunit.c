// SPDX-License-Identifier: GPL-2.0
/*
 * Handshakes between two devices that are not registered and have no sockets.
 * What they send is caught and delivered by hand, or not. The worker's function
 * is called by the test; the work item itself is disabled.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/random.h>
#include <linux/udp.h>
#include <net/net_namespace.h>

#include "cidr.h"
#include "crypt.h"
#include "device.h"
#include "events.h"
#include "handshake.h"
#include "peer.h"
#include "session.h"
#include "timers.h"
#include "tx.h"
#include "udp.h"

#define OUTBOX	16

struct message {
	size_t	len;
	u8	data[sizeof(struct wire_initiation)];
};

/* One end: a device, and the other end as its peer. */
struct end {
	struct net_device	*netdev;
	struct culvert_device	*dev;
	struct culvert_peer	*peer;
	__be32			address;
	struct message		out[OUTBOX];
	unsigned int		nr_out;
};

struct pair {
	struct end	a;
	struct end	b;
};

static int caught(const struct culvert_device *dev, const void *msg, size_t len)
{
	struct pair *p = kunit_get_current_test()->priv;
	struct end *e = dev == p->a.dev ? &p->a : &p->b;

	if (e->nr_out < OUTBOX && len <= sizeof(e->out[0].data)) {
		e->out[e->nr_out].len = len;
		memcpy(e->out[e->nr_out].data, msg, len);
	}
	e->nr_out++;
	return 0;
}

static int catch_message(struct culvert_peer *peer, const void *msg, size_t len)
{
	return caught(peer->device, msg, len);
}

static int catch_reply(struct culvert_device *dev, struct sk_buff *in, const void *msg,
		       size_t len)
{
	return caught(dev, msg, len);
}

static int make_end(struct end *e, u8 host)
{
	struct culvert_device *dev;

	e->address = htonl(0xc0000200 | host);
	e->netdev = alloc_netdev(sizeof(*dev), "culvert-test", NET_NAME_UNKNOWN, ether_setup);
	if (!e->netdev)
		return -ENOMEM;
	e->netdev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	set_bit(__LINK_STATE_START, &e->netdev->state);
	dev = netdev_priv(e->netdev);
	e->dev = dev;
	dev->dev = e->netdev;
	mutex_init(&dev->update_lock);
	init_rwsem(&dev->identity.lock);
	culvert_cookie_init(&dev->cookies);
	culvert_cidr_init(&dev->allowed, &dev->update_lock);
	rcu_assign_pointer(dev->net, &init_net);
	dev->wq = alloc_workqueue("culvert-test", WQ_UNBOUND, 0);
	if (!e->netdev->tstats || !dev->wq || culvert_events_init(dev) ||
	    culvert_session_table_init(dev) || culvert_peer_table_init(dev) ||
	    culvert_handshake_init(dev))
		return -ENOMEM;
	disable_work_sync(&dev->handshake_work);

	get_random_bytes(dev->identity.private_key, WIRE_KEY_BYTES);
	dev->identity.valid = noise_public_key(dev->identity.public_key,
					       dev->identity.private_key);
	culvert_cookie_set_key(&dev->cookies, dev->identity.public_key);
	return 0;
}

static struct culvert_peer *add_peer(struct culvert_device *dev, const u8 *key, const u8 *psk)
{
	struct culvert_peer *peer;

	mutex_lock(&dev->update_lock);
	peer = culvert_peer_create(dev, key, psk);
	mutex_unlock(&dev->update_lock);
	return peer;
}

static int handshake_test_init(struct kunit *test)
{
	struct pair *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	u8 psk[WIRE_KEY_BYTES];

	if (!p || make_end(&p->a, 1) || make_end(&p->b, 2))
		return -ENOMEM;
	test->priv = p;
	get_random_bytes(psk, sizeof(psk));
	p->a.peer = add_peer(p->a.dev, p->b.dev->identity.public_key, psk);
	p->b.peer = add_peer(p->b.dev, p->a.dev->identity.public_key, psk);
	if (IS_ERR(p->a.peer) || IS_ERR(p->b.peer))
		return -ENOMEM;
	kunit_activate_static_stub(test, culvert_udp_send_message, catch_message);
	kunit_activate_static_stub(test, culvert_udp_reply, catch_reply);
	return 0;
}

static void free_end(struct kunit *test, struct end *e)
{
	mutex_lock(&e->dev->update_lock);
	culvert_peer_remove_all(e->dev);
	mutex_unlock(&e->dev->update_lock);
	/* Peers that the worker was going to send to. */
	culvert_handshake_exit(e->dev);
	culvert_peer_wait_all(e->dev);
	KUNIT_EXPECT_EQ(test, atomic_read(&e->dev->indices.nelems), 0);
	destroy_workqueue(e->dev->wq);
	culvert_peer_table_destroy(e->dev);
	culvert_session_table_destroy(e->dev);
	culvert_events_destroy(e->dev);
	free_percpu(e->netdev->tstats);
	free_netdev(e->netdev);
}

static void handshake_test_exit(struct kunit *test)
{
	struct pair *p = test->priv;

	if (!p)
		return;
	free_end(test, &p->a);
	free_end(test, &p->b);
	rcu_barrier();
}

static void work(struct end *e)
{
	culvert_handshake_work(&e->dev->handshake_work);
}

/* Puts bytes from @source into a device's queue. */
static void enqueue(struct kunit *test, struct end *to, __be32 source, const void *data,
		    size_t len)
{
	struct sk_buff *skb = alloc_skb(sizeof(struct iphdr) + sizeof(struct udphdr) + len,
					GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb->protocol = htons(ETH_P_IP);
	skb_reset_network_header(skb);
	*(struct iphdr *)skb_put(skb, sizeof(struct iphdr)) = (struct iphdr) {
		.version = 4,
		.ihl = 5,
		.saddr = source,
		.daddr = to->address,
	};
	skb_set_transport_header(skb, sizeof(struct iphdr));
	*(struct udphdr *)skb_put(skb, sizeof(struct udphdr)) = (struct udphdr) {
		.source = htons(51820),
	};
	skb_put_data(skb, data, len);
	skb_pull(skb, sizeof(struct iphdr) + sizeof(struct udphdr));
	local_bh_disable();
	culvert_handshake_receive(to->dev, skb);
	local_bh_enable();
}

static void deliver(struct kunit *test, const struct message *msg, struct end *to)
{
	struct pair *p = test->priv;

	enqueue(test, to, to == &p->a ? p->b.address : p->a.address, msg->data, msg->len);
	work(to);
}

/* Empties an outbox; it must hold one message of that type. */
static struct message take(struct kunit *test, struct end *e, enum wire_type type)
{
	static const size_t sizes[] = {
		[WIRE_INITIATION] = sizeof(struct wire_initiation),
		[WIRE_RESPONSE] = sizeof(struct wire_response),
		[WIRE_COOKIE] = sizeof(struct wire_cookie),
	};

	KUNIT_ASSERT_EQ(test, e->nr_out, 1);
	KUNIT_ASSERT_EQ(test, e->out[0].len, sizes[type]);
	KUNIT_ASSERT_EQ(test, e->out[0].data[0], type);
	e->nr_out = 0;
	return e->out[0];
}

static struct message initiate(struct kunit *test, struct end *e, bool is_retry)
{
	culvert_handshake_initiate(e->peer, is_retry);
	work(e);
	return take(test, e, WIRE_INITIATION);
}

/* Undoes what stands against another initiation right after the last. */
static void forgive(struct end *e)
{
	memset(e->peer->timestamp, 0, sizeof(e->peer->timestamp));
	e->peer->last_initiation = 0;
	e->peer->last_sent_handshake = 0;
}

static struct culvert_session *current_of(const struct end *e)
{
	return rcu_access_pointer(e->peer->sessions.current_);
}

static struct culvert_session *next_of(const struct end *e)
{
	return rcu_access_pointer(e->peer->sessions.next);
}

/* That one end's session is the other end's as well. */
static void expect_match(struct kunit *test, const struct culvert_session *s,
			 const struct culvert_session *t)
{
	KUNIT_ASSERT_TRUE(test, s && t);
	KUNIT_EXPECT_EQ(test, s->local_index, le32_to_cpu(t->remote_index));
	KUNIT_EXPECT_EQ(test, t->local_index, le32_to_cpu(s->remote_index));
	KUNIT_EXPECT_MEMEQ(test, s->send_key, t->recv_key, WIRE_KEY_BYTES);
	KUNIT_EXPECT_MEMEQ(test, s->recv_key, t->send_key, WIRE_KEY_BYTES);
	KUNIT_EXPECT_TRUE(test, memcmp(s->recv_key, s->send_key, WIRE_KEY_BYTES));
	KUNIT_EXPECT_NE(test, s->initiator, t->initiator);
}

/* The drop is counted under @why, once for each of @nr, and nothing is answered. */
static void expect_dropped(struct kunit *test, struct end *e, enum culvert_drop why, u64 before,
			   unsigned int nr)
{
	KUNIT_EXPECT_EQ_MSG(test, culvert_drop_total(e->dev, why), before + nr, "%s",
			    culvert_drop_name(why));
	KUNIT_EXPECT_EQ(test, e->nr_out, 0);
}

static void refused(struct kunit *test, const struct message *msg, struct end *to,
		    enum culvert_drop why)
{
	u64 before = culvert_drop_total(to->dev, why);

	deliver(test, msg, to);
	expect_dropped(test, to, why, before, 1);
}

static void handshake_complete(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message initiation, response;
	struct culvert_endpoint ep;

	initiation = initiate(test, &p->a, false);
	KUNIT_EXPECT_NOT_NULL(test, p->a.peer->handshake);
	KUNIT_EXPECT_TRUE(test, p->a.peer->has_shared);
	deliver(test, &initiation, &p->b);
	KUNIT_EXPECT_NULL(test, current_of(&p->b));
	KUNIT_ASSERT_NOT_NULL(test, next_of(&p->b));
	KUNIT_EXPECT_NULL(test, p->b.peer->handshake);
	response = take(test, &p->b, WIRE_RESPONSE);
	deliver(test, &response, &p->a);
	KUNIT_EXPECT_NULL(test, p->a.peer->handshake);
	expect_match(test, current_of(&p->a), next_of(&p->b));
	KUNIT_EXPECT_TRUE(test, culvert_session_confirm(p->b.peer, next_of(&p->b)));
	expect_match(test, current_of(&p->a), current_of(&p->b));
	KUNIT_EXPECT_NE(test, p->a.peer->last_handshake, 0);

	/* Each has seen where the other is. */
	culvert_udp_get_endpoint(p->a.peer, &ep);
	KUNIT_EXPECT_TRUE(test, ep.addr4.sin_addr.s_addr == p->b.address);
	culvert_udp_get_endpoint(p->b.peer, &ep);
	KUNIT_EXPECT_TRUE(test, ep.addr4.sin_addr.s_addr == p->a.address);
	KUNIT_EXPECT_EQ(test, atomic64_read(&p->b.peer->rx_bytes), sizeof(struct wire_initiation));
	KUNIT_EXPECT_EQ(test, atomic64_read(&p->a.peer->rx_bytes), sizeof(struct wire_response));
}

/* A whole handshake between both, begun by @p->a. */
static void handshake(struct kunit *test, struct pair *p)
{
	struct message msg;

	forgive(&p->a);
	forgive(&p->b);
	msg = initiate(test, &p->a, false);
	deliver(test, &msg, &p->b);
	msg = take(test, &p->b, WIRE_RESPONSE);
	deliver(test, &msg, &p->a);
}

/*
 * What is sent under new keys waits for what is in flight under old ones. Sent it is
 * without a socket, so that it is counted as dropped as soon as it is its turn.
 */
static void handshake_keeps_order(struct kunit *test)
{
	struct pair *p = test->priv;
	struct culvert_train *slow = kunit_kzalloc(test, sizeof(*slow), GFP_KERNEL);
	struct crypt_orders *orders = kzalloc_obj(*orders);
	struct culvert_session *old;
	u64 before;

	KUNIT_ASSERT_TRUE(test, slow && orders);
	crypt_order_init(&orders->tx);
	crypt_order_init(&orders->rx);
	p->a.peer->orders = orders;
	handshake(test, p);
	old = current_of(&p->a);
	KUNIT_ASSERT_NOT_NULL(test, old);
	before = culvert_drop_total(p->a.dev, CULVERT_DROP_TX_NO_SOCKET);
	culvert_tx_keepalive(p->a.peer);
	KUNIT_ASSERT_EQ(test, culvert_drop_total(p->a.dev, CULVERT_DROP_TX_NO_SOCKET), before + 1);

	*slow = (struct culvert_train) { .session = old, .tx = true, .messages = 1 };
	spin_lock_bh(&orders->tx.lock);
	KUNIT_EXPECT_TRUE(test, crypt_order_add(&orders->tx, slow));
	spin_unlock_bh(&orders->tx.lock);
	handshake(test, p);
	KUNIT_ASSERT_PTR_NE(test, current_of(&p->a), old);
	/* The initiator has begun with a keepalive by itself; this is another. */
	culvert_tx_keepalive(p->a.peer);
	KUNIT_EXPECT_EQ(test, orders->tx.nr, 3);
	KUNIT_EXPECT_EQ(test, culvert_drop_total(p->a.dev, CULVERT_DROP_TX_NO_SOCKET), before + 1);
	/* The other direction is none of its business. */
	KUNIT_EXPECT_NULL(test, orders->rx.head);

	/* The slow one goes, and who comes next takes along what waited. */
	spin_lock_bh(&orders->tx.lock);
	crypt_order_del(&orders->tx);
	spin_unlock_bh(&orders->tx.lock);
	culvert_tx_keepalive(p->a.peer);
	KUNIT_EXPECT_NULL(test, orders->tx.head);
	KUNIT_EXPECT_EQ(test, culvert_drop_total(p->a.dev, CULVERT_DROP_TX_NO_SOCKET), before + 4);
}

/* Of what was asked for, one message goes out within REKEY_TIMEOUT. */
static void handshake_once(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message first, second;
	struct culvert_session *s;
	u32 index;

	culvert_handshake_initiate(p->a.peer, false);
	culvert_handshake_initiate(p->a.peer, false);
	first = initiate(test, &p->a, false);
	index = p->a.peer->handshake->index.local_index;
	culvert_handshake_initiate(p->a.peer, false);
	work(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.nr_out, 0);
	/* The timer's retry is a new handshake, and the old one is forgotten. */
	second = initiate(test, &p->a, true);
	KUNIT_EXPECT_TRUE(test, memcmp(&first, &second, sizeof(first)));
	KUNIT_EXPECT_NE(test, p->a.peer->handshake->index.local_index, index);
	KUNIT_EXPECT_EQ(test, atomic_read(&p->a.dev->indices.nelems), 1);

	/* An answer to the first one comes too late, one to the second does not. */
	deliver(test, &first, &p->b);
	first = take(test, &p->b, WIRE_RESPONSE);
	refused(test, &first, &p->a, CULVERT_DROP_HANDSHAKE_INVALID);
	forgive(&p->b);
	deliver(test, &second, &p->b);
	second = take(test, &p->b, WIRE_RESPONSE);
	deliver(test, &second, &p->a);
	expect_match(test, current_of(&p->a), next_of(&p->b));

	/* Having answered we do not begin ourselves ... */
	culvert_handshake_initiate(p->b.peer, false);
	work(&p->b);
	KUNIT_EXPECT_EQ(test, p->b.nr_out, 0);
	/* ... unless the keys may not be used any more. */
	culvert_handshake_expire(p->b.peer);
	initiate(test, &p->b, false);
	s = current_of(&p->a);
	culvert_session_expire_current(p->a.peer);
	KUNIT_EXPECT_TRUE(test, s->dead);
	initiate(test, &p->a, false);
}

/* replay: of each message, and timestamps that do not rise */
static void handshake_replay(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message initiation, response;
	struct culvert_session *s, *t;
	unsigned int i;
	u64 before;

	initiation = initiate(test, &p->a, false);
	deliver(test, &initiation, &p->b);
	s = next_of(&p->b);
	response = take(test, &p->b, WIRE_RESPONSE);
	refused(test, &initiation, &p->b, CULVERT_DROP_HANDSHAKE_INVALID);
	p->b.peer->last_initiation = 0;
	refused(test, &initiation, &p->b, CULVERT_DROP_HANDSHAKE_INVALID);
	deliver(test, &response, &p->a);
	t = current_of(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.nr_out, 0);
	refused(test, &response, &p->a, CULVERT_DROP_HANDSHAKE_INVALID);
	KUNIT_EXPECT_PTR_EQ(test, next_of(&p->b), s);
	KUNIT_EXPECT_PTR_EQ(test, current_of(&p->a), t);

	/* The same twice in one batch: one is answered. */
	forgive(&p->b);
	before = culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_INVALID);
	enqueue(test, &p->b, p->a.address, initiation.data, initiation.len);
	deliver(test, &initiation, &p->b);
	take(test, &p->b, WIRE_RESPONSE);
	expect_dropped(test, &p->b, CULVERT_DROP_HANDSHAKE_INVALID, before, 1);

	/* A newer one, but too soon; where 50 ms have passed meanwhile, once more. */
	before = culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_RATE);
	for (i = 0; i < 20; i++) {
		memset(p->b.peer->timestamp, 0, sizeof(p->b.peer->timestamp));
		p->b.peer->last_initiation = ktime_get_coarse_boottime_ns();
		deliver(test, &initiation, &p->b);
		if (culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_RATE) > before)
			break;
		take(test, &p->b, WIRE_RESPONSE);
	}
	expect_dropped(test, &p->b, CULVERT_DROP_HANDSHAKE_RATE, before, 1);
	s = next_of(&p->b);
	/* An older one. */
	forgive(&p->b);
	memset(p->b.peer->timestamp, 0xff, sizeof(p->b.peer->timestamp));
	refused(test, &initiation, &p->b, CULVERT_DROP_HANDSHAKE_INVALID);
	KUNIT_EXPECT_PTR_EQ(test, next_of(&p->b), s);
}

/* parser: every length of every type, and what the types may not be */
static void handshake_parser_lengths(struct kunit *test)
{
	struct pair *p = test->priv;
	u8 data[256] = {};
	u64 type, length, mac1, invalid;
	unsigned int i, len;

	type = culvert_drop_total(p->b.dev, CULVERT_DROP_RX_TYPE);
	length = culvert_drop_total(p->b.dev, CULVERT_DROP_RX_LENGTH);
	mac1 = culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_MAC1);
	invalid = culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_INVALID);
	for (i = 1; i <= 3; i++) {
		data[0] = i;
		for (len = 0; len <= sizeof(data); len++)
			enqueue(test, &p->b, p->a.address, data, len);
	}
	work(&p->b);
	expect_dropped(test, &p->b, CULVERT_DROP_RX_TYPE, type, 3 * 4);
	expect_dropped(test, &p->b, CULVERT_DROP_RX_LENGTH, length, 3 * 252);
	expect_dropped(test, &p->b, CULVERT_DROP_HANDSHAKE_MAC1, mac1, 2);
	expect_dropped(test, &p->b, CULVERT_DROP_HANDSHAKE_INVALID, invalid, 1);

	type += 3 * 4;
	for (i = 0; i < 256; i++) {
		/* A bad type, then bad reserved bytes. */
		data[0] = i >= 1 && i <= 3 ? 0 : i;
		data[1 + i % 3] = i;
		enqueue(test, &p->b, p->a.address, data, sizeof(struct wire_initiation));
		data[0] = 1;
		data[1 + i % 3] = i ?: 1;
		enqueue(test, &p->b, p->a.address, data, sizeof(struct wire_initiation));
		memset(data, 0, 4);
	}
	work(&p->b);
	expect_dropped(test, &p->b, CULVERT_DROP_RX_TYPE, type, 512);
}

/* parser: every byte of every message; whatever changed, nothing comes of it */
static void handshake_parser_bytes(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message good, msg;
	unsigned int i;
	u64 before;

	good = initiate(test, &p->a, false);
	before = culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_MAC1);
	for (i = 4; i < offsetof(struct wire_initiation, macs.mac2); i++) {
		msg = good;
		msg.data[i] ^= 1 << i % 8;
		deliver(test, &msg, &p->b);
	}
	expect_dropped(test, &p->b, CULVERT_DROP_HANDSHAKE_MAC1, before, i - 4);
	/* With a mac1 that fits the forgery; the sender's index may be anything. */
	before = culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_INVALID);
	for (i = 8; i < offsetof(struct wire_initiation, macs); i++) {
		msg = good;
		msg.data[i] ^= 1 << i % 8;
		culvert_cookie_add_macs((void *)msg.data + offsetof(struct wire_initiation, macs),
					msg.data, offsetof(struct wire_initiation, macs),
					p->b.dev->identity.public_key, NULL);
		deliver(test, &msg, &p->b);
	}
	expect_dropped(test, &p->b, CULVERT_DROP_HANDSHAKE_INVALID, before, i - 8);
	KUNIT_EXPECT_NULL(test, next_of(&p->b));
	KUNIT_EXPECT_EQ(test, p->b.peer->last_initiation, 0);

	deliver(test, &good, &p->b);
	good = take(test, &p->b, WIRE_RESPONSE);
	before = culvert_drop_total(p->a.dev, CULVERT_DROP_HANDSHAKE_INVALID);
	for (i = 8; i < offsetof(struct wire_response, macs); i++) {
		msg = good;
		msg.data[i] ^= 1 << i % 8;
		culvert_cookie_add_macs((void *)msg.data + offsetof(struct wire_response, macs),
					msg.data, offsetof(struct wire_response, macs),
					p->a.dev->identity.public_key, NULL);
		deliver(test, &msg, &p->a);
	}
	expect_dropped(test, &p->a, CULVERT_DROP_HANDSHAKE_INVALID, before, i - 8);
	KUNIT_EXPECT_NULL(test, current_of(&p->a));
	deliver(test, &good, &p->a);
	expect_match(test, current_of(&p->a), next_of(&p->b));
}

/* Whom we do not know, and what we are not. */
static void handshake_strangers(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message initiation = initiate(test, &p->a, false);
	struct message response;

	mutex_lock(&p->b.dev->update_lock);
	culvert_peer_remove_all(p->b.dev);
	mutex_unlock(&p->b.dev->update_lock);
	refused(test, &initiation, &p->b, CULVERT_DROP_HANDSHAKE_INVALID);
	p->b.dev->identity.valid = false;
	refused(test, &initiation, &p->b, CULVERT_DROP_HANDSHAKE_NO_KEY);
	p->b.dev->identity.valid = true;

	/* The same key again, but another preshared one: noticed by the initiator. */
	p->b.peer = add_peer(p->b.dev, p->a.dev->identity.public_key, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(p->b.peer));
	deliver(test, &initiation, &p->b);
	response = take(test, &p->b, WIRE_RESPONSE);
	refused(test, &response, &p->a, CULVERT_DROP_HANDSHAKE_INVALID);
	KUNIT_EXPECT_NOT_NULL(test, p->a.peer->handshake);
	memset(p->a.peer->psk, 0, WIRE_KEY_BYTES);
	deliver(test, &response, &p->a);
	expect_match(test, current_of(&p->a), next_of(&p->b));
}

/* parser: a peer with a low-order key costs multiplications once, and no more */
static void handshake_parser_low_order_peer(struct kunit *test)
{
	struct pair *p = test->priv;
	const u8 key[WIRE_KEY_BYTES] = {};
	struct culvert_peer *peer = add_peer(p->a.dev, key, NULL);

	KUNIT_ASSERT_FALSE(test, IS_ERR(peer));
	culvert_handshake_initiate(peer, false);
	KUNIT_EXPECT_NE(test, peer->initiate_queued, 0);
	work(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.nr_out, 0);
	KUNIT_EXPECT_NULL(test, peer->handshake);
	KUNIT_EXPECT_EQ(test, atomic_read(&p->a.dev->indices.nelems), 0);
	/* In REKEY_TIMEOUT again, at the earliest. */
	KUNIT_EXPECT_NE(test, peer->timers.at[DEADLINE_RETRANSMIT], 0);
	culvert_handshake_initiate(peer, false);
	KUNIT_EXPECT_EQ(test, peer->initiate_queued, 0);
}

/* lock-order deadlock: a new private key, and a removal, while a handshake runs */
static void handshake_lock_order_key_change(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message initiation = initiate(test, &p->a, false);
	struct message response;

	deliver(test, &initiation, &p->b);
	response = take(test, &p->b, WIRE_RESPONSE);
	down_write(&p->a.dev->identity.lock);
	culvert_handshake_rekeyed(p->a.peer);
	up_write(&p->a.dev->identity.lock);
	KUNIT_EXPECT_FALSE(test, p->a.peer->has_shared);
	KUNIT_EXPECT_NULL(test, p->a.peer->handshake);
	refused(test, &response, &p->a, CULVERT_DROP_HANDSHAKE_INVALID);
	KUNIT_EXPECT_NULL(test, current_of(&p->a));

	/* Queued when the peer goes: nothing is sent, no reference stays. */
	culvert_handshake_initiate(p->a.peer, false);
	mutex_lock(&p->a.dev->update_lock);
	culvert_peer_remove_all(p->a.dev);
	mutex_unlock(&p->a.dev->update_lock);
	work(&p->a);
	KUNIT_EXPECT_EQ(test, p->a.nr_out, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&p->a.dev->indices.nelems), 0);
}

static void handshake_simultaneous(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message from_a = initiate(test, &p->a, false);
	struct message from_b = initiate(test, &p->b, false);

	deliver(test, &from_a, &p->b);
	deliver(test, &from_b, &p->a);
	from_b = take(test, &p->b, WIRE_RESPONSE);
	from_a = take(test, &p->a, WIRE_RESPONSE);
	deliver(test, &from_a, &p->b);
	deliver(test, &from_b, &p->a);
	KUNIT_EXPECT_NULL(test, p->a.peer->handshake);
	KUNIT_EXPECT_NULL(test, p->b.peer->handshake);
	KUNIT_EXPECT_NULL(test, next_of(&p->a));
	KUNIT_EXPECT_NULL(test, next_of(&p->b));
	/* What one sends under, the other receives under. */
	expect_match(test, current_of(&p->a), rcu_access_pointer(p->b.peer->sessions.previous));
	expect_match(test, current_of(&p->b), rcu_access_pointer(p->a.peer->sessions.previous));
}

/* A's initiation is held back; meanwhile there are keys by one of B's. */
static void handshake_held_back(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message held = initiate(test, &p->a, false);
	struct message msg = initiate(test, &p->b, false);
	struct culvert_timers *t = &p->a.peer->timers;
	struct culvert_handshake *hs;
	struct culvert_session *s;
	u32 soon = jiffies + 1;

	KUNIT_EXPECT_NE(test, t->at[DEADLINE_RETRANSMIT], 0);
	WRITE_ONCE(t->at[DEADLINE_RETRANSMIT], soon);
	deliver(test, &msg, &p->a);
	msg = take(test, &p->a, WIRE_RESPONSE);
	/* What has just been answered is given the time to come about. */
	KUNIT_EXPECT_GE(test, (s32)(t->at[DEADLINE_RETRANSMIT] - soon),
			(WIRE_REKEY_TIMEOUT - 1) * HZ);
	KUNIT_EXPECT_NOT_NULL(test, p->a.peer->handshake);
	deliver(test, &msg, &p->b);
	s = next_of(&p->a);
	expect_match(test, current_of(&p->b), s);

	KUNIT_ASSERT_TRUE(test, culvert_session_confirm(p->a.peer, s));
	/* Its memory stays until this reader is done, its secrets do not. */
	rcu_read_lock();
	hs = p->a.peer->handshake;
	culvert_handshake_complete(p->a.peer);
	KUNIT_EXPECT_NULL(test, memchr_inv(&hs->noise, 0, sizeof(hs->noise)));
	rcu_read_unlock();
	KUNIT_EXPECT_NULL(test, p->a.peer->handshake);
	KUNIT_EXPECT_EQ(test, t->at[DEADLINE_RETRANSMIT], 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&p->a.dev->indices.nelems), 1);

	deliver(test, &held, &p->b);
	held = take(test, &p->b, WIRE_RESPONSE);
	refused(test, &held, &p->a, CULVERT_DROP_HANDSHAKE_INVALID);
	KUNIT_EXPECT_PTR_EQ(test, current_of(&p->a), s);
}

static void fire(struct culvert_peer *peer)
{
	local_bh_disable();
	peer->timers.timer.function(&peer->timers.timer);
	local_bh_enable();
}

/* As if the deadline were now, and no other. */
static void reach(struct culvert_peer *peer, enum culvert_deadline which)
{
	unsigned int i;

	for (i = 0; i < DEADLINE_NR; i++)
		WRITE_ONCE(peer->timers.at[i], i == which ? (u32)jiffies ?: -1 : 0);
	fire(peer);
}

static void stage(struct kunit *test, struct culvert_peer *peer)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb_queue_tail(&peer->staged, skb);
}

/* No private key, or a peer's key of low order: retried, and given up. */
static void handshake_timer_no_key(struct kunit *test)
{
	struct pair *p = test->priv;
	struct culvert_timers *t = &p->a.peer->timers;
	u64 purged = culvert_drop_total(p->a.dev, CULVERT_DROP_TX_PURGED);
	unsigned int i;

	p->a.dev->identity.valid = false;
	stage(test, p->a.peer);
	culvert_handshake_initiate(p->a.peer, false);
	for (i = 1; i < TIMERS_ATTEMPTS_MAX; i++) {
		work(&p->a);
		KUNIT_ASSERT_NE_MSG(test, t->at[DEADLINE_RETRANSMIT], 0, "attempt %u", i);
		reach(p->a.peer, DEADLINE_RETRANSMIT);
		KUNIT_EXPECT_EQ(test, skb_queue_len(&p->a.peer->staged), 1);
		KUNIT_EXPECT_NE(test, p->a.peer->initiate_queued, 0);
	}
	work(&p->a);
	reach(p->a.peer, DEADLINE_RETRANSMIT);
	KUNIT_EXPECT_EQ(test, p->a.peer->initiate_queued, 0);
	KUNIT_EXPECT_EQ(test, skb_queue_len(&p->a.peer->staged), 0);
	expect_dropped(test, &p->a, CULVERT_DROP_TX_PURGED, purged, 1);
	KUNIT_EXPECT_NE(test, t->at[DEADLINE_ZERO_KEYS], 0);
}

static void establish(struct kunit *test)
{
	struct pair *p = test->priv;
	struct message msg = initiate(test, &p->a, false);

	deliver(test, &msg, &p->b);
	msg = take(test, &p->b, WIRE_RESPONSE);
	deliver(test, &msg, &p->a);
	KUNIT_ASSERT_TRUE(test, culvert_session_confirm(p->b.peer, next_of(&p->b)));
	culvert_handshake_complete(p->b.peer);
	forgive(&p->a);
	forgive(&p->b);
}

/* What each deadline does when it is reached, one by one. */
static void handshake_timer_deadlines(struct kunit *test)
{
	struct pair *p = test->priv;
	struct culvert_peer *peer = p->a.peer;
	struct culvert_timers *t = &peer->timers;
	struct culvert_session *s;
	u64 sent;

	establish(test);
	s = current_of(&p->a);
	KUNIT_EXPECT_NE(test, t->at[DEADLINE_ZERO_KEYS], 0);
	sent = atomic64_read(&s->send_counter);

	/* Data has come, and we have had nothing to say. */
	culvert_timers_received(peer, true);
	KUNIT_EXPECT_NE(test, t->at[DEADLINE_KEEPALIVE], 0);
	reach(peer, DEADLINE_KEEPALIVE);
	KUNIT_EXPECT_EQ(test, atomic64_read(&s->send_counter), ++sent);
	KUNIT_EXPECT_EQ(test, t->at[DEADLINE_KEEPALIVE], 0);
	/* More has come meanwhile: that wants another one. */
	culvert_timers_received(peer, true);
	culvert_timers_received(peer, true);
	reach(peer, DEADLINE_KEEPALIVE);
	KUNIT_EXPECT_EQ(test, atomic64_read(&s->send_counter), ++sent);
	KUNIT_EXPECT_NE(test, t->at[DEADLINE_KEEPALIVE], 0);

	/* Again and again, whatever else is sent. */
	peer->keepalive = 25;
	reach(peer, DEADLINE_PERSISTENT);
	KUNIT_EXPECT_EQ(test, atomic64_read(&s->send_counter), ++sent);
	KUNIT_EXPECT_GE(test, (s32)(t->at[DEADLINE_PERSISTENT] - (u32)jiffies), 24 * HZ);
	peer->keepalive = 0;

	/* We have sent data, and nothing has come. */
	culvert_timers_sent(peer, true);
	KUNIT_EXPECT_NE(test, t->at[DEADLINE_NEW_HANDSHAKE], 0);
	reach(peer, DEADLINE_NEW_HANDSHAKE);
	work(&p->a);
	take(test, &p->a, WIRE_INITIATION);
	KUNIT_ASSERT_NOT_NULL(test, peer->handshake);
	KUNIT_EXPECT_PTR_EQ(test, current_of(&p->a), s);

	/* That was not answered. */
	reach(peer, DEADLINE_RETRANSMIT);
	KUNIT_EXPECT_EQ(test, t->attempts, 1);
	work(&p->a);
	take(test, &p->a, WIRE_INITIATION);

	/* Nothing is left of it all. */
	reach(peer, DEADLINE_ZERO_KEYS);
	KUNIT_EXPECT_NULL(test, peer->handshake);
	KUNIT_EXPECT_NULL(test, current_of(&p->a));
	KUNIT_EXPECT_NULL(test, next_of(&p->a));
	KUNIT_EXPECT_NULL(test, rcu_access_pointer(peer->sessions.previous));
	KUNIT_EXPECT_EQ(test, atomic_read(&p->a.dev->indices.nelems), 0);

	/* A device that is down does nothing at all. */
	forgive(&p->a);
	clear_bit(__LINK_STATE_START, &p->a.netdev->state);
	reach(peer, DEADLINE_NEW_HANDSHAKE);
	KUNIT_EXPECT_EQ(test, peer->initiate_queued, 0);
	set_bit(__LINK_STATE_START, &p->a.netdev->state);
}

static void pretend_load(struct end *e)
{
	e->dev->cookies.last_load = ktime_get_coarse_boottime_ns();
}

/* handshake flood: under load, both ends are asked for cookies, and bring them */
static void handshake_flood_cookies(struct kunit *test)
{
	struct pair *p = test->priv;
	u64 rate = culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_RATE);
	struct message msg, cookie;
	unsigned int i;
	u32 expires;

	msg = initiate(test, &p->a, false);
	pretend_load(&p->b);
	deliver(test, &msg, &p->b);
	cookie = take(test, &p->b, WIRE_COOKIE);
	KUNIT_EXPECT_NULL(test, next_of(&p->b));
	KUNIT_EXPECT_FALSE(test, p->b.peer->has_shared);
	/* A forged one first. */
	cookie.data[40] ^= 1;
	refused(test, &cookie, &p->a, CULVERT_DROP_HANDSHAKE_INVALID);
	KUNIT_EXPECT_EQ(test, p->a.peer->cookie_expires, 0);
	cookie.data[40] ^= 1;
	deliver(test, &cookie, &p->a);
	KUNIT_EXPECT_NE(test, p->a.peer->cookie_expires, 0);
	/* Repeated, it does not get younger. */
	expires = p->a.peer->cookie_expires--;
	refused(test, &cookie, &p->a, CULVERT_DROP_HANDSHAKE_INVALID);
	KUNIT_EXPECT_EQ(test, p->a.peer->cookie_expires, expires - 1);
	/* Unless it is too old: the other end may have had it for a while longer. */
	p->a.peer->cookie_expires = expires - (WIRE_COOKIE_LIFETIME - WIRE_COOKIE_LATENCY);
	deliver(test, &cookie, &p->a);
	KUNIT_EXPECT_GE(test, p->a.peer->cookie_expires, expires);

	msg = initiate(test, &p->a, true);
	pretend_load(&p->b);
	deliver(test, &msg, &p->b);
	msg = take(test, &p->b, WIRE_RESPONSE);

	/* Now the other way round: it is the response that costs too much. */
	pretend_load(&p->a);
	deliver(test, &msg, &p->a);
	cookie = take(test, &p->a, WIRE_COOKIE);
	KUNIT_EXPECT_NULL(test, current_of(&p->a));
	deliver(test, &cookie, &p->b);
	KUNIT_EXPECT_NE(test, p->b.peer->cookie_expires, 0);
	forgive(&p->b);
	msg = initiate(test, &p->a, true);
	deliver(test, &msg, &p->b);
	msg = take(test, &p->b, WIRE_RESPONSE);
	pretend_load(&p->a);
	deliver(test, &msg, &p->a);
	expect_match(test, current_of(&p->a), next_of(&p->b));

	/* A source that can be trusted to exist is held to its rate all the same. */
	msg = initiate(test, &p->a, true);
	for (i = 0; i < 64; i++)
		enqueue(test, &p->b, p->a.address, msg.data, msg.len);
	pretend_load(&p->b);
	work(&p->b);
	KUNIT_EXPECT_GT(test, culvert_drop_total(p->b.dev, CULVERT_DROP_HANDSHAKE_RATE), rate);
}

/* handshake flood: the queue is bounded, and does not keep our own from starting */
static void handshake_flood_queue(struct kunit *test)
{
	struct pair *p = test->priv;
	u64 backlog = culvert_drop_total(p->a.dev, CULVERT_DROP_HANDSHAKE_BACKLOG);
	u8 junk[sizeof(struct wire_initiation)] = { WIRE_INITIATION };
	unsigned int i;

	for (i = 0; i < HANDSHAKE_QUEUE_MAX + 100; i++)
		enqueue(test, &p->a, htonl(0x0a000000 + i), junk, sizeof(junk));
	KUNIT_EXPECT_EQ(test, skb_queue_len(&p->a.dev->handshakes), HANDSHAKE_QUEUE_MAX);
	expect_dropped(test, &p->a, CULVERT_DROP_HANDSHAKE_BACKLOG, backlog, 100);
	initiate(test, &p->a, false);
	KUNIT_EXPECT_GT(test, skb_queue_len(&p->a.dev->handshakes), 0);
}

/* More initiators than a batch holds, all at once, with a stranger among them. */
static void handshake_many(struct kunit *test)
{
	struct pair *p = test->priv;
	struct noise_initiator *hs;
	struct culvert_peer *peer;
	unsigned int i, k, nr = HANDSHAKE_BATCH + 3, answered = 0;
	u8 (*keys)[WIRE_KEY_BYTES];
	u8 psk[WIRE_KEY_BYTES] = {};

	keys = kunit_kcalloc(test, nr, sizeof(*keys), GFP_KERNEL);
	hs = kunit_kcalloc(test, nr, sizeof(*hs), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, keys && hs);
	for (i = 0; i < nr; i++) {
		u8 public_key[WIRE_KEY_BYTES], timestamp[WIRE_TIMESTAMP_BYTES] = { 1 };
		struct noise_shared shared = {};
		struct wire_initiation msg;

		get_random_bytes(keys[i], WIRE_KEY_BYTES);
		get_random_bytes(hs[i].ephemeral, WIRE_KEY_BYTES);
		noise_public_key(public_key, keys[i]);
		if (i != 5) {
			peer = add_peer(p->b.dev, public_key, NULL);
			KUNIT_ASSERT_FALSE(test, IS_ERR(peer));
		}
		KUNIT_ASSERT_TRUE(test, noise_initiate(&hs[i], &msg, cpu_to_le32(i), keys[i],
						       public_key, p->b.dev->identity.public_key,
						       &shared, timestamp));
		culvert_cookie_add_macs(&msg.macs, &msg, offsetof(struct wire_initiation, macs),
					p->b.dev->identity.public_key, NULL);
		enqueue(test, &p->b, p->a.address, &msg, sizeof(msg));
	}
	work(&p->b);
	KUNIT_ASSERT_EQ(test, p->b.nr_out, nr - 1);
	for (k = 0; k < nr - 1; k++) {
		const struct wire_response *msg = (void *)p->b.out[k].data;
		struct noise_keys derived;

		i = le32_to_cpu(msg->receiver);
		KUNIT_ASSERT_LT(test, i, nr);
		KUNIT_EXPECT_TRUE(test, noise_finish(&hs[i], msg, keys[i], psk, &derived));
		answered |= BIT(i);
	}
	KUNIT_EXPECT_EQ(test, answered, (BIT(nr) - 1) & ~BIT(5));
}

static struct kunit_case handshake_cases[] = {
	KUNIT_CASE(handshake_complete),
	KUNIT_CASE(handshake_keeps_order),
	KUNIT_CASE(handshake_once),
	KUNIT_CASE(handshake_replay),
	KUNIT_CASE(handshake_parser_lengths),
	KUNIT_CASE_SLOW(handshake_parser_bytes),
	KUNIT_CASE(handshake_strangers),
	KUNIT_CASE(handshake_parser_low_order_peer),
	KUNIT_CASE(handshake_lock_order_key_change),
	KUNIT_CASE(handshake_simultaneous),
	KUNIT_CASE(handshake_held_back),
	KUNIT_CASE(handshake_timer_no_key),
	KUNIT_CASE(handshake_timer_deadlines),
	KUNIT_CASE_SLOW(handshake_flood_cookies),
	KUNIT_CASE(handshake_flood_queue),
	KUNIT_CASE(handshake_many),
	{}
};

static struct kunit_suite handshake_suite = {
	.name = "culvert_handshake",
	.init = handshake_test_init,
	.exit = handshake_test_exit,
	.test_cases = handshake_cases,
};

kunit_test_suite(handshake_suite);
