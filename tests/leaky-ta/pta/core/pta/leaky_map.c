// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * A stand-in for a vendor's memory service, for tests only: maps shared memory
 * that the normal world handed to a TA a second time, so that the TA has it
 * beyond the call. Upstream's memory references end with their call; those of
 * a secure video path don't.
 */

#include <kernel/leak_audit_compat.h>
#include <mm/mobj.h>
#if LEAK_AUDIT_TREE_VM_ACCESS_RIGHTS
#include <mm/vm.h>
#else
#include <mm/tee_mmu.h>
#define vm_buf_to_mboj_offs	tee_mmu_vbuf_to_mobj_offs
#endif

#define LEAKY_MAP_UUID \
	{ 0x7d5c8b0f, 0x41c9, 0x4f0e, \
		{ 0x8a, 0x36, 0x0e, 0x5f, 0x2b, 0x97, 0xd1, 0x64 } }

/*
 * [in]     value[0]	address in the calling TA: a high, b low
 * [in]     value[1].a	bytes
 * [out]    value[2]	where it is mapped as well: a high, b low
 */
#define LEAKY_MAP_CMD_KEEP	0

static TEE_Result keep(struct user_mode_ctx *uctx,
		       TEE_Param params[TEE_NUM_PARAMS])
{
	vaddr_t va = reg_pair_to_64(params[0].value.a, params[0].value.b);
	TEE_Result res = TEE_SUCCESS;
	struct mobj *mobj = NULL;
	vaddr_t kept = 0;
	size_t offs = 0;

	res = vm_buf_to_mboj_offs(uctx, (void *)va, params[1].value.a, &mobj,
				  &offs);
	if (res)
		return res;
	if (!mobj_is_nonsec(mobj))
		return TEE_ERROR_ACCESS_DENIED;

	res = vm_map(uctx, &kept, params[1].value.a,
		     TEE_MATTR_URW | TEE_MATTR_PRW, 0, mobj,
		     ROUNDDOWN(offs, SMALL_PAGE_SIZE));
	if (!res)
		reg_pair_from_64(kept, &params[2].value.a, &params[2].value.b);

	return res;
}

static TEE_Result invoke(void *session __unused, uint32_t cmd, uint32_t types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t expected = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
						  TEE_PARAM_TYPE_VALUE_INPUT,
						  TEE_PARAM_TYPE_VALUE_OUTPUT,
						  TEE_PARAM_TYPE_NONE);
	leak_audit_frame *s = leak_audit_calling_frame();
	struct tee_ta_ctx *ctx = s ? leak_audit_frame_ctx(s) : NULL;

	if (!ctx || !leak_audit_is_user_ta(ctx))
		return TEE_ERROR_ACCESS_DENIED;
	if (cmd != LEAKY_MAP_CMD_KEEP)
		return TEE_ERROR_NOT_SUPPORTED;
	if (types != expected)
		return TEE_ERROR_BAD_PARAMETERS;

	return keep(&leak_audit_utc(ctx)->uctx, params);
}

pseudo_ta_register(.uuid = LEAKY_MAP_UUID, .name = "leaky_map.pta",
		   .flags = PTA_DEFAULT_FLAGS | TA_FLAG_CONCURRENT,
		   .invoke_command_entry_point = invoke);
