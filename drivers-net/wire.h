/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The messages of the WireGuard protocol as they stand on the wire, and the
 * protocol's constants. Knows nothing of the driver.
 */
#ifndef _CULVERT_WIRE_H
#define _CULVERT_WIRE_H

#include <linux/build_bug.h>
#include <linux/jiffies.h>
#include <linux/types.h>

#define WIRE_KEY_BYTES		32	/* X25519 keys, symmetric keys, hashes */
#define WIRE_TAG_BYTES		16
#define WIRE_MAC_BYTES		16
#define WIRE_COOKIE_BYTES	16
#define WIRE_COOKIE_NONCE_BYTES	24
#define WIRE_TIMESTAMP_BYTES	12	/* TAI64N */
#define WIRE_PADDING		16	/* plaintext is padded to a multiple */

enum wire_type {
	WIRE_INITIATION	= 1,
	WIRE_RESPONSE	= 2,
	WIRE_COOKIE	= 3,
	WIRE_DATA	= 4,
};

/* The type is one byte and three reserved zero bytes: compared as one word. */
struct wire_header {
	__le32	type;
};

struct wire_macs {
	u8	mac1[WIRE_MAC_BYTES];
	u8	mac2[WIRE_MAC_BYTES];
};

struct wire_initiation {
	struct wire_header	header;
	__le32			sender;
	u8			ephemeral[WIRE_KEY_BYTES];
	u8			enc_static[WIRE_KEY_BYTES + WIRE_TAG_BYTES];
	u8			enc_timestamp[WIRE_TIMESTAMP_BYTES + WIRE_TAG_BYTES];
	struct wire_macs	macs;
};
static_assert(sizeof(struct wire_initiation) == 148);

struct wire_response {
	struct wire_header	header;
	__le32			sender;
	__le32			receiver;
	u8			ephemeral[WIRE_KEY_BYTES];
	u8			enc_nothing[WIRE_TAG_BYTES];
	struct wire_macs	macs;
};
static_assert(sizeof(struct wire_response) == 92);

struct wire_cookie {
	struct wire_header	header;
	__le32			receiver;
	u8			nonce[WIRE_COOKIE_NONCE_BYTES];
	u8			enc_cookie[WIRE_COOKIE_BYTES + WIRE_TAG_BYTES];
};
static_assert(sizeof(struct wire_cookie) == 64);

/* In a train the next message follows at once, at whatever place that is. */
struct wire_data {
	struct wire_header	header;
	__le32			receiver;
	__le64			counter;
} __packed;
static_assert(sizeof(struct wire_data) == 16);

/* Bytes that a data message adds to its padded plaintext. */
#define WIRE_DATA_OVERHEAD	(sizeof(struct wire_data) + WIRE_TAG_BYTES)

#define WIRE_REKEY_AFTER_MESSAGES	(1ULL << 60)
#define WIRE_REJECT_AFTER_MESSAGES	(U64_MAX - (1ULL << 13))
#define WIRE_REKEY_TIMEOUT		5	/* s */
#define WIRE_REKEY_TIMEOUT_JITTER	333	/* ms, at most */
#define WIRE_KEEPALIVE_TIMEOUT		10	/* s */
#define WIRE_REKEY_ATTEMPT_TIME		90	/* s */
#define WIRE_REKEY_AFTER_TIME		120	/* s */
#define WIRE_REJECT_AFTER_TIME		180	/* s */
#define WIRE_COOKIE_LIFETIME		120	/* s */
#define WIRE_COOKIE_LATENCY		5	/* s */
#define WIRE_INITIATIONS_PER_SECOND	20	/* a source, and a peer */

#endif /* _CULVERT_WIRE_H */
