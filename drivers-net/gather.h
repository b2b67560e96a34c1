/* SPDX-License-Identifier: GPL-2.0 */
/* When packets that come singly wait for one another, and when they leave. */
#ifndef _CULVERT_GATHER_H
#define _CULVERT_GATHER_H

#include <linux/types.h>

struct culvert_peer;

/* So many small packets make a full train: then the sender seals them itself. */
#define GATHER_MAX	64

bool culvert_gather_wanted(void);
void culvert_gather(struct culvert_peer *peer, bool patient);
void culvert_gather_later(struct culvert_peer *peer);

int culvert_gather_init(void);
void culvert_gather_exit(void);

#endif /* _CULVERT_GATHER_H */
