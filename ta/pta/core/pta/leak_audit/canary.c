// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* A leak made on purpose: a census that doesn't find it can't be trusted */

#include <kernel/mutex.h>
#include <stdlib.h>

#include "private.h"

static struct mutex canary_mutex = MUTEX_INITIALIZER;
static leak_audit_frame *canary_session;
static void *canary;

static void clear_canary(void)
{
	free(canary);
	canary = NULL;
	canary_session = NULL;
}

/* Returns the line of the allocation, which malloc debug keeps as well */
static uint32_t plant_canary(size_t size)
{
	uint32_t line = 0;

	clear_canary();
	canary_session = leak_audit_current_frame();
	line = __LINE__ + 1;
	canary = malloc(size);

	return line;
}

void audit_canary_session_closed(void)
{
	mutex_lock(&canary_mutex);
	if (canary_session == leak_audit_current_frame())
		clear_canary();
	mutex_unlock(&canary_mutex);
}

static bool is_valid(const TEE_Param *param)
{
	if (param->value.a == PTA_LEAK_AUDIT_CANARY_CLEAR)
		return !param->value.b;

	return param->value.a == PTA_LEAK_AUDIT_CANARY_PLANT &&
	       param->value.b && param->value.b <= PTA_LEAK_AUDIT_CANARY_MAX;
}

TEE_Result audit_canary(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t exp_pt = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
						TEE_PARAM_TYPE_VALUE_OUTPUT,
						TEE_PARAM_TYPE_NONE,
						TEE_PARAM_TYPE_NONE);
	TEE_Result res = TEE_SUCCESS;

	if (ptypes != exp_pt || !is_valid(params))
		return TEE_ERROR_BAD_PARAMETERS;
	if (!audit_has_records())
		return TEE_ERROR_NOT_SUPPORTED;

	params[1].value.a = 0;
	params[1].value.b = audit_epoch();

	mutex_lock(&canary_mutex);
	if (params[0].value.a == PTA_LEAK_AUDIT_CANARY_CLEAR) {
		clear_canary();
	} else {
		params[1].value.a = plant_canary(params[0].value.b);
		if (!canary)
			res = TEE_ERROR_OUT_OF_MEMORY;
	}
	mutex_unlock(&canary_mutex);

	return res;
}
