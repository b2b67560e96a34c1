// SPDX-License-Identifier: GPL-2.0
/*
 * The bench's traffic from user space, with as few copies and system calls as
 * the kernel allows. Each command opens the far end in another network
 * namespace, given by its file, in a process of its own.
 *
 *	tcp NETNS ADDRESS FLOWS MS	bit/s: sendfile in, MSG_TRUNC out
 *	udp NETNS ADDRESS BYTES MS	packets/s: sendmmsg in, recvmmsg out
 *	devices KEYS HUB ADDRESS COUNT	configures devices of many peers
 *	kernel COMMAND...		runs a command of the bench's module
 *
 * A NETNS of a kernel command's arguments, if written as @FILE, is opened and
 * replaced by its descriptor.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user.h"

#define PORT		9001
#define FLOWS_MAX	64
#define FILE_BYTES	(1 << 20)
#define BATCH		64

_Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench-user: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void enter(const char *netns)
{
	int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(netns);
	close(fd);
}

/* Address and length for connect(); bind() gets any address of that family. */
socklen_t address(struct sockaddr_storage *to, const char *text, int port, int any)
{
	struct sockaddr_in6 *in6 = (void *)to;
	struct sockaddr_in *in = (void *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		if (any)
			in6->sin6_addr = in6addr_any;
		return sizeof(*in6);
	}
	if (inet_pton(AF_INET, text, &in->sin_addr) != 1) {
		errno = EINVAL;
		fail(text);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	if (any)
		in->sin_addr.s_addr = htonl(INADDR_ANY);
	return sizeof(*in);
}

static int bound(const char *text, int type)
{
	struct sockaddr_storage at;
	socklen_t len = address(&at, text, PORT, 1);
	int one = 1, fd = socket(at.ss_family, type, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (void *)&at, len))
		fail("bind");
	return fd;
}

static int connected(const char *text, int type, int port)
{
	struct sockaddr_storage to;
	socklen_t len = address(&to, text, port, 0);
	int fd = socket(to.ss_family, type, 0);

	if (fd < 0 || connect(fd, (void *)&to, len))
		fail(text);
	return fd;
}

/* Starts @run in the namespace once it is ready to receive. */
static pid_t far_end(const char *netns, const char *text, int type, void (*run)(int, long *, int),
		     long *count, int arg)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		int fd;

		close(ready[0]);
		enter(netns);
		fd = bound(text, type);
		if (type == SOCK_STREAM && listen(fd, FLOWS_MAX))
			fail("listen");
		close(ready[1]);
		run(fd, count, arg);
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1))
		fail("far end");
	close(ready[0]);
	return pid;
}

static void tcp_sink(int listener, long *count, int flows)
{
	struct pollfd p[FLOWS_MAX];
	int i;

	for (i = 0; i < flows; i++) {
		p[i].fd = accept4(listener, NULL, NULL, flows > 1 ? SOCK_NONBLOCK : 0);
		if (p[i].fd < 0)
			fail("accept");
		p[i].events = POLLIN;
	}
	while (flows == 1) {
		ssize_t got = recv(p[0].fd, NULL, 1 << 20, MSG_TRUNC);

		if (got <= 0)
			return;
		*count += got;
	}
	while (poll(p, flows, -1) > 0) {
		for (i = 0; i < flows; i++) {
			ssize_t got;

			if (!p[i].revents)
				continue;
			got = recv(p[i].fd, NULL, 1 << 20, MSG_TRUNC);
			if (got > 0)
				*count += got;
			else if (got == 0 || errno != EAGAIN)
				p[i].fd = -1;
		}
	}
}

static long tcp(char **arg)
{
	int flows = atoi(arg[2]), i, file = memfd_create("bench", 0);
	uint64_t end, start, ms = atoi(arg[3]);
	struct pollfd p[FLOWS_MAX];
	off_t at[FLOWS_MAX] = {};
	long *count, before;
	pid_t pid;

	if (flows < 1 || flows > FLOWS_MAX || file < 0 || ftruncate(file, FILE_BYTES))
		fail("tcp");
	/* Pages of their own, not the zero page. */
	for (i = 0; i < FILE_BYTES; i += 4096)
		if (pwrite(file, &i, sizeof(i), i) < 0)
			fail("pwrite");
	count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = far_end(arg[0], arg[1], SOCK_STREAM, tcp_sink, count, flows);
	for (i = 0; i < flows; i++) {
		p[i].fd = connected(arg[1], SOCK_STREAM, PORT);
		p[i].events = POLLOUT;
		if (flows > 1)
			fcntl(p[i].fd, F_SETFL, O_NONBLOCK);
	}
	/* The first quarter is for the window to open. */
	start = now_ns();
	end = start + ms * 250000;
	before = -1;
	while (1) {
		uint64_t now = now_ns();

		if (now >= end) {
			if (before >= 0) {
				end = now;
				break;
			}
			before = *(volatile long *)count;
			start = now;
			end = now + ms * 1000000;
		}
		if (flows > 1 && poll(p, flows, 100) < 0)
			fail("poll");
		for (i = 0; i < flows; i++) {
			if (flows > 1 && !(p[i].revents & POLLOUT))
				continue;
			if (at[i] == FILE_BYTES)
				at[i] = 0;
			if (sendfile(p[i].fd, file, &at[i], FILE_BYTES - at[i]) < 0 &&
			    errno != EAGAIN)
				fail("sendfile");
		}
	}
	before = *(volatile long *)count - before;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return before * 8e9 / (end - start);
}

static void udp_sink(int fd, long *count, int size)
{
	static char room[BATCH][2048];
	struct mmsghdr m[BATCH] = {};
	struct iovec v[BATCH];
	int i, got, bytes = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	for (i = 0; i < BATCH; i++) {
		v[i] = (struct iovec){ room[i], size };
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	while ((got = recvmmsg(fd, m, BATCH, MSG_WAITFORONE, NULL)) > 0)
		*count += got;
}

static long udp(char **arg)
{
	int size = atoi(arg[2]), i, fd;
	uint64_t start, now, ms = atoi(arg[3]);
	static char data[2048];
	struct mmsghdr m[BATCH] = {};
	struct iovec v = { data, size };
	long *count, came;
	pid_t pid;

	if (size < 1 || size > (int)sizeof(data))
		fail("udp");
	count = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = far_end(arg[0], arg[1], SOCK_DGRAM, udp_sink, count, size);
	fd = connected(arg[1], SOCK_DGRAM, PORT);
	for (i = 0; i < BATCH; i++) {
		m[i].msg_hdr.msg_iov = &v;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	start = now_ns();
	do {
		if (sendmmsg(fd, m, BATCH, 0) < 0 && errno != ENOBUFS)
			fail("sendmmsg");
		now = now_ns();
	} while (now - start < ms * 1000000);
	came = *(volatile long *)count;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return came * 1e9 / (now - start);
}

static int kernel(int argc, char **arg)
{
	char command[1024] = "";
	int fd = open("/proc/culvert_bench", O_RDWR), i;
	size_t at = 0;
	ssize_t got;

	if (fd < 0)
		fail("/proc/culvert_bench");
	for (i = 0; i < argc && at < sizeof(command); i++) {
		if (arg[i][0] == '@') {
			int opened = open(arg[i] + 1, O_RDONLY);

			if (opened < 0)
				fail(arg[i] + 1);
			at += snprintf(command + at, sizeof(command) - at, "%d ", opened);
		} else {
			at += snprintf(command + at, sizeof(command) - at, "%s ", arg[i]);
		}
	}
	if (write(fd, command, strlen(command)) < 0)
		fail(command);
	got = read(fd, command, sizeof(command));
	if (got < 0)
		fail("read");
	fwrite(command, 1, got, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	long result;

	if (argc > 2 && !strcmp(argv[1], "kernel"))
		return kernel(argc - 2, argv + 2);
	if (argc != 6) {
		fprintf(stderr, "usage: bench-user tcp|udp|devices|kernel ...\n");
		return 2;
	}
	if (!strcmp(argv[1], "tcp"))
		result = tcp(argv + 2);
	else if (!strcmp(argv[1], "udp"))
		result = udp(argv + 2);
	else
		result = devices(argv + 2);
	printf("%ld\n", result);
	return 0;
}
