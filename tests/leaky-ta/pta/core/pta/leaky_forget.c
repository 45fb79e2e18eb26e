// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * For tests only: chooses the statement of forget.toml that the core skips, so
 * that a boot can play one leak after the other.
 */

#include <atomic.h>
#include <kernel/pseudo_ta.h>
#include <leaky_forget.h>
#include <stdlib.h>

#define LEAKY_FORGET_UUID \
	{ 0x2f1f6a3e, 0x90c4, 0x4d5b, \
		{ 0xb7, 0x1d, 0x63, 0x0a, 0x5c, 0xe2, 0x48, 0x97 } }

/*
 * [in]     value[0].a	number of the statement, from 1, 0 for none
 * [in]     value[0].b	1 to skip it each time, 3 for every third time
 */
#define LEAKY_FORGET_CMD_CHOOSE		0

/* Does nothing. No parameters. */
#define LEAKY_FORGET_CMD_PING		1

/* What a session holds, of a size that nothing else has */
struct session_ctx {
	uint8_t bytes[1234];
};

static uint32_t chosen;
static uint32_t period = 1;
static uint32_t count;

bool leaky_forgets(unsigned int n)
{
	return n == chosen && !(atomic_inc32(&count) % period);
}

static TEE_Result choose(uint32_t types, TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t expected = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
						  TEE_PARAM_TYPE_NONE,
						  TEE_PARAM_TYPE_NONE,
						  TEE_PARAM_TYPE_NONE);

	if (types != expected || !params[0].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	period = params[0].value.b;
	count = 0;
	chosen = params[0].value.a;

	return TEE_SUCCESS;
}

static TEE_Result open_session(uint32_t types __unused,
			       TEE_Param params[TEE_NUM_PARAMS] __unused,
			       void **session)
{
	*session = calloc(1, sizeof(struct session_ctx));

	return *session ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
}

static void close_session(void *ctx)
{
	free(ctx);
}

static TEE_Result invoke(void *session __unused, uint32_t cmd, uint32_t types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	switch (cmd) {
	case LEAKY_FORGET_CMD_CHOOSE:
		return choose(types, params);
	case LEAKY_FORGET_CMD_PING:
		return TEE_SUCCESS;
	default:
		return TEE_ERROR_NOT_SUPPORTED;
	}
}

pseudo_ta_register(.uuid = LEAKY_FORGET_UUID, .name = "leaky_forget.pta",
		   .flags = PTA_DEFAULT_FLAGS | TA_FLAG_CONCURRENT,
		   .open_session_entry_point = open_session,
		   .close_session_entry_point = close_session,
		   .invoke_command_entry_point = invoke);
