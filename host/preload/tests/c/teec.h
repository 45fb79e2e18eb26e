/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Just enough of the TEE Client API for the tests, in the layouts of libteec.so.1 (TEEC_ABI 1) and
 * libteec.so.2 (TEEC_ABI 2).
 */
#ifndef TEEC_H
#define TEEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef TEEC_ABI
#define TEEC_ABI 2
#endif

#if TEEC_ABI == 1
#define PRIVATE(fields, name) fields
#define OF(object, field) ((object)->field)
#else
#define PRIVATE(fields, name) struct { fields } name;
#define OF(object, field) ((object)->imp.field)
#endif

typedef uint32_t TEEC_Result;

typedef struct {
	PRIVATE(int fd; bool reg_mem; bool memref_null;, imp)
} TEEC_Context;

typedef struct {
	uint32_t timeLow;
	uint16_t timeMid;
	uint16_t timeHiAndVersion;
	uint8_t clockSeqAndNode[8];
} TEEC_UUID;

typedef struct {
	void *buffer;
	size_t size;
	uint32_t flags;
	PRIVATE(int id; size_t alloced_size; void *shadow_buffer; int registered_fd; uint32_t more;,
		imp)
} TEEC_SharedMemory;

typedef union {
	struct { void *buffer; size_t size; } tmpref;
	struct { TEEC_SharedMemory *parent; size_t size; size_t offset; } memref;
	struct { uint32_t a; uint32_t b; } value;
} TEEC_Parameter;

typedef struct {
	PRIVATE(TEEC_Context *ctx; uint32_t session_id;, imp)
} TEEC_Session;

typedef struct {
	uint32_t started;
	uint32_t paramTypes;
	TEEC_Parameter params[4];
	PRIVATE(TEEC_Session *session;, imp)
} TEEC_Operation;

#define TEEC_PARAM_TYPES(a, b, c, d) ((a) | (b) << 4 | (c) << 8 | (d) << 12)

TEEC_Result TEEC_InitializeContext(const char *name, TEEC_Context *context);
void TEEC_FinalizeContext(TEEC_Context *context);
TEEC_Result TEEC_OpenSession(TEEC_Context *context, TEEC_Session *session,
			     const TEEC_UUID *destination, uint32_t method, const void *data,
			     TEEC_Operation *operation, uint32_t *origin);
void TEEC_CloseSession(TEEC_Session *session);
TEEC_Result TEEC_InvokeCommand(TEEC_Session *session, uint32_t cmd, TEEC_Operation *operation,
			       uint32_t *origin);
TEEC_Result TEEC_RegisterSharedMemory(TEEC_Context *context, TEEC_SharedMemory *memory);
TEEC_Result TEEC_RegisterSharedMemoryFileDescriptor(TEEC_Context *context,
						    TEEC_SharedMemory *memory, int fd);
TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context *context, TEEC_SharedMemory *memory);
void TEEC_ReleaseSharedMemory(TEEC_SharedMemory *memory);
void TEEC_RequestCancellation(TEEC_Operation *operation);

#endif
