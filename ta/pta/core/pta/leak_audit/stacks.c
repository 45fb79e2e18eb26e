// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Call stacks of allocations. A tag has room for the number of one only, so
 * each is kept once, in a table that never moves an entry: its number is its
 * place. The table is changed with the heap locked, and by nothing but the
 * allocations of an audit. An entry that is read without the lock may be half
 * written, but then no tag that was read before can bear its number.
 */

#include <kernel/thread.h>
#include <string.h>

#include "private.h"

#if AUDIT_HAS_STACKS
#if LEAK_AUDIT_TREE_STRIP_PAC
#include <unw/unwind.h>
#endif

/* Up to 3.16 the text ends where the read-only data begin */
#if !LEAK_AUDIT_TREE_TEXT_END
#define __text_end	__rodata_start
#endif

/* Keeps what an allocation costs the same, however full the table is */
#define MAX_PROBES	MIN(16U, (unsigned int)CFG_LEAK_AUDIT_STACKS)

/* A frame record of AAPCS64: where the next one is, and where to return to */
struct frame_record {
	vaddr_t next;
	uint64_t return_to;
};

/* The first frame is 0 if the entry is free */
struct call_stack {
	uint32_t frames[PTA_LEAK_AUDIT_FRAMES];
};

static struct call_stack stacks[CFG_LEAK_AUDIT_STACKS];
static uint32_t lost;

/* A number has to fit in a tag, and all of them in one reply */
audit_assert(CFG_LEAK_AUDIT_STACKS < UINT16_MAX);
audit_assert(sizeof(struct call_stack) ==
	      sizeof(((struct pta_leak_audit_stack *)0)->frames));

static bool is_inside(vaddr_t va, const uint8_t *start, const uint8_t *end)
{
	return va >= (vaddr_t)start && va < (vaddr_t)end;
}

static bool is_text(vaddr_t va)
{
	if (is_inside(va, __text_start, __text_end))
		return true;
#if defined(CFG_WITH_PAGER) && LEAK_AUDIT_TREE_INIT_SECTIONS
	if (is_inside(va, __text_init_start, __text_init_end) ||
	    is_inside(va, __text_pageable_start, __text_pageable_end))
		return true;
#endif

	return false;
}

/*
 * Nothing but the stack that is in use is read, which is mapped. What is read
 * may be anything: the last record before a return from user mode holds what
 * the TA had in its frame pointer.
 */
static void unwind(vaddr_t va, struct call_stack *stack)
{
	const struct frame_record *record = NULL;
	uint64_t return_to = 0;
	vaddr_t start = 0;
	vaddr_t end = 0;
	size_t n = 0;

	if (!get_stack_hard_limits(&start, &end))
		return;

	for (n = 0; n < PTA_LEAK_AUDIT_FRAMES; n++) {
		if (!AUDIT_ALIGNED(va, sizeof(vaddr_t)) || va < start ||
		    va > end - sizeof(*record))
			return;
		record = (const struct frame_record *)va;
		return_to = record->return_to;
#if LEAK_AUDIT_TREE_STRIP_PAC
		pauth_strip_pac(&return_to);
#endif
		if (!is_text(return_to))
			return;
		stack->frames[n] = return_to - VCORE_START_VA;
		start = va + sizeof(*record);
		va = record->next;
	}
}

static uint32_t find_place(const struct call_stack *stack)
{
	const uint32_t *f = stack->frames;
	uint64_t hash = audit_mix(reg_pair_to_64(f[0], f[1]),
				  reg_pair_to_64(f[2], f[3]));

	return ((hash >> 32) * CFG_LEAK_AUDIT_STACKS) >> 32;
}

uint32_t audit_stack_add(vaddr_t frame)
{
	struct call_stack stack = { };
	uint32_t place = 0;
	size_t n = 0;

	unwind(frame, &stack);
	/* A stack that ends here shows no more than its caller */
	if (!stack.frames[0] || !stack.frames[1])
		return 0;

	place = find_place(&stack);
	for (n = 0; n < MAX_PROBES; n++) {
		if (!stacks[place].frames[0])
			stacks[place] = stack;
		if (!memcmp(stacks + place, &stack, sizeof(stack)))
			return place + 1;
		if (++place == CFG_LEAK_AUDIT_STACKS)
			place = 0;
	}
	if (lost < UINT32_MAX)
		lost++;

	return 0;
}

uint32_t audit_stack_caller(uint32_t number)
{
	if (!number || number > CFG_LEAK_AUDIT_STACKS)
		return 0;

	return stacks[number - 1].frames[0];
}

void audit_stacks_forget(void)
{
	memset(stacks, 0, sizeof(stacks));
	lost = 0;
}

static void add_stack(struct audit_list *list, uint32_t place)
{
	struct pta_leak_audit_reply *hdr = &list->hdr;
	struct pta_leak_audit_stack entry = { .stack = place + 1 };

	hdr->total++;
	if (place < list->start || hdr->next)
		return;
	if (hdr->count == list->room) {
		hdr->next = place;
		return;
	}

	memcpy(entry.frames, stacks[place].frames, sizeof(entry.frames));
	audit_copy_out(audit_list_entry(list, hdr->count), &entry,
		       sizeof(entry));
	hdr->count++;
}

static TEE_Result add_stacks(struct audit_list *list)
{
	uint32_t n = 0;

	for (n = 0; n < CFG_LEAK_AUDIT_STACKS; n++)
		if (stacks[n].frames[0])
			add_stack(list, n);
	list->hdr.lost = lost;
	list->hdr.generation = audit_era();

	return TEE_SUCCESS;
}
#else
static TEE_Result add_stacks(struct audit_list *list __unused)
{
	return TEE_ERROR_NOT_SUPPORTED;
}
#endif

TEE_Result audit_stacks(TEE_Param params[TEE_NUM_PARAMS])
{
	struct audit_list list = { };
	TEE_Result res = TEE_SUCCESS;

	audit_list_begin(&list, params, sizeof(struct pta_leak_audit_stack));
	if (params[1].value.b || params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	res = add_stacks(&list);
	if (res)
		return res;

	return audit_list_end(&list);
}
