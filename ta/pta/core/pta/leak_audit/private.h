/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

#ifndef __LEAK_AUDIT_PRIVATE_H
#define __LEAK_AUDIT_PRIVATE_H

#include <config.h>
#include <kernel/leak_audit_compat.h>
#include <mm/tee_mmu_types.h>
#include <tee_api_types.h>
#include <types_ext.h>
#include <util.h>

/* Owner numbers of PTAs have to fit in the 6 bits of the server in a tag */
#define OWNER_CORE		0
#define OWNER_OTHERS		1
#define OWNER_FIRST_PTA		2
#define OWNER_FIRST_TA		48
#define OWNER_END		(OWNER_FIRST_TA + CFG_LEAK_AUDIT_OWNERS)

/* Frame pointers are what the core is built with for its own unwinding */
#if defined(ARM64) && defined(CFG_UNWIND) && LEAK_AUDIT_TREE_STACK_LIMITS && \
	defined(CFG_TEE_CORE_MALLOC_DEBUG) && CFG_LEAK_AUDIT_STACKS > 0
#define AUDIT_HAS_STACKS	1
#else
#define AUDIT_HAS_STACKS	0
#endif

#define audit_assert(cond)	_Static_assert(cond, #cond)

/* For a power of two */
#define AUDIT_ALIGNED(v, to)	(((v) & ((to) - 1)) == 0)

/* In a tag, the epoch is in the bits from this one on */
#define AUDIT_EPOCH_SHIFT	48

/*
 * struct audit_tag - what the eight spare bytes of a malloc debug header say
 * See struct pta_leak_audit_site.
 */
struct audit_tag {
	uint16_t epoch;
	uint16_t owner;
	uint16_t server;
	uint16_t session;
	uint32_t caller;
	uint32_t stack;
};

/*
 * struct audit_list - reply of a list command under construction
 * @hdr:	header, copied out last
 * @param:	memory reference parameter to fill
 * @start:	first entry that is wanted
 * @room:	entries for which there is room
 * @seen:	entries offered so far
 */
struct audit_list {
	struct pta_leak_audit_reply hdr;
	TEE_Param *param;
	uint32_t start;
	uint32_t room;
	uint32_t seen;
};

static inline bool audit_has_records(void)
{
	return IS_ENABLED(CFG_TEE_CORE_MALLOC_DEBUG);
}

static inline bool audit_has_tags(void)
{
	return audit_has_records();
}

/* Scrambles @h, adds @v, and scrambles that as MurmurHash3 does at its end */
static inline uint64_t audit_mix(uint64_t h, uint64_t v)
{
	h = h * UINT64_C(0x9e3779b97f4a7c15) + v;
	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);

	return h ^ (h >> 33);
}

/* The tag without its epoch, if that's below @below */
static inline uint64_t audit_fold_tag(uint64_t tag, uint32_t below)
{
	if (tag >> AUDIT_EPOCH_SHIFT < below)
		tag &= BIT64(AUDIT_EPOCH_SHIFT) - 1;

	return tag;
}

static inline uint64_t audit_block_tag(const struct leak_audit_block *block)
{
	return audit_has_tags() ? *block->tag : 0;
}

/* Bytes of read-only data from @s on, 0 if it points anywhere else */
static inline size_t audit_rodata_from(const char *s)
{
	vaddr_t va = (vaddr_t)s;

	if (va >= (vaddr_t)__rodata_start && va < (vaddr_t)__rodata_end)
		return (vaddr_t)__rodata_end - va;
#ifdef CFG_WITH_PAGER
#if LEAK_AUDIT_TREE_INIT_SECTIONS
	if (va >= (vaddr_t)__rodata_init_start &&
	    va < (vaddr_t)__rodata_init_end)
		return (vaddr_t)__rodata_init_end - va;
	if (va >= (vaddr_t)__rodata_pageable_start &&
	    va < (vaddr_t)__rodata_pageable_end)
		return (vaddr_t)__rodata_pageable_end - va;
#else
	/* Up to 3.16 nothing tells read-only data of these from their text */
	if (va >= (vaddr_t)__init_start && va < (vaddr_t)__pageable_end)
		return (vaddr_t)__pageable_end - va;
#endif
#endif

	return 0;
}

/* Offset of a file name that does not show where the core is, 0 for none */
static inline uint32_t audit_file_ref(const char *fname)
{
	return audit_rodata_from(fname) ? (vaddr_t)fname - VCORE_START_VA : 0;
}

/* Their sum is the same as long as the same blocks are alive */
static inline uint64_t audit_block_hash(const struct leak_audit_block *block)
{
	return audit_mix(block->id ^ SHIFT_U64(block->size, 24),
			 audit_block_tag(block));
}

/* reply.c */
TEE_Result audit_check_buffer(const TEE_Param *param);
TEE_Result audit_check_list(uint32_t ptypes,
			    const TEE_Param params[TEE_NUM_PARAMS]);
void audit_list_begin(struct audit_list *list,
		      TEE_Param params[TEE_NUM_PARAMS], size_t entry_size);
void *audit_list_entry(struct audit_list *list, uint32_t n);
void audit_list_add(struct audit_list *list, const void *entry);
TEE_Result audit_list_end(struct audit_list *list);
void audit_copy_out(void *uaddr, const void *src, size_t len);

/* address.c */
uint64_t audit_boot_id(void);
uint64_t audit_address(struct mobj *mobj, size_t offs, uint32_t *flags);
uint32_t audit_region_flags(uint32_t prot, uint32_t vm_flags);
void audit_file_name(char dst[64], uint32_t ref);

/* tag.c */
void audit_untag(uint64_t bits, struct audit_tag *tag);
uint16_t audit_epoch(void);
uint32_t audit_era(void);
TEE_Result audit_mark(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);

/* stacks.c */
#if AUDIT_HAS_STACKS
/* These take no lock, the heap is locked already */
uint32_t audit_stack_add(vaddr_t frame);
void audit_stacks_forget(void);

/* Return address of the allocation call as offset, 0 for no such stack */
uint32_t audit_stack_caller(uint32_t number);
#else
static inline uint32_t audit_stack_add(vaddr_t frame __unused)
{
	return 0;
}

static inline void audit_stacks_forget(void)
{
}

static inline uint32_t audit_stack_caller(uint32_t number __unused)
{
	return 0;
}
#endif

/* sessions.c */
bool audit_is_client(const TEE_UUID *uuid);
bool audit_is_own(const TEE_UUID *uuid);
uint32_t audit_opener(struct tee_ta_session_head *head);
bool audit_opener_is_client(struct tee_ta_session_head *head);
uint32_t audit_count_sessions(void);

/* instances.c */
bool audit_ctx_is_idle(struct tee_ta_ctx *ctx);
uint32_t audit_next_instance(uint32_t after);

/*
 * Commands with a list reply, one each. audit_check_list() has found the types
 * of their parameters and the buffer to be good.
 */
TEE_Result audit_sites(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_records(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_owners(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_instances(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_sessions(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_regions(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_events(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_pools(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_stacks(TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_census(TEE_Param params[TEE_NUM_PARAMS]);

/* canary.c */
TEE_Result audit_canary(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
void audit_canary_session_closed(void);

/* events.c */
void audit_record_event(struct pta_leak_audit_event *event, uint64_t start,
			TEE_Result res);

#endif /*__LEAK_AUDIT_PRIVATE_H*/
