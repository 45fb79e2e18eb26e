// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * What the hooks in the core record in the event ring. None is called with
 * tee_ta_mutex held, since what it is around takes that mutex itself.
 */

#include <kernel/mutex.h>
#include <mm/core_mmu.h>
#include <string.h>
#include <tee/uuid.h>

#include "private.h"

#if LEAK_AUDIT_HAS_EVENTS

/* What each thread is opening, the innermost first */
static struct leak_audit_pending *opening[CFG_NUM_THREADS];

/* True if this thread does something on behalf of the auditor itself */
static bool serves_auditor(void)
{
	struct tee_ta_ctx *ctx = NULL;
	leak_audit_frame *s = NULL;

	TAILQ_FOREACH(s, &thread_get_tsd()->sess_stack, link_tsd) {
		ctx = leak_audit_frame_ctx(s);
		if (ctx && audit_is_client(leak_audit_uuid(ctx)))
			return true;
	}

	return false;
}

static uint32_t instance_of(struct tee_ta_ctx *ctx)
{
	return ctx && leak_audit_is_user_ta(ctx) ? ctx->audit_instance : 0;
}

/* The TA that this thread runs is the client of what it calls */
static uint32_t current_instance(void)
{
	leak_audit_frame *s = leak_audit_current_frame();

	return s ? instance_of(leak_audit_frame_ctx(s)) : 0;
}

static void begin(struct leak_audit_pending *p, uint16_t kind,
		  const TEE_UUID *uuid, uint32_t instance)
{
	p->event = (struct pta_leak_audit_event){
		.kind = kind,
		.ticks = leak_audit_ticks(),
		.instance = instance,
	};
	tee_uuid_to_octets(p->event.uuid, uuid);
	p->recorded = !audit_is_own(uuid) && !serves_auditor();
}

TEE_Result leak_audit_end(struct leak_audit_pending *p, TEE_Result res)
{
	if (p->recorded)
		audit_record_event(&p->event, p->event.ticks, res);

	return res;
}

static void set_values(struct pta_leak_audit_event *event, uint32_t n,
		       uint64_t low, uint64_t high)
{
	event->values[n * 2] = low;
	event->values[n * 2 + 1] = high;
}

/* Where this thread notes what it opens, NULL if there is no place for that */
static struct leak_audit_pending **opening_of_thread(void)
{
	int thread = thread_get_id_may_fail();

	return thread >= 0 && thread < CFG_NUM_THREADS ? opening + thread :
							 NULL;
}

void leak_audit_open_begin(struct leak_audit_pending *p,
			   struct tee_ta_session_head *opener,
			   const TEE_UUID *uuid, const TEE_Identity *client)
{
	struct leak_audit_pending **innermost = opening_of_thread();
	uint8_t octets[sizeof(p->event.uuid)] = { };

	begin(p, PTA_LEAK_AUDIT_EVENT_OPEN, uuid, 0);
	p->event.login = client->login;
	p->event.opener = audit_opener(opener);
	tee_uuid_to_octets(octets, &client->uuid);
	memcpy(p->event.values, octets, sizeof(octets));
	if (audit_opener_is_client(opener))
		p->recorded = false;
	if (innermost) {
		p->outer = *innermost;
		*innermost = p;
	}
}

void leak_audit_opening(struct tee_ta_session *s)
{
	struct leak_audit_pending **innermost = opening_of_thread();

	if (!innermost || !*innermost)
		return;
	(*innermost)->event.session = s->id;
	(*innermost)->event.instance = instance_of(leak_audit_session_ctx(s));
}

TEE_Result leak_audit_open_end(struct leak_audit_pending *p, TEE_Result res)
{
	struct leak_audit_pending **innermost = opening_of_thread();

	if (innermost)
		*innermost = p->outer;

	return leak_audit_end(p, res);
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

/* A TA that panics loses its context while the mutex is held */
void leak_audit_invoke_begin(struct leak_audit_pending *p,
			     struct tee_ta_session *s, uint32_t cmd)
{
	struct tee_ta_ctx *ctx = NULL;

	p->recorded = false;
	mutex_lock(&tee_ta_mutex);
	ctx = leak_audit_session_ctx(s);
	if (ctx)
		begin(p, PTA_LEAK_AUDIT_EVENT_INVOKE, leak_audit_uuid(ctx),
		      instance_of(ctx));
	mutex_unlock(&tee_ta_mutex);
	p->event.cmd = cmd;
	p->event.session = s->id;
	p->event.opener = current_instance();
}

TEE_Result leak_audit_invoke_end(struct leak_audit_pending *p,
				 const struct tee_ta_param *param,
				 TEE_Result res)
{
	set_params(&p->event, param);

	return leak_audit_end(p, res);
}

static void close_begin(struct leak_audit_pending *p,
			struct tee_ta_session_head *opener,
			struct tee_ta_session *s)
{
	struct tee_ta_ctx *ctx = leak_audit_session_ctx(s);

	if (!ctx)
		return;

	begin(p, PTA_LEAK_AUDIT_EVENT_CLOSE, leak_audit_uuid(ctx),
	      instance_of(ctx));
	p->event.session = s->id;
	p->event.opener = audit_opener(opener);
	if (audit_opener_is_client(opener))
		p->recorded = false;
}

void leak_audit_close_begin(struct leak_audit_pending *p,
			    struct tee_ta_session_head *opener, uint32_t id,
			    const struct tee_ta_session *s)
{
	struct tee_ta_session *found = NULL;

	p->recorded = false;
	mutex_lock(&tee_ta_mutex);
	TAILQ_FOREACH(found, opener, link)
		if (s ? found == s : found->id == id)
			break;
	if (found)
		close_begin(p, opener, found);
	mutex_unlock(&tee_ta_mutex);
}

/* What is refused closes nothing */
TEE_Result leak_audit_close_end(struct leak_audit_pending *p, TEE_Result res)
{
	if (res)
		return res;

	return leak_audit_end(p, res);
}

/* The TA that runs with these mappings, NULL if none does. While a TA is
 * loaded its regions come and go by the dozen.
 */
static struct tee_ta_ctx *running_ta(struct user_mode_ctx *uctx)
{
	struct tee_ta_ctx *ctx = leak_audit_uctx_ta(uctx);

	return ctx && ctx->audit_instance && !leak_audit_is_loading(ctx) ?
	       ctx : NULL;
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
	struct tee_ta_ctx *ctx = running_ta(uctx);
	uint32_t flags = 0;

	p->recorded = false;
	if (!ctx)
		return;

	begin(p, PTA_LEAK_AUDIT_EVENT_MAP, leak_audit_uuid(ctx),
	      instance_of(ctx));
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
	struct tee_ta_ctx *ctx = running_ta(uctx);
	struct vm_region *r = NULL;
	uint32_t flags = 0;

	p->recorded = false;
	if (!ctx)
		return;

	begin(p, PTA_LEAK_AUDIT_EVENT_UNMAP, leak_audit_uuid(ctx),
	      instance_of(ctx));
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
