/* SPDX-License-Identifier: BSD-2-Clause */
/* A libteec without a TEE: answers from its arguments alone. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "teec.h"

#define ERROR_BAD_PARAMETERS 0xffff0006
#define ORIGIN_API 1
#define ORIGIN_TA 4

static uint32_t sessions;

TEEC_Result TEEC_InitializeContext(const char *name, TEEC_Context *context)
{
	if (name)
		return ERROR_BAD_PARAMETERS;
	OF(context, fd) = 40;
	return 0;
}

void TEEC_FinalizeContext(TEEC_Context *context)
{
	OF(context, fd) = -1;
}

TEEC_Result TEEC_OpenSession(TEEC_Context *context, TEEC_Session *session,
			     const TEEC_UUID *destination, uint32_t method, const void *data,
			     TEEC_Operation *operation, uint32_t *origin)
{
	(void)data;
	if (origin)
		*origin = ORIGIN_API;
	if (!context || !session || !destination || method > 6)
		return ERROR_BAD_PARAMETERS;
	if (operation)
		OF(operation, session) = session;
	OF(session, ctx) = context;
	OF(session, session_id) = __atomic_add_fetch(&sessions, 1, __ATOMIC_RELAXED);
	return 0;
}

void TEEC_CloseSession(TEEC_Session *session)
{
	if (session)
		OF(session, session_id) = 0;
}

/* Command 1: b = a + 1. 2: a memref shrinks to 3 bytes. 3: sleeps for ever. Else: fails. */
TEEC_Result TEEC_InvokeCommand(TEEC_Session *session, uint32_t cmd, TEEC_Operation *operation,
			       uint32_t *origin)
{
	if (origin)
		*origin = ORIGIN_TA;
	if (!session)
		return ERROR_BAD_PARAMETERS;
	switch (cmd) {
	case 1:
		operation->params[0].value.b = operation->params[0].value.a + 1;
		return 0;
	case 2:
		operation->params[0].tmpref.size = 3;
		operation->params[1].memref.size = 3;
		return 0;
	case 3:
		for (;;)
			pause();
	default:
		errno = 77;
		return 0xffff0000 | cmd;
	}
}

TEEC_Result TEEC_RegisterSharedMemory(TEEC_Context *context, TEEC_SharedMemory *memory)
{
	OF(memory, id) = OF(context, fd) + 2;
	return 0;
}

TEEC_Result TEEC_RegisterSharedMemoryFileDescriptor(TEEC_Context *context,
						    TEEC_SharedMemory *memory, int fd)
{
	OF(memory, id) = OF(context, fd) + fd;
	return 0;
}

TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context *context, TEEC_SharedMemory *memory)
{
	memory->buffer = malloc(memory->size);
	OF(memory, id) = OF(context, fd) + 3;
	return memory->buffer ? 0 : 0xffff000c;
}

void TEEC_ReleaseSharedMemory(TEEC_SharedMemory *memory)
{
	if (OF(memory, id) == 43)
		free(memory->buffer);
	memory->buffer = NULL;
	OF(memory, id) = -1;
}

void TEEC_RequestCancellation(TEEC_Operation *operation)
{
	operation->started = 2;
}
