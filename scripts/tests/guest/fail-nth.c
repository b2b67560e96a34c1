// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into a program, this makes an allocation of the kernel fail: the FAIL_NTH-th
 * of those that the program's netlink messages and module operations cause. See "fail-nth"
 * in Documentation/fault-injection/fault-injection.rst. When the program ends, the file
 * FAIL_LEFT holds what is left of the number, 0 if something has failed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long left = -1;
static int nth_fd = -1;	/* opened early: that allocates too */

static void write_nth(long n)
{
	char text[24];

	if (pwrite(nth_fd, text, snprintf(text, sizeof(text), "%ld", n), 0) < 0) {
		perror("fail-nth");
		_exit(99);
	}
}

static long read_nth(void)
{
	char text[24] = "";

	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 0)
		_exit(99);
	return atol(text);
}

static void done(void)
{
	FILE *f = fopen(getenv("FAIL_LEFT"), "w");

	if (f) {
		fprintf(f, "%ld\n", left);
		fclose(f);
	}
}

__attribute__((constructor)) static void begin(void)
{
	const char *nth = getenv("FAIL_NTH");

	if (nth && getenv("FAIL_LEFT")) {
		left = atol(nth);
		nth_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
		/* Neither does a child have it, nor what it runs. */
		unsetenv("LD_PRELOAD");
		atexit(done);
	}
}

static void arm(void)
{
	if (left > 0)
		write_nth(left);
}

static void disarm(void)
{
	if (left > 0) {
		left = read_nth();
		write_nth(0);
	}
}

static int is_netlink(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_NETLINK;
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define AROUND(on, call) do {		\
	long ret;			\
					\
	if (!(on))			\
		return (call);		\
	arm();				\
	ret = (call);			\
	disarm();			\
	return ret;			\
} while (0)

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	REAL(sendto);
	AROUND(is_netlink(fd), real(fd, buf, len, flags, to, to_len));
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return sendto(fd, buf, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	REAL(sendmsg);
	AROUND(is_netlink(fd), real(fd, msg, flags));
}

ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	REAL(recvmsg);
	AROUND(is_netlink(fd), real(fd, msg, flags));
}

int delete_module(const char *name, unsigned int flags)
{
	AROUND(1, syscall(SYS_delete_module, name, flags));
}

/* kmod loads modules by this. */
long syscall(long nr, ...)
{
	static long (*real)(long nr, ...);
	long a[6];
	va_list ap;
	int i;

	if (!real)
		real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	va_start(ap, nr);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	AROUND(nr == SYS_finit_module || nr == SYS_init_module,
	       real(nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}
