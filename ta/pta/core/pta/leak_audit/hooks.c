// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* What the hooks in the core record in the event ring */

#include <kernel/pseudo_ta.h>
#include <kernel/thread.h>
#include <kernel/ts_manager.h>
#include <kernel/user_mode_ctx.h>
#include <kernel/user_ta.h>
#include <mm/vm.h>
#include <string.h>
#include <tee/uuid.h>

#include "private.h"

#if LEAK_AUDIT_HAS_EVENTS

uint64_t leak_audit_start(void)
{
	return audit_ticks();
}

/* True if this thread does something on behalf of the auditor itself */
static bool serves_auditor(void)
{
	struct ts_session *s = NULL;

	TAILQ_FOREACH(s, &thread_get_tsd()->sess_stack, link_tsd)
		if (s->ctx && audit_is_client(&s->ctx->uuid))
			return true;

	return false;
}

static uint32_t instance_of(struct ts_ctx *ctx)
{
	return is_user_ta_ctx(ctx) ? to_ta_ctx(ctx)->audit_instance : 0;
}

/* The TA that this thread runs is the client of what it calls */
static uint32_t current_instance(void)
{
	struct ts_session *s = ts_get_current_session_may_fail();

	return s ? instance_of(s->ctx) : 0;
}

static void set_values(struct pta_leak_audit_event *event, uint32_t n,
		       uint64_t low, uint64_t high)
{
	event->values[n * 2] = low;
	event->values[n * 2 + 1] = high;
}

void leak_audit_open(struct tee_ta_session_head *opener,
		     struct tee_ta_session *s, const TEE_UUID *uuid,
		     const TEE_Identity *client, uint64_t start,
		     TEE_Result res)
{
	struct pta_leak_audit_event event = {
		.kind = PTA_LEAK_AUDIT_EVENT_OPEN,
		.login = client->login,
	};
	uint8_t octets[sizeof(event.uuid)] = { };

	if (audit_is_own(uuid) || audit_opener_is_client(opener) ||
	    serves_auditor())
		return;

	event.opener = audit_opener(opener);
	tee_uuid_to_octets(event.uuid, uuid);
	tee_uuid_to_octets(octets, &client->uuid);
	memcpy(event.values, octets, sizeof(octets));
	if (s) {
		event.session = s->id;
		event.instance = instance_of(s->ts_sess.ctx);
	}
	audit_record_event(&event, start, res);
}

/* Input values are as they came in, nobody writes them back */
static void set_params(struct pta_leak_audit_event *event,
		       const struct tee_ta_param *param)
{
	uint32_t n = 0;

	event->param_types = param->types;
	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		switch (TEE_PARAM_TYPE_GET(param->types, n)) {
		case TEE_PARAM_TYPE_VALUE_INPUT:
		case TEE_PARAM_TYPE_VALUE_OUTPUT:
		case TEE_PARAM_TYPE_VALUE_INOUT:
			set_values(event, n, param->u[n].val.a,
				   param->u[n].val.b);
			break;
		default:
			break;
		}
	}
}

void leak_audit_invoke(struct tee_ta_session *s, uint32_t cmd,
		       const struct tee_ta_param *param, uint64_t start,
		       TEE_Result res)
{
	struct ts_ctx *ctx = s->ts_sess.ctx;
	struct pta_leak_audit_event event = {
		.kind = PTA_LEAK_AUDIT_EVENT_INVOKE,
		.cmd = cmd,
		.session = s->id,
	};

	if (audit_is_own(&ctx->uuid) || serves_auditor())
		return;

	event.opener = current_instance();
	event.instance = instance_of(ctx);
	tee_uuid_to_octets(event.uuid, &ctx->uuid);
	set_params(&event, param);
	audit_record_event(&event, start, res);
}

static void begin(struct leak_audit_pending *p, uint16_t kind,
		  struct ts_ctx *ctx)
{
	p->event = (struct pta_leak_audit_event){
		.kind = kind,
		.ticks = audit_ticks(),
		.instance = instance_of(ctx),
	};
	tee_uuid_to_octets(p->event.uuid, &ctx->uuid);
	p->recorded = !audit_is_own(&ctx->uuid) && !serves_auditor();
}

TEE_Result leak_audit_end(struct leak_audit_pending *p, TEE_Result res)
{
	if (p->recorded)
		audit_record_event(&p->event, p->event.ticks, res);

	return res;
}

void leak_audit_close_begin(struct leak_audit_pending *p,
			    struct tee_ta_session_head *opener,
			    struct tee_ta_session *s)
{
	p->recorded = false;
	if (!s->ts_sess.ctx)
		return;

	begin(p, PTA_LEAK_AUDIT_EVENT_CLOSE, s->ts_sess.ctx);
	p->event.session = s->id;
	p->event.opener = audit_opener(opener);
	if (audit_opener_is_client(opener))
		p->recorded = false;
}

/* While a TA is loaded its regions come and go by the dozen */
static bool is_running_ta(struct user_mode_ctx *uctx)
{
	return is_user_ta_ctx(uctx->ts_ctx) &&
	       to_ta_ctx(uctx->ts_ctx)->audit_instance &&
	       !to_ta_ctx(uctx->ts_ctx)->is_initializing;
}

static void set_region(struct pta_leak_audit_event *event, uint32_t n,
		       uint64_t v)
{
	reg_pair_from_64(v, event->values + n * 2 + 1, event->values + n * 2);
}

void leak_audit_map_begin(struct leak_audit_pending *p,
			  struct user_mode_ctx *uctx, struct mobj *mobj,
			  size_t offs, size_t len)
{
	uint32_t flags = 0;

	p->recorded = false;
	if (!is_running_ta(uctx))
		return;

	begin(p, PTA_LEAK_AUDIT_EVENT_MAP, uctx->ts_ctx);
	set_region(&p->event, 1, ROUNDUP(len, SMALL_PAGE_SIZE));
	set_region(&p->event, 2, audit_address(mobj, offs, &flags));
	p->event.values[6] = flags;
}

/* Parameters are mapped for the time of one call, that's no event */
TEE_Result leak_audit_map_end(struct leak_audit_pending *p, vaddr_t va,
			      uint32_t prot, uint32_t flags, TEE_Result res)
{
	if (flags & VM_FLAG_EPHEMERAL)
		p->recorded = false;
	set_region(&p->event, 0, va);
	p->event.values[6] |= audit_region_flags(prot, flags);

	return leak_audit_end(p, res);
}

void leak_audit_unmap_begin(struct leak_audit_pending *p,
			    struct user_mode_ctx *uctx, vaddr_t va, size_t len)
{
	struct vm_region *r = NULL;
	uint32_t flags = 0;

	p->recorded = false;
	if (!is_running_ta(uctx))
		return;

	begin(p, PTA_LEAK_AUDIT_EVENT_UNMAP, uctx->ts_ctx);
	set_region(&p->event, 0, va);
	set_region(&p->event, 1, ROUNDUP(len, SMALL_PAGE_SIZE));
	TAILQ_FOREACH(r, &uctx->vm_info.regions, link)
		if (va >= r->va && va - r->va < r->size)
			break;
	if (!r)
		return;

	set_region(&p->event, 2,
		   audit_address(r->mobj, r->offset + va - r->va, &flags));
	p->event.values[6] = flags | audit_region_flags(r->attr, r->flags);
	if (r->flags & VM_FLAG_EPHEMERAL)
		p->recorded = false;
}

#endif /*LEAK_AUDIT_HAS_EVENTS*/
