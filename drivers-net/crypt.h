/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sealing and opening trains: at once on the CPU that has the data while there
 * is no backlog; under load on other CPUs, delivered in order all the same.
 */
#ifndef _CULVERT_CRYPT_H
#define _CULVERT_CRYPT_H

#include <linux/list.h>
#include <linux/local_lock.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "train.h"

struct culvert_session;

/**
 * struct crypt_order - trains of one direction of a peer, oldest first
 * @lock: guards the rest
 * @busy: somebody is delivering from the head, and will look at it again under
 *	  @lock before letting go
 * @nr: how many trains there are
 * @arrived: messages that came to the order, cut; what it refused is counted
 *	     too, but not further than half of the numbers ahead of @head
 * @head: oldest train that has not been delivered; NULL if there is none
 * @last: the youngest; meaningless without @head
 */
struct crypt_order {
	spinlock_t		lock;
	bool			busy;
	u8			nr;
	u16			arrived;
	struct culvert_train	*head;
	struct culvert_train	*last;
};

/**
 * struct crypt_orders - a peer's, from when a train of it first left its CPU
 * @tx: trains being sealed
 * @rx: trains being opened
 */
struct crypt_orders {
	struct crypt_order	tx;
	struct crypt_order	rx;
};

/**
 * struct culvert_train - one train on its way through the driver
 * @spill: in a CPU's queue of trains that were spilled to it
 * @next: younger train in the peer's order
 * @session: whose keys; with a reference if the train waits for another CPU
 * @skb: what it is made from. Sending: packets, linked by their next pointer.
 *	 Receiving: the outer skb, its data at the first message.
 * @result: what came out of it
 * @counter: sending: the first message's
 * @messages: how many
 * @size: sending: wire size of each but the last
 * @bytes: wire size of all
 * @mtu: sending: what padding must not exceed
 * @arrival: what @arrived of its order was when it came
 * @ds: sending: traffic class and ECN bits of the outer header
 * @depth: sending: how many of our tunnels the packets have been through
 * @tx: sending, else receiving
 * @spilled: works on another CPU than the one that had the data
 * @done: may be delivered; under the order's lock
 */
struct culvert_train {
	struct list_head	spill;
	struct culvert_train	*next;
	struct culvert_session	*session;
	struct sk_buff		*skb;
	struct sk_buff_head	result;
	u64			counter;
	u32			messages;
	u32			size;
	u32			bytes;
	u32			mtu;
	u16			arrival;
	u8			ds;
	u8			depth;
	bool			tx;
	bool			spilled;
	bool			done;
};

/**
 * struct crypt_scratch - what a CPU needs while it works on a train
 * @lock: held from culvert_crypt_begin() to culvert_crypt_end()
 * @group: messages for the AEAD
 * @texts: plaintexts that came out
 */
struct crypt_scratch {
	local_lock_t		lock;
	struct train_group	group;
	struct train_text	texts[TRAIN_MESSAGES_MAX];
};

static inline void crypt_order_init(struct crypt_order *order)
{
	spin_lock_init(&order->lock);
	order->busy = false;
	order->nr = 0;
	order->arrived = 0;
	order->head = NULL;
	order->last = NULL;
}

bool crypt_order_add(struct crypt_order *order, struct culvert_train *train);
void crypt_order_del(struct crypt_order *order);

struct crypt_scratch *culvert_crypt_begin(void);
void culvert_crypt_end(struct crypt_scratch *scratch);
void culvert_crypt_run(struct culvert_train *train);

int culvert_crypt_init(void);
void culvert_crypt_exit(void);

#endif /* _CULVERT_CRYPT_H */
