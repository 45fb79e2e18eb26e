/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * What the core reports to the leak audit PTA. The hooks that do are in
 * kernel/leak_audit_weave; compiled out, each of them is empty.
 */

#ifndef __KERNEL_LEAK_AUDIT_H
#define __KERNEL_LEAK_AUDIT_H

#include <compiler.h>
#include <kernel/leak_audit_tree.h>
#include <pta_leak_audit.h>
#include <tee_api_types.h>
#include <types_ext.h>

struct mempool;
struct mobj;
struct tee_ta_ctx;
struct tee_ta_param;
struct tee_ta_session;
struct tee_ta_session_head;
struct user_mode_ctx;
struct user_ta_ctx;

#if defined(CFG_LEAK_AUDIT) && CFG_LEAK_AUDIT_EVENTS > 0
#define LEAK_AUDIT_HAS_EVENTS	1
#else
#define LEAK_AUDIT_HAS_EVENTS	0
#endif

/* Statistics of pools, by their names in each release */
#if LEAK_AUDIT_TREE_PTA_STATS_ALLOC
#define leak_audit_stats	pta_stats_alloc
#else
#define leak_audit_stats	malloc_stats
#endif

struct leak_audit_stats;

/* Blocks that are visited at once: a few, since they are on the stack */
#define LEAK_AUDIT_BATCH	16

/*
 * struct leak_audit_block - live block of a heap, as seen by a walk
 * @id:		identity: pool of the heap in the upper 16 bits, offset below
 * @fname:	source file, as given to the allocator
 * @tag:	where the block keeps what leak_audit_tag() said, a visitor may
 *		change it
 * @size:	requested bytes
 * @line:	source line
 */
struct leak_audit_block {
	uint64_t id;
	const char *fname;
	uint64_t *tag;
	uint32_t size;
	uint16_t line;
};

/*
 * struct leak_audit_walk - one walk through a heap
 * @visit:	called for each live block, some at a time, with the heap locked
 * @end:	called at the end if not NULL, with the heap still locked
 * @blocks:	live blocks
 * @corrupt:	overwritten block headers or footers
 * @lock_ticks:	counter ticks during which the heap was locked
 */
struct leak_audit_walk {
	void (*visit)(struct leak_audit_walk *walk,
		      const struct leak_audit_block *blocks, size_t count);
	void (*end)(struct leak_audit_walk *walk);
	uint32_t blocks;
	uint32_t corrupt;
	uint64_t lock_ticks;
};

/*
 * leak_audit_walk_heap() - Walk through a core heap
 * @nexus:	the nexus heap, not the core heap
 * @walk:	Visitor, and what comes out
 *
 * Implemented by the allocator. Blocks are visited only if it keeps malloc
 * debug headers.
 */
void leak_audit_walk_heap(bool nexus, struct leak_audit_walk *walk);

/*
 * leak_audit_largest_free() - Bytes of the largest free block of a core heap
 * @nexus:	the nexus heap, not the core heap
 * @largest:	Bytes, with what the heap needs for itself
 * @lock_ticks:	Counter ticks during which the heap was locked are added
 *
 * False if the list of free blocks is corrupt.
 */
bool leak_audit_largest_free(bool nexus, size_t *largest,
			     uint64_t *lock_ticks);

/*
 * leak_audit_num_alloc() - Allocations from a core heap since boot
 * @nexus:	the nexus heap, not the core heap
 * @num_alloc:	Those that succeeded, freed or not
 *
 * False if the heap doesn't count them.
 */
bool leak_audit_num_alloc(bool nexus, uint64_t *num_alloc);

/* Largest free range of TA RAM in bytes */
size_t leak_audit_largest_ta_ram(void);

/*
 * Page tables in use and those that there are, false if they aren't counted.
 * Tables that are merely cached can be had again and don't count as used.
 */
bool leak_audit_page_tables(size_t *used, size_t *size);

/*
 * What a TA has handles of. Requires that the TA runs on no other thread and
 * can't start to.
 */
size_t leak_audit_count_operations(struct user_ta_ctx *utc);
size_t leak_audit_count_enumerators(struct user_ta_ctx *utc);

/*
 * Figures of a memory pool, false if it has none. The pool may be in use by
 * another thread, which it would be a mistake to wait for.
 */
bool leak_audit_mempool(struct mempool *pool, struct leak_audit_stats *stats);

/*
 * leak_audit_tag() - Record for whom, from where and when memory is allocated
 * @caller:	Return address of the allocation call, 0 if unknown
 * @frame:	Frame of the allocator's function that was called
 *
 * Takes no lock, called with the heap locked.
 */
uint64_t leak_audit_tag(vaddr_t caller, vaddr_t frame);

/* Number a new context, unless it has a number */
void leak_audit_add_ctx(struct tee_ta_ctx *ctx);

/* The context is about to be freed */
void leak_audit_del_ctx(struct tee_ta_ctx *ctx);

#if LEAK_AUDIT_HAS_EVENTS
/*
 * struct leak_audit_pending - event that is recorded when it's over
 * @event:	what is known of it already
 * @outer:	what this thread was opening when it began to open this
 * @recorded:	true if it's of interest
 */
struct leak_audit_pending {
	struct pta_leak_audit_event event;
	struct leak_audit_pending *outer;
	bool recorded;
};

/* Each begins an event, so that leak_audit_end() or its own end records it */
void leak_audit_open_begin(struct leak_audit_pending *p,
			   struct tee_ta_session_head *opener,
			   const TEE_UUID *uuid, const TEE_Identity *client);
void leak_audit_invoke_begin(struct leak_audit_pending *p,
			     struct tee_ta_session *s, uint32_t cmd);
void leak_audit_map_begin(struct leak_audit_pending *p,
			  struct user_mode_ctx *uctx, struct mobj *mobj,
			  size_t offs, size_t len);
void leak_audit_unmap_begin(struct leak_audit_pending *p,
			    struct user_mode_ctx *uctx, vaddr_t va,
			    size_t len);

/* The session is given by its number, or else by its address, which is not
 * trusted to be one
 */
void leak_audit_close_begin(struct leak_audit_pending *p,
			    struct tee_ta_session_head *opener, uint32_t id,
			    const struct tee_ta_session *s);

/* The session that this thread is opening, whatever comes of it */
void leak_audit_opening(struct tee_ta_session *s);

/* Record what was begun with its result, which is returned */
TEE_Result leak_audit_open_end(struct leak_audit_pending *p, TEE_Result res);
TEE_Result leak_audit_invoke_end(struct leak_audit_pending *p,
				 const struct tee_ta_param *param,
				 TEE_Result res);
TEE_Result leak_audit_close_end(struct leak_audit_pending *p, TEE_Result res);
TEE_Result leak_audit_map_end(struct leak_audit_pending *p, vaddr_t va,
			      uint32_t prot, uint32_t flags, TEE_Result res);
TEE_Result leak_audit_end(struct leak_audit_pending *p, TEE_Result res);
#endif

#endif /*__KERNEL_LEAK_AUDIT_H*/
