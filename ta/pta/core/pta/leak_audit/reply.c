// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * List replies. The buffer is memory of the calling TA, which is blocked in
 * the call: what is mapped stays mapped. It may be shareable memory, since
 * that's what libutee makes of any buffer, so nothing read back is trusted.
 */

/* First: it has the facts of the tree */
#include "private.h"

#include <kernel/tee_misc.h>
#if LEAK_AUDIT_TREE_VM_ACCESS_RIGHTS
#include <mm/vm.h>
#else
#include <mm/tee_mmu.h>
#define vm_check_access_rights	tee_mmu_check_access_rights
#endif
#include <string.h>
#include <tee_api_defines_extensions.h>

/* In one region, and one that isn't there for this call or the core only */
static bool is_own_region(const struct user_mode_ctx *uctx, vaddr_t va,
			  size_t size)
{
	struct vm_region *r = NULL;

	TAILQ_FOREACH(r, &uctx->vm_info.regions, link)
		if (core_is_buffer_inside(va, size, r->va, r->size))
			return !(r->flags & (VM_FLAG_EPHEMERAL |
					     VM_FLAG_PERMANENT));

	return false;
}

TEE_Result audit_check_buffer(const TEE_Param *param)
{
	const uint32_t flags = TEE_MEMORY_ACCESS_READ |
			       TEE_MEMORY_ACCESS_WRITE |
			       TEE_MEMORY_ACCESS_ANY_OWNER |
			       TEE_MEMORY_ACCESS_SECURE;
	leak_audit_frame *caller = leak_audit_calling_frame();
	struct tee_ta_ctx *ctx = leak_audit_frame_ctx(caller);
	struct user_mode_ctx *uctx = &leak_audit_utc(ctx)->uctx;
	vaddr_t va = (vaddr_t)param->memref.buffer;
	size_t size = param->memref.size;

	if (!AUDIT_ALIGNED(va, __alignof__(uint64_t)))
		return TEE_ERROR_BAD_PARAMETERS;
	if (!size)
		return TEE_SUCCESS;
	if (!va || vm_check_access_rights(uctx, flags, va, size) ||
	    !is_own_region(uctx, va, size))
		return TEE_ERROR_BAD_PARAMETERS;

	return TEE_SUCCESS;
}

void audit_copy_out(void *uaddr, const void *src, size_t len)
{
	leak_audit_enter_user_access();
	memcpy(uaddr, src, len);
	leak_audit_exit_user_access();
}

TEE_Result audit_check_list(uint32_t ptypes,
			    const TEE_Param params[TEE_NUM_PARAMS])
{
	const uint32_t exp_pt = TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT,
						TEE_PARAM_TYPE_VALUE_INPUT,
						TEE_PARAM_TYPE_VALUE_INPUT,
						TEE_PARAM_TYPE_NONE);

	if (ptypes != exp_pt)
		return TEE_ERROR_BAD_PARAMETERS;

	return audit_check_buffer(params);
}

void audit_list_begin(struct audit_list *list,
		      TEE_Param params[TEE_NUM_PARAMS], size_t entry_size)
{
	size_t size = params[0].memref.size;

	*list = (struct audit_list){
		.hdr.version = PTA_LEAK_AUDIT_VERSION,
		.hdr.entry_size = entry_size,
		.param = params,
		.start = params[1].value.a,
	};

	if (size > sizeof(list->hdr))
		list->room = MIN((size - sizeof(list->hdr)) / entry_size,
				 (size_t)UINT16_MAX);
}

void *audit_list_entry(struct audit_list *list, uint32_t n)
{
	return (uint8_t *)list->param->memref.buffer + sizeof(list->hdr) +
	       (size_t)n * list->hdr.entry_size;
}

/* Whatever an entry is made of, it has this alignment and a multiple of it */
typedef uint32_t __attribute__((__may_alias__)) word_t;

static uint64_t hash_entry(const word_t *entry, size_t words)
{
	uint64_t h = words;
	size_t n = 0;

	for (n = 0; n + 1 < words; n += 2) {
		h ^= reg_pair_to_64(entry[n + 1], entry[n]);
		h *= UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}

	return audit_mix(h, words);
}

/* In a loop, since memcpy() of the core is slower on what is this short */
static void copy_entry(word_t *to, const word_t *entry, size_t words)
{
	size_t n = 0;

	leak_audit_enter_user_access();
	for (n = 0; n < words; n++)
		to[n] = entry[n];
	leak_audit_exit_user_access();
}

/* Entries before the first one wanted are but counted, as is the overflow */
void audit_list_add(struct audit_list *list, const void *entry)
{
	size_t words = list->hdr.entry_size / sizeof(word_t);
	uint32_t n = list->seen++;

	list->hdr.generation += hash_entry(entry, words);
	if (n < list->start || list->hdr.count == list->room)
		return;

	copy_entry(audit_list_entry(list, list->hdr.count), entry, words);
	list->hdr.count++;
}

/*
 * Commands that fill in the entries and hdr.total themselves leave list->seen
 * at 0, hdr.next is theirs then.
 */
TEE_Result audit_list_end(struct audit_list *list)
{
	struct pta_leak_audit_reply *hdr = &list->hdr;
	TEE_Param *param = list->param;
	size_t size = 0;

	if (list->seen) {
		hdr->total = list->seen;
		if (hdr->count && list->start + hdr->count < hdr->total)
			hdr->next = list->start + hdr->count;
	}

	if (param->memref.size < sizeof(*hdr) || (!list->room && hdr->total)) {
		size = sizeof(*hdr) + (size_t)hdr->total * hdr->entry_size;
		param->memref.size = size;
		return TEE_ERROR_SHORT_BUFFER;
	}

	audit_copy_out(param->memref.buffer, hdr, sizeof(*hdr));
	param->memref.size = sizeof(*hdr) +
			     (size_t)hdr->count * hdr->entry_size;

	return TEE_SUCCESS;
}
