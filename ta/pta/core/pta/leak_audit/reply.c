// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * List replies. The buffer is memory of the calling TA, which is blocked in
 * the call: what is mapped stays mapped. It may be shareable memory, since
 * that's what libutee makes of any buffer, so nothing read back is trusted.
 */

#include <kernel/tee_misc.h>
#include <kernel/ts_manager.h>
#include <kernel/user_access.h>
#include <kernel/user_ta.h>
#include <mm/vm.h>
#include <string.h>
#include <tee_api_defines_extensions.h>

#include "private.h"

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
	struct ts_session *caller = ts_get_calling_session();
	struct user_mode_ctx *uctx = &to_user_ta_ctx(caller->ctx)->uctx;
	vaddr_t va = (vaddr_t)param->memref.buffer;
	size_t size = param->memref.size;

	if (!IS_ALIGNED_WITH_TYPE(param->memref.buffer, uint64_t))
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
	enter_user_access();
	memcpy(uaddr, src, len);
	exit_user_access();
}

TEE_Result audit_list_begin(struct audit_list *list, uint32_t ptypes,
			    TEE_Param params[TEE_NUM_PARAMS],
			    size_t entry_size)
{
	const uint32_t exp_pt = TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT,
						TEE_PARAM_TYPE_VALUE_INPUT,
						TEE_PARAM_TYPE_VALUE_INPUT,
						TEE_PARAM_TYPE_NONE);
	TEE_Result res = TEE_SUCCESS;
	size_t size = 0;

	if (ptypes != exp_pt)
		return TEE_ERROR_BAD_PARAMETERS;
	res = audit_check_buffer(params);
	if (res)
		return res;

	*list = (struct audit_list){
		.hdr.version = PTA_LEAK_AUDIT_VERSION,
		.hdr.entry_size = entry_size,
		.param = params,
		.start = params[1].value.a,
	};

	size = params[0].memref.size;
	if (size > sizeof(list->hdr))
		list->room = MIN((size - sizeof(list->hdr)) / entry_size,
				 (size_t)UINT16_MAX);

	return TEE_SUCCESS;
}

void *audit_list_entry(struct audit_list *list, uint32_t n)
{
	return (uint8_t *)list->param->memref.buffer + sizeof(list->hdr) +
	       (size_t)n * list->hdr.entry_size;
}

/* Whatever an entry is made of, it has this alignment and a multiple of it */
typedef uint32_t __attribute__((__may_alias__)) word_t;

static uint64_t hash_entry(const void *entry, size_t size)
{
	const word_t *words = entry;
	uint64_t h = size;
	size_t n = 0;

	for (n = 0; n + 1 < size / sizeof(*words); n += 2)
		h = audit_mix(h, reg_pair_to_64(words[n + 1], words[n]));

	return h;
}

/* Entries before the first one wanted are but counted, as is the overflow */
void audit_list_add(struct audit_list *list, const void *entry)
{
	uint32_t n = list->seen++;

	list->hdr.generation += hash_entry(entry, list->hdr.entry_size);
	if (n < list->start || list->hdr.count == list->room)
		return;

	audit_copy_out(audit_list_entry(list, list->hdr.count), entry,
		       list->hdr.entry_size);
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
