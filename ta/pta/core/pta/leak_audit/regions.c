// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

#include <kernel/mutex.h>

#include "private.h"

/* Requires tee_ta_mutex to be held */
static struct tee_ta_ctx *find_instance(uint32_t instance)
{
	struct tee_ta_ctx *ctx = NULL;

	TAILQ_FOREACH(ctx, &tee_ctxes, link)
		if (leak_audit_is_user_ta(ctx) &&
		    ctx->audit_instance == instance)
			return ctx;

	return NULL;
}

static void add_region(struct audit_list *list, const struct vm_region *r)
{
	struct pta_leak_audit_region entry = {
		.va = r->va,
		.size = r->size,
		.attr = r->attr,
		.flags = audit_region_flags(r->attr, r->flags),
	};

	entry.pa = audit_address(r->mobj, r->offset, &entry.flags);
	audit_list_add(list, &entry);
}

static TEE_Result add_regions(struct audit_list *list, uint32_t instance)
{
	struct tee_ta_ctx *ctx = find_instance(instance);
	struct vm_region *r = NULL;

	if (!ctx)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (!audit_ctx_is_idle(ctx)) {
		list->hdr.flags |= PTA_LEAK_AUDIT_REPLY_BUSY;
		return TEE_SUCCESS;
	}

	TAILQ_FOREACH(r, &leak_audit_vm_info(ctx)->regions, link)
		add_region(list, r);

	return TEE_SUCCESS;
}

TEE_Result audit_regions(TEE_Param params[TEE_NUM_PARAMS])
{
	struct audit_list list = { };
	TEE_Result res = TEE_SUCCESS;
	uint64_t start = 0;

	audit_list_begin(&list, params, sizeof(struct pta_leak_audit_region));
	if (params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	list.start = params[1].value.b;

	mutex_lock(&tee_ta_mutex);
	start = leak_audit_ticks();
	res = add_regions(&list, params[1].value.a);
	list.hdr.lock_ticks = leak_audit_ticks() - start;
	mutex_unlock(&tee_ta_mutex);
	if (res)
		return res;

	return audit_list_end(&list);
}
