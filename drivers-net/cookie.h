/* SPDX-License-Identifier: GPL-2.0 */
/* mac1, mac2 and cookies: who may cost us an X25519 under load. */
#ifndef _CULVERT_COOKIE_H
#define _CULVERT_COOKIE_H

#include <linux/rwsem.h>
#include <linux/types.h>

#include "wire.h"

/**
 * struct culvert_cookie_checker - our side of the mitigation
 * @secret: keys the cookies that we hand out; renewed every two minutes
 * @secret_birth: boot time in ns of @secret
 * @mac1_key: what mac1 of messages to us is made with
 * @cookie_key: what our cookie replies are encrypted with
 * @lock: guards all of it
 */
struct culvert_cookie_checker {
	u8			secret[WIRE_KEY_BYTES];
	u64			secret_birth;
	u8			mac1_key[WIRE_KEY_BYTES];
	u8			cookie_key[WIRE_KEY_BYTES];
	struct rw_semaphore	lock;
};

#endif /* _CULVERT_COOKIE_H */
