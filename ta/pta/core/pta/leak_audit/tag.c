// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * For whom, from where and when each block of the core heap was allocated.
 * It's kept in the malloc debug header: in padding on 64-bit cores, in a field
 * that is woven in on 32-bit ones.
 */

#include <initcall.h>
#include <kernel/mutex.h>

#include "private.h"

/* session, server, owner, caller and epoch, from the lowest bit on */
#define SESSION_BITS		10
#define SERVER_BITS		6
#define OWNER_BITS		10
#define CALLER_BITS		22
#define EPOCH_BITS		16

#define SERVER_SHIFT		SESSION_BITS
#define OWNER_SHIFT		(SERVER_SHIFT + SERVER_BITS)
#define CALLER_SHIFT		(OWNER_SHIFT + OWNER_BITS)
#define EPOCH_SHIFT		(CALLER_SHIFT + CALLER_BITS)

/* Set where the other bits of the caller are the number of its call stack */
#define CALLER_IS_STACK		BIT64(CALLER_BITS - 1)

/* Instructions have at least this alignment, so have return addresses */
#ifdef ARM32
#define CALLER_GRANULE_SHIFT	1
#else
#define CALLER_GRANULE_SHIFT	2
#endif

/* Deeper than CFG_CORE_MAX_SYSCALL_RECURSION lets any stack of sessions be */
#define MAX_SESSION_DEPTH	16

audit_assert(EPOCH_SHIFT + EPOCH_BITS == 64);
audit_assert(EPOCH_SHIFT == AUDIT_EPOCH_SHIFT);
audit_assert(!((OWNER_FIRST_TA - 1) >> SERVER_BITS));
audit_assert(!((OWNER_END - 1) >> OWNER_BITS));

static struct mutex mark_mutex = MUTEX_INITIALIZER;
static uint16_t current_epoch;
static uint32_t current_era;
static bool sessions_exist;

static TEE_Result init_tags(void)
{
	sessions_exist = true;

	return TEE_SUCCESS;
}
service_init(init_tags);

static uint64_t get_bits(uint64_t v, unsigned int shift, unsigned int bits)
{
	return (v >> shift) & (BIT64(bits) - 1);
}

/*
 * The innermost user TA on the stack of sessions, and the PTA that it called.
 * A PTA called by the normal world serves nobody's instance.
 */
static void find_owner(struct audit_tag *tag)
{
	struct tee_ta_ctx *ctx = NULL;
	leak_audit_frame *s = NULL;
	unsigned int depth = 0;

	if (!sessions_exist || thread_get_id_may_fail() < 0)
		return;

	TAILQ_FOREACH(s, &thread_get_tsd()->sess_stack, link_tsd) {
		ctx = leak_audit_frame_ctx(s);
		if (depth++ == MAX_SESSION_DEPTH || !ctx)
			return;
		if (leak_audit_is_user_ta(ctx)) {
			tag->owner = ctx->audit_owner;
			tag->session = MIN(leak_audit_frame_session(s)->id,
					   BIT(SESSION_BITS) - 1);
			return;
		}
		if (!tag->server && leak_audit_is_pta(ctx))
			tag->server = ctx->audit_owner;
	}
}

static uint64_t caller_bits(uint32_t offs)
{
	uint64_t bits = offs >> CALLER_GRANULE_SHIFT;

	return bits < CALLER_IS_STACK ? bits : 0;
}

/* Call stacks are for audits: nobody marks an epoch without one */
static uint64_t origin_bits(vaddr_t caller, vaddr_t frame)
{
	uint32_t stack = current_epoch ? audit_stack_add(frame) : 0;
	vaddr_t offs = caller - VCORE_START_VA;

	if (stack)
		return CALLER_IS_STACK | stack;

	return caller && offs < UINT32_MAX ? caller_bits(offs) : 0;
}

uint64_t leak_audit_tag(vaddr_t caller, vaddr_t frame)
{
	struct audit_tag tag = { };

	find_owner(&tag);

	return SHIFT_U64(current_epoch, EPOCH_SHIFT) |
	       SHIFT_U64(origin_bits(caller, frame), CALLER_SHIFT) |
	       SHIFT_U64(tag.owner, OWNER_SHIFT) |
	       SHIFT_U64(tag.server, SERVER_SHIFT) | tag.session;
}

void audit_untag(uint64_t bits, struct audit_tag *tag)
{
	uint64_t origin = get_bits(bits, CALLER_SHIFT, CALLER_BITS);

	tag->session = get_bits(bits, 0, SESSION_BITS);
	tag->server = get_bits(bits, SERVER_SHIFT, SERVER_BITS);
	tag->owner = get_bits(bits, OWNER_SHIFT, OWNER_BITS);
	tag->epoch = get_bits(bits, EPOCH_SHIFT, EPOCH_BITS);
	if (origin & CALLER_IS_STACK) {
		tag->stack = origin & ~CALLER_IS_STACK;
		tag->caller = audit_stack_caller(tag->stack);
	} else {
		tag->stack = 0;
		tag->caller = origin << CALLER_GRANULE_SHIFT;
	}
}

uint16_t audit_epoch(void)
{
	return current_epoch;
}

uint32_t audit_era(void)
{
	return current_era;
}

/* The tag of epoch 0 with the caller in place of its stack */
static uint64_t folded_tag(uint64_t bits)
{
	struct audit_tag tag = { };

	audit_untag(bits, &tag);
	bits &= BIT64(CALLER_SHIFT) - 1;

	return bits | SHIFT_U64(caller_bits(tag.caller), CALLER_SHIFT);
}

static void forget_epoch(struct leak_audit_walk *walk __unused,
			 const struct leak_audit_block *blocks, size_t count)
{
	size_t n = 0;

	for (n = 0; audit_has_tags() && n < count; n++)
		*blocks[n].tag = folded_tag(*blocks[n].tag);
}

/* A block that a corrupt heap hid may bear the number of a stack still */
static void forget_stacks(struct leak_audit_walk *walk)
{
	if (!walk->corrupt)
		audit_stacks_forget();
}

/* What is allocated while the walk goes on may be tagged either way */
static void restart_epochs(void)
{
	struct leak_audit_walk walk = {
		.visit = forget_epoch,
		.end = forget_stacks,
	};

	current_epoch = 1;
	current_era++;
	leak_audit_walk_heap(false, &walk);
}

TEE_Result audit_mark(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t exp_pt = TEE_PARAM_TYPES(TEE_PARAM_TYPE_VALUE_INPUT,
						TEE_PARAM_TYPE_VALUE_OUTPUT,
						TEE_PARAM_TYPE_NONE,
						TEE_PARAM_TYPE_NONE);
	TEE_Result res = TEE_SUCCESS;

	if (ptypes != exp_pt || params[0].value.b ||
	    params[0].value.a & ~PTA_LEAK_AUDIT_MARK_RESTART)
		return TEE_ERROR_BAD_PARAMETERS;

	mutex_lock(&mark_mutex);
	if (params[0].value.a & PTA_LEAK_AUDIT_MARK_RESTART)
		restart_epochs();
	else if (current_epoch < PTA_LEAK_AUDIT_EPOCH_MAX)
		current_epoch++;
	else
		res = TEE_ERROR_OVERFLOW;
	params[1].value.a = current_epoch;
	params[1].value.b = current_era;
	mutex_unlock(&mark_mutex);

	return res;
}
