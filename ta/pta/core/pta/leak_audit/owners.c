// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Owner numbers are what fits in a tag, they stand for TA instances and PTAs.
 * The number of a TA instance that is gone is given to another one only when
 * the table is full and no live allocation bears it any longer.
 */

#include <bitstring.h>
#include <kernel/spinlock.h>
#include <tee/uuid.h>

#include "private.h"

struct owner {
	TEE_UUID uuid;
	uint32_t instance;
	uint32_t kind;
};

struct live_owners {
	struct leak_audit_walk walk;
	bitstr_t bits[bitstr_size(OWNER_END)];
};

/* Protects the table and the count of instances */
static unsigned int owners_lock;
static struct owner owners[OWNER_END];
static uint32_t last_instance;

static void note_live_owner(struct leak_audit_walk *walk,
			    const struct leak_audit_block *blocks,
			    size_t count)
{
	struct live_owners *live = container_of(walk, struct live_owners,
						walk);
	struct audit_tag tag = { };
	size_t n = 0;

	for (n = 0; n < count; n++) {
		audit_untag(audit_block_tag(blocks + n), &tag);
		if (tag.owner < OWNER_END)
			bit_set(live->bits, tag.owner);
	}
}

static void reclaim_numbers(void)
{
	struct live_owners live = { .walk.visit = note_live_owner };
	uint32_t exceptions = 0;
	uint32_t n = 0;

	if (audit_has_tags())
		leak_audit_walk_heap(false, &live.walk);

	exceptions = cpu_spin_lock_xsave(&owners_lock);
	for (n = OWNER_FIRST_TA; n < OWNER_END; n++)
		if (owners[n].kind == PTA_LEAK_AUDIT_OWNER_TA_GONE &&
		    !bit_test(live.bits, n))
			owners[n].kind = 0;
	cpu_spin_unlock_xrestore(&owners_lock, exceptions);
}

static bool take_number(struct tee_ta_ctx *ctx, uint32_t kind, uint32_t from,
			uint32_t end)
{
	uint32_t exceptions = 0;
	uint32_t n = 0;

	exceptions = cpu_spin_lock_xsave(&owners_lock);
	for (n = from; n < end; n++)
		if (!owners[n].kind)
			break;
	if (n < end)
		owners[n] = (struct owner){ .uuid = *leak_audit_uuid(ctx),
					    .instance = ctx->audit_instance,
					    .kind = kind };
	cpu_spin_unlock_xrestore(&owners_lock, exceptions);
	if (n == end)
		return false;

	ctx->audit_owner = n;
	return true;
}

static bool take_ta_number(struct tee_ta_ctx *ctx)
{
	return take_number(ctx, PTA_LEAK_AUDIT_OWNER_TA, OWNER_FIRST_TA,
			   OWNER_END);
}

static bool add_user_ta(struct tee_ta_ctx *ctx)
{
	uint32_t exceptions = cpu_spin_lock_xsave(&owners_lock);

	ctx->audit_instance = ++last_instance;
	cpu_spin_unlock_xrestore(&owners_lock, exceptions);

	if (take_ta_number(ctx))
		return true;

	reclaim_numbers();
	return take_ta_number(ctx);
}

static bool add_pta(struct tee_ta_ctx *ctx)
{
	return take_number(ctx, PTA_LEAK_AUDIT_OWNER_PTA, OWNER_FIRST_PTA,
			   OWNER_FIRST_TA);
}

void leak_audit_add_ctx(struct tee_ta_ctx *ctx)
{
	bool is_user_ta = leak_audit_is_user_ta(ctx);

	if (ctx->audit_owner)
		return;
	if (is_user_ta ? add_user_ta(ctx) : add_pta(ctx))
		return;

	ctx->audit_owner = OWNER_OTHERS;
	owners[OWNER_OTHERS].kind = PTA_LEAK_AUDIT_OWNER_OTHERS;
}

void leak_audit_del_ctx(struct tee_ta_ctx *ctx)
{
	struct owner *owner = owners + ctx->audit_owner;
	uint32_t exceptions = 0;

	exceptions = cpu_spin_lock_xsave(&owners_lock);
	if (owner->kind == PTA_LEAK_AUDIT_OWNER_TA &&
	    owner->instance == ctx->audit_instance)
		owner->kind = PTA_LEAK_AUDIT_OWNER_TA_GONE;
	cpu_spin_unlock_xrestore(&owners_lock, exceptions);
}

static void add_owner(struct audit_list *list, uint16_t n)
{
	struct pta_leak_audit_owner entry = { .owner = n };
	struct owner owner = { };
	uint32_t exceptions = 0;
	uint64_t start = 0;

	/* Most numbers never stood for anything */
	if (!owners[n].kind)
		return;
	exceptions = cpu_spin_lock_xsave(&owners_lock);
	start = leak_audit_ticks();
	owner = owners[n];
	list->hdr.lock_ticks += leak_audit_ticks() - start;
	cpu_spin_unlock_xrestore(&owners_lock, exceptions);

	if (!owner.kind)
		return;
	tee_uuid_to_octets(entry.uuid, &owner.uuid);
	entry.instance = owner.instance;
	entry.kind = owner.kind;
	audit_list_add(list, &entry);
}

TEE_Result audit_owners(TEE_Param params[TEE_NUM_PARAMS])
{
	struct audit_list list = { };
	uint32_t n = 0;

	audit_list_begin(&list, params, sizeof(struct pta_leak_audit_owner));
	if (params[1].value.b || params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;

	for (n = OWNER_OTHERS; n < OWNER_END; n++)
		add_owner(&list, n);

	return audit_list_end(&list);
}
