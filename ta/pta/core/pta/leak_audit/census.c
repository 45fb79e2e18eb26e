// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Several list replies in one. Each is made by its own command, in what the
 * ones before it left of the buffer.
 */

#include "private.h"

struct parts {
	const TEE_Param *param;
	size_t used;
};

typedef TEE_Result (*list_command)(TEE_Param params[TEE_NUM_PARAMS]);

static const struct {
	uint32_t cmd;
	list_command list;
} tables[] = {
	{ PTA_LEAK_AUDIT_CMD_POOLS, audit_pools },
	{ PTA_LEAK_AUDIT_CMD_OWNERS, audit_owners },
	{ PTA_LEAK_AUDIT_CMD_INSTANCES, audit_instances },
	{ PTA_LEAK_AUDIT_CMD_SESSIONS, audit_sessions },
};

static bool add_part(struct parts *parts, uint32_t cmd, uint32_t value,
		     list_command list)
{
	struct pta_leak_audit_part part = { .cmd = cmd, .value = value };
	uint8_t *at = (uint8_t *)parts->param->memref.buffer + parts->used;
	size_t room = parts->param->memref.size - parts->used;
	TEE_Param params[TEE_NUM_PARAMS] = { };

	/* One byte for the reply: an empty buffer is one of no address */
	if (room <= sizeof(part))
		return false;
	params[0].memref.buffer = at + sizeof(part);
	params[0].memref.size = room - sizeof(part);
	params[1].value.a = value;

	part.result = list(params);
	if (part.result == TEE_ERROR_SHORT_BUFFER)
		return false;
	if (!part.result)
		part.size = params[0].memref.size;
	audit_copy_out(at, &part, sizeof(part));
	parts->used += sizeof(part) + part.size;

	return true;
}

static void add_parts(struct parts *parts, bool with_sites, uint32_t value)
{
	uint32_t instance = 0;
	size_t n = 0;

	/* First, since they need more room while they are counted */
	if (with_sites &&
	    !add_part(parts, PTA_LEAK_AUDIT_CMD_SITES, value, audit_sites))
		return;

	/* Behind them, so that all stacks that they name are there */
	if (with_sites && AUDIT_HAS_STACKS &&
	    !add_part(parts, PTA_LEAK_AUDIT_CMD_STACKS, 0, audit_stacks))
		return;

	for (n = 0; n < ARRAY_SIZE(tables); n++)
		if (!add_part(parts, tables[n].cmd, 0, tables[n].list))
			return;

	while ((instance = audit_next_instance(instance)))
		if (!add_part(parts, PTA_LEAK_AUDIT_CMD_REGIONS, instance,
			      audit_regions))
			return;
}

TEE_Result audit_census(TEE_Param params[TEE_NUM_PARAMS])
{
	struct parts parts = { .param = params };
	if (params[1].value.b > 1 || params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;

	add_parts(&parts, params[1].value.b, params[1].value.a);
	params[0].memref.size = parts.used;

	return TEE_SUCCESS;
}
