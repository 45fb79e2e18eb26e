// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Leak audit PTA, see pta_leak_audit.h. It may be entered by several threads
 * at a time: a PTA that isn't concurrent would wait for whatever single
 * instance TA happens to be running, which is just what is to be looked at.
 */

#include <string_ext.h>

#include "private.h"

#define PTA_NAME	"leak_audit.pta"

static const struct {
	uint32_t cmd;
	TEE_Result (*list)(TEE_Param params[TEE_NUM_PARAMS]);
} lists[] = {
	{ PTA_LEAK_AUDIT_CMD_SITES, audit_sites },
	{ PTA_LEAK_AUDIT_CMD_RECORDS, audit_records },
	{ PTA_LEAK_AUDIT_CMD_OWNERS, audit_owners },
	{ PTA_LEAK_AUDIT_CMD_INSTANCES, audit_instances },
	{ PTA_LEAK_AUDIT_CMD_SESSIONS, audit_sessions },
	{ PTA_LEAK_AUDIT_CMD_REGIONS, audit_regions },
	{ PTA_LEAK_AUDIT_CMD_EVENTS, audit_events },
	{ PTA_LEAK_AUDIT_CMD_POOLS, audit_pools },
	{ PTA_LEAK_AUDIT_CMD_CENSUS, audit_census },
	{ PTA_LEAK_AUDIT_CMD_STACKS, audit_stacks },
};

/* What the session says and what the stack of sessions says have to agree */
static bool caller_is_client(void)
{
	leak_audit_frame *s = leak_audit_current_frame();
	leak_audit_frame *caller = leak_audit_calling_frame();
	struct tee_ta_ctx *ctx = caller ? leak_audit_frame_ctx(caller) : NULL;
	const TEE_Identity *id = &leak_audit_frame_session(s)->clnt_id;

	return ctx && leak_audit_is_user_ta(ctx) &&
	       audit_is_client(leak_audit_uuid(ctx)) &&
	       id->login == TEE_LOGIN_TRUSTED_APP && audit_is_client(&id->uuid);
}

static TEE_Result open_session(uint32_t ptypes,
			       TEE_Param params[TEE_NUM_PARAMS] __unused,
			       void **sess_ctx __unused)
{
	if (!caller_is_client())
		return TEE_ERROR_ACCESS_DENIED;
	if (ptypes)
		return TEE_ERROR_BAD_PARAMETERS;

	return TEE_SUCCESS;
}

static void close_session(void *sess_ctx __unused)
{
	audit_canary_session_closed();
}

static uint32_t get_features(void)
{
	uint32_t features = 0;

	if (audit_has_records())
		features |= PTA_LEAK_AUDIT_FEATURE_RECORDS;
	if (audit_has_tags())
		features |= PTA_LEAK_AUDIT_FEATURE_TAGS;
	if (IS_ENABLED(CFG_LEAK_AUDIT_RAW_ADDRESSES))
		features |= PTA_LEAK_AUDIT_FEATURE_RAW;
	if (LEAK_AUDIT_HAS_EVENTS)
		features |= PTA_LEAK_AUDIT_FEATURE_EVENTS;
	if (IS_ENABLED(CFG_WITH_STATS))
		features |= PTA_LEAK_AUDIT_FEATURE_POOLS;
	if (AUDIT_HAS_STACKS)
		features |= PTA_LEAK_AUDIT_FEATURE_STACKS;

	return features;
}

static void fill_info(struct pta_leak_audit_info *info)
{
	*info = (struct pta_leak_audit_info){
		.version = PTA_LEAK_AUDIT_VERSION,
		.features = get_features(),
		.boot = audit_boot_id(),
		.ticks = leak_audit_ticks(),
		.epoch = audit_epoch(),
		.era = audit_era(),
		.event_room = CFG_LEAK_AUDIT_EVENTS,
		.max_owners = CFG_LEAK_AUDIT_OWNERS,
	};
	info->tick_hz = leak_audit_tick_hz();
	if (IS_ENABLED(CFG_LEAK_AUDIT_RAW_ADDRESSES))
		info->load_addr = VCORE_START_VA;
	strlcpy(info->release, core_v_str, sizeof(info->release));
}

static TEE_Result get_info(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t exp_pt = TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT,
						TEE_PARAM_TYPE_NONE,
						TEE_PARAM_TYPE_NONE,
						TEE_PARAM_TYPE_NONE);
	struct pta_leak_audit_info info = { };
	TEE_Result res = TEE_SUCCESS;
	size_t size = 0;

	if (ptypes != exp_pt)
		return TEE_ERROR_BAD_PARAMETERS;
	res = audit_check_buffer(params);
	if (res)
		return res;

	size = params[0].memref.size;
	params[0].memref.size = sizeof(info);
	if (size < sizeof(info))
		return TEE_ERROR_SHORT_BUFFER;

	fill_info(&info);
	audit_copy_out(params[0].memref.buffer, &info, sizeof(info));

	return TEE_SUCCESS;
}

static TEE_Result list(uint32_t cmd, uint32_t ptypes,
		       TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Result res = TEE_SUCCESS;
	size_t n = 0;

	for (n = 0; n < ARRAY_SIZE(lists); n++)
		if (lists[n].cmd == cmd)
			break;
	if (n == ARRAY_SIZE(lists))
		return TEE_ERROR_NOT_SUPPORTED;
	res = audit_check_list(ptypes, params);
	if (res)
		return res;

	return lists[n].list(params);
}

static TEE_Result invoke_command(void *sess_ctx __unused, uint32_t cmd,
				 uint32_t ptypes,
				 TEE_Param params[TEE_NUM_PARAMS])
{
	if (!caller_is_client())
		return TEE_ERROR_ACCESS_DENIED;

	switch (cmd) {
	case PTA_LEAK_AUDIT_CMD_INFO:
		return get_info(ptypes, params);
	case PTA_LEAK_AUDIT_CMD_MARK:
		return audit_mark(ptypes, params);
	case PTA_LEAK_AUDIT_CMD_CANARY:
		return audit_canary(ptypes, params);
	default:
		return list(cmd, ptypes, params);
	}
}

pseudo_ta_register(.uuid = PTA_LEAK_AUDIT_UUID, .name = PTA_NAME,
		   .flags = PTA_DEFAULT_FLAGS | TA_FLAG_CONCURRENT,
		   .open_session_entry_point = open_session,
		   .close_session_entry_point = close_session,
		   .invoke_command_entry_point = invoke_command);
