/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the bench's program know of each other. */
#ifndef CULVERT_BENCH_USER_H
#define CULVERT_BENCH_USER_H

#include <sys/socket.h>

_Noreturn void fail(const char *what);
socklen_t address(struct sockaddr_storage *to, const char *text, int port, int any);
long devices(char **arg);

#endif
