// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

#include <kernel/mutex.h>
#include <tee/tee_obj.h>
#include <tee/uuid.h>

#include "private.h"

static bool is_caller(struct tee_ta_ctx *ctx)
{
	leak_audit_frame *caller = leak_audit_calling_frame();

	return caller && leak_audit_frame_ctx(caller) == ctx;
}

/*
 * A region map is changed only by the thread that runs the TA. Becoming busy
 * takes tee_ta_mutex, so with that held the map of an idle TA stays as it is,
 * and that of the calling TA does since it's this thread that runs it.
 */
bool audit_ctx_is_idle(struct tee_ta_ctx *ctx)
{
	if (ctx->flags & TA_FLAG_CONCURRENT)
		return false;

	return is_caller(ctx) || (!ctx->busy && !leak_audit_is_loading(ctx) &&
				  !leak_audit_is_releasing(ctx));
}

static uint32_t get_state(struct tee_ta_ctx *ctx)
{
	uint32_t state = 0;

	if (!audit_ctx_is_idle(ctx))
		state |= PTA_LEAK_AUDIT_INSTANCE_BUSY;
	if (ctx->panicked)
		state |= PTA_LEAK_AUDIT_INSTANCE_PANICKED;
	if (leak_audit_is_loading(ctx))
		state |= PTA_LEAK_AUDIT_INSTANCE_INITIALIZING;
	if (leak_audit_is_releasing(ctx))
		state |= PTA_LEAK_AUDIT_INSTANCE_RELEASING;

	return state;
}

/* The lowest number above @after, 0 if there is none */
uint32_t audit_next_instance(uint32_t after)
{
	struct tee_ta_ctx *ctx = NULL;
	uint32_t next = 0;

	mutex_lock(&tee_ta_mutex);
	TAILQ_FOREACH(ctx, &tee_ctxes, link)
		if (leak_audit_is_user_ta(ctx) &&
		    ctx->audit_instance > after &&
		    (!next || ctx->audit_instance < next))
			next = ctx->audit_instance;
	mutex_unlock(&tee_ta_mutex);

	return next;
}

/* Handles are made and given back by system calls, so by that thread, too */
static void count_handles(struct pta_leak_audit_instance *entry,
			  struct user_ta_ctx *utc)
{
	struct tee_obj *o = NULL;

	TAILQ_FOREACH(o, &utc->objects, link)
		entry->n_objects++;
	entry->n_operations = leak_audit_count_operations(utc);
	entry->n_enumerators = leak_audit_count_enumerators(utc);
	entry->state |= PTA_LEAK_AUDIT_INSTANCE_HANDLES;
}

static void add_instance(struct audit_list *list, struct tee_ta_ctx *ctx)
{
	struct user_ta_ctx *utc = leak_audit_utc(ctx);
	struct pta_leak_audit_instance entry = {
		.instance = ctx->audit_instance,
		.state = get_state(ctx),
		.ta_flags = ctx->flags,
		.ref_count = ctx->ref_count,
	};
	struct vm_region *r = NULL;

	tee_uuid_to_octets(entry.uuid, leak_audit_uuid(ctx));
	if (ctx->panicked)
		entry.panic_code = ctx->panic_code;
	if (!(entry.state & PTA_LEAK_AUDIT_INSTANCE_BUSY)) {
		TAILQ_FOREACH(r, &utc->uctx.vm_info.regions, link) {
			entry.mapped += r->size;
			entry.n_regions++;
		}
		count_handles(&entry, utc);
	}
	audit_list_add(list, &entry);
}

TEE_Result audit_instances(TEE_Param params[TEE_NUM_PARAMS])
{
	struct audit_list list = { };
	struct tee_ta_ctx *ctx = NULL;
	uint64_t start = 0;

	audit_list_begin(&list, params, sizeof(struct pta_leak_audit_instance));
	if (params[1].value.b || params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;

	mutex_lock(&tee_ta_mutex);
	start = leak_audit_ticks();
	TAILQ_FOREACH(ctx, &tee_ctxes, link)
		if (leak_audit_is_user_ta(ctx))
			add_instance(&list, ctx);
	list.hdr.lock_ticks = leak_audit_ticks() - start;
	mutex_unlock(&tee_ta_mutex);

	return audit_list_end(&list);
}
