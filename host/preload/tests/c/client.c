/* SPDX-License-Identifier: BSD-2-Clause */
/* A client that behaves in one of several ways; see main(). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "teec.h"

static const TEEC_UUID uuid = { 0x01020304, 0x0506, 0x0708, { 9, 10, 11, 12, 13, 14, 15, 16 } };
static TEEC_Context context;
static TEEC_Session session;
static int calls;

static uint32_t add_one(uint32_t token)
{
	TEEC_Operation op = { .paramTypes = TEEC_PARAM_TYPES(3, 0, 0, 0) };
	uint32_t origin = 0;

	op.params[0].value.a = token;
	if (TEEC_InvokeCommand(&session, 1, &op, &origin))
		abort();
	return op.params[0].value.b;
}

static void begin(void)
{
	if (TEEC_InitializeContext(NULL, &context))
		abort();
	if (TEEC_OpenSession(&context, &session, &uuid, 0, NULL, NULL, NULL))
		abort();
}

static void end(void)
{
	TEEC_CloseSession(&session);
	TEEC_FinalizeContext(&context);
}

/* Every function once, each outcome printed. */
static int forward(void)
{
	TEEC_Operation op = { .paramTypes = TEEC_PARAM_TYPES(6, 0xe, 1, 0xc) };
	TEEC_SharedMemory registered = { .buffer = &op, .size = 64, .flags = 3 };
	TEEC_SharedMemory allocated = { .size = 100, .flags = 2 };
	uint32_t origin = 0;
	char buffer[10] = "";

	printf("%x\n", TEEC_InitializeContext("x", &context));
	begin();
	printf("open %d %d\n", OF(&context, fd), OF(&session, session_id));
	printf("%x", TEEC_OpenSession(&context, NULL, &uuid, 9, NULL, &op, &origin));
	printf(" %d\n", origin);
	printf("%x %x", TEEC_RegisterSharedMemory(&context, &registered),
	       TEEC_AllocateSharedMemory(&context, &allocated));
	printf(" %d %d\n", OF(&registered, id), OF(&allocated, id));
	op.params[0].tmpref.buffer = buffer;
	op.params[0].tmpref.size = sizeof(buffer);
	op.params[1].memref.parent = &allocated;
	op.params[1].memref.size = 50;
	op.params[1].memref.offset = 4;
	op.params[2].value.a = 5;
	op.params[2].value.b = 6;
	op.params[3].memref.parent = &registered;
	printf("%x", TEEC_InvokeCommand(&session, 2, &op, &origin));
	printf(" %zu %zu\n", op.params[0].tmpref.size, op.params[1].memref.size);
	errno = 5;
	printf("%x", TEEC_InvokeCommand(&session, 8, NULL, NULL));
	printf(" %d\n", errno);
	printf("%x\n", TEEC_InvokeCommand(NULL, 1, NULL, NULL));
	TEEC_RequestCancellation(&op);
	printf("%d\n", op.started);
	TEEC_ReleaseSharedMemory(&registered);
	TEEC_ReleaseSharedMemory(&allocated);
	TEEC_CloseSession(NULL);
	errno = 5;
	end();
	printf("%d %d %p\n", errno, OF(&context, fd), allocated.buffer);
	return 0;
}

static void *loop(void *arg)
{
	uint32_t base = (uint32_t)(uintptr_t)arg;
	int i;

	for (i = 0; i < calls; i++)
		if (add_one(base + i) != base + i + 1)
			abort();
	return NULL;
}

static int threads(int n)
{
	pthread_t thread[64];
	int i;

	begin();
	for (i = 0; i < n; i++)
		pthread_create(&thread[i], NULL, loop, (void *)(uintptr_t)(i * calls));
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	end();
	return 0;
}

/* A child, its child, and that one as another program: each calls twice. */
static int forks(char **argv)
{
	int status = 0;

	begin();
	add_one(1);
	if (fork()) {
		wait(&status);
		add_one(2);
		return status;
	}
	add_one(3);
	if (fork()) {
		wait(&status);
		add_one(4);
		_exit(status != 0);
	}
	add_one(5);
	execl(argv[0], argv[0], "threads", "1", "2", NULL);
	_exit(1);
}

static int vforks(void)
{
	int status = 0;

	begin();
	if (!vfork()) {
		add_one(9);
		_exit(0);
	}
	wait(&status);
	add_one(10);
	return status;
}

static void on_alarm(int number)
{
	(void)number;
	add_one(0x80000000);
}

static int signals(void)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } };

	begin();
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	loop(NULL);
	memset(&often, 0, sizeof(often));
	setitimer(ITIMER_REAL, &often, NULL);
	end();
	return 0;
}

static int bench(void)
{
	struct timespec a, b;

	begin();
	add_one(0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	loop(NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%lld\n", (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec);
	return 0;
}

static int forever(void)
{
	uint32_t token;

	begin();
	printf("ready\n");
	fflush(stdout);
	for (token = 0; token < UINT32_MAX; token++)
		add_one(token);
	return 0;
}

static void *stuck(void *arg)
{
	TEEC_InvokeCommand(&session, 3, NULL, NULL);
	return arg;
}

/* Cancels a thread inside a call. */
static int cancel(void)
{
	struct timespec moment = { 0, 50000000 };
	pthread_t thread;
	void *how = NULL;

	begin();
	pthread_create(&thread, NULL, stuck, NULL);
	nanosleep(&moment, NULL);
	pthread_cancel(thread);
	pthread_join(thread, &how);
	add_one(1);
	return how != PTHREAD_CANCELED;
}

/* This program's own malloc, to count by: what the library under test allocates comes here, too. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
static volatile long allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

static int count_allocations(void)
{
	long before;

	before = allocations;
	begin();
	loop(NULL);
	end();
	printf("%ld\n", allocations - before);
	return 0;
}

#define PRINT(call) do { int result = (call); printf("%d %d\n", result, errno); } while (0)

/* Descriptors and mappings in every way; each outcome printed. */
static int fds(void)
{
	int file = open("/proc/self/exe", O_RDONLY);
	int made = open("/tmp/.teeleak-fds-test", O_CREAT | O_RDWR | O_CLOEXEC, 0640);
	struct stat stat = { 0 };
	int copy = dup(made);
	int high = fcntl(made, F_DUPFD_CLOEXEC, 100);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
	int n = 0;

	fstat(made, &stat);
	unlink("/tmp/.teeleak-fds-test");
	printf("%o %d\n", stat.st_mode & 07777, fcntl(made, F_GETFD));
	printf("%d %d\n", copy > made, fcntl(high, F_GETFD));
	printf("%d %d %d\n", high, dup2(copy, copy), dup3(copy, 200, O_CLOEXEC));
	printf("%d %d\n", fcntl(200, F_GETFD), ioctl(file, FIONREAD, &n) == 0 && n > 0);
	printf("%d\n", memcmp(map, "\177ELF", 4));
	PRINT(munmap(map, 4096));
	PRINT(dup2(999, 998));
	PRINT(dup2(999, 999));
	PRINT(close(999));
	PRINT(open("/dev/tee-that-is-not-there", O_RDWR));
	PRINT(openat(AT_FDCWD, "/dev/dma_heap/none", O_RDWR));
	printf("%d\n", mmap(NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED);
	printf("%d %d %d %d\n", close(made), close(copy), close(high), close(200));
	return close(file);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	calls = argc > 2 ? atoi(argv[2]) : 1;
	if (!strcmp(how, "forward"))
		return forward();
	if (!strcmp(how, "fds"))
		return fds();
	if (!strcmp(how, "threads"))
		return threads(argc > 3 ? atoi(argv[3]) : 1);
	if (!strcmp(how, "forks"))
		return forks(argv);
	if (!strcmp(how, "vforks"))
		return vforks();
	if (!strcmp(how, "signals"))
		return signals();
	if (!strcmp(how, "bench"))
		return bench();
	if (!strcmp(how, "forever"))
		return forever();
	if (!strcmp(how, "cancel"))
		return cancel();
	if (!strcmp(how, "allocations"))
		return count_allocations();
	return 2;
}
