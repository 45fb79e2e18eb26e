/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

#ifndef __LEAK_AUDIT_PRIVATE_H
#define __LEAK_AUDIT_PRIVATE_H

#include <config.h>
#include <kernel/delay_arch.h>
#include <kernel/leak_audit.h>
#include <kernel/tee_ta_manager.h>
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
	return audit_has_records() && sizeof(long) == sizeof(uint64_t);
}

static inline uint64_t audit_ticks(void)
{
#ifdef CFG_CORE_HAS_GENERIC_TIMER
	return delay_cnt_read();
#else
	return 0;
#endif
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

/* Their sum is the same as long as the same blocks are alive */
static inline uint64_t audit_block_hash(const struct leak_audit_block *block)
{
	return audit_mix(block->id ^ SHIFT_U64(block->size, 24), block->tag);
}

/* reply.c */
TEE_Result audit_check_buffer(const TEE_Param *param);
TEE_Result audit_list_begin(struct audit_list *list, uint32_t ptypes,
			    TEE_Param params[TEE_NUM_PARAMS],
			    size_t entry_size);
void *audit_list_entry(struct audit_list *list, uint32_t n);
void audit_list_add(struct audit_list *list, const void *entry);
TEE_Result audit_list_end(struct audit_list *list);
void audit_copy_out(void *uaddr, const void *src, size_t len);

/* address.c */
uint64_t audit_boot_id(void);
uint64_t audit_address(struct mobj *mobj, size_t offs, uint32_t *flags);
uint32_t audit_region_flags(uint32_t prot, uint32_t vm_flags);
void audit_file_name(char dst[64], uint32_t ref);
uint32_t audit_file_ref(const char *fname);

/* tag.c */
void audit_untag(uint64_t bits, struct audit_tag *tag);
uint16_t audit_epoch(void);
uint32_t audit_era(void);
TEE_Result audit_mark(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);

/* sessions.c */
bool audit_is_client(const TEE_UUID *uuid);
bool audit_is_own(const TEE_UUID *uuid);
uint32_t audit_opener(struct tee_ta_session_head *head);
bool audit_opener_is_client(struct tee_ta_session_head *head);
TEE_Result audit_sessions(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
uint32_t audit_count_sessions(void);

/* instances.c */
bool audit_ctx_is_idle(struct tee_ta_ctx *ctx);
uint32_t audit_next_instance(uint32_t after);
TEE_Result audit_instances(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);

/* One command each */
TEE_Result audit_sites(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_records(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_owners(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_regions(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_events(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_pools(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_canary(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);
TEE_Result audit_census(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS]);

/* events.c */
void audit_record_event(struct pta_leak_audit_event *event, uint64_t start,
			TEE_Result res);

/* canary.c */
void audit_canary_session_closed(void);

#endif /*__LEAK_AUDIT_PRIVATE_H*/
