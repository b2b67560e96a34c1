/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sealing and opening trains: at once where the data is while there is no
 * backlog, on other CPUs and in order when there is.
 */
#ifndef _CULVERT_CRYPT_H
#define _CULVERT_CRYPT_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct culvert_train;

/**
 * struct crypt_order - trains of one direction of a session, in order
 * @lock: guards the rest
 * @busy: somebody is delivering from the head
 * @head: oldest train that has not been delivered
 * @tail: where the next one goes
 */
struct crypt_order {
	spinlock_t		lock;
	bool			busy;
	struct culvert_train	*head;
	struct culvert_train	**tail;
};

#endif /* _CULVERT_CRYPT_H */
