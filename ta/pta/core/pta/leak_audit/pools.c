// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* What can run out. Figures that nobody counts are left out of @known. */

/* First: it has the facts of the tree */
#include "private.h"

#if LEAK_AUDIT_TREE_THREAD_PRIVATE
#include <kernel/thread_private.h>
#else
#include "../../arch/arm/kernel/thread_private.h"
#endif
#include <malloc.h>
#include <mempool.h>
#include <mm/pgt_cache.h>
#if LEAK_AUDIT_TREE_PHYS_MEM
#include <mm/phys_mem.h>
#else
#include <kernel/leak_audit_ta_ram.h>
#endif
#if LEAK_AUDIT_TREE_PTA_STATS_ALLOC
#include <pta_stats.h>
#endif

#define KNOWN_USE	(PTA_LEAK_AUDIT_KNOWN_ALLOCATED | \
			 PTA_LEAK_AUDIT_KNOWN_MAX | PTA_LEAK_AUDIT_KNOWN_SIZE)

#if LEAK_AUDIT_TREE_THREAD_COUNT
#define THREADS		thread_count
#else
#define THREADS		CFG_NUM_THREADS
#endif

/* Fragmentation is known where the heap sums it up */
#define KNOWN_FREE2	(LEAK_AUDIT_TREE_FREE2_SUM ? \
			 PTA_LEAK_AUDIT_KNOWN_FREE2 : 0)

static void __maybe_unused set_stats(struct pta_leak_audit_pool *pool,
				     const struct leak_audit_stats *stats,
				     uint32_t known)
{
	pool->known |= known;
	pool->allocated = stats->allocated;
	pool->max_allocated = stats->max_allocated;
	pool->size = stats->size;
#if LEAK_AUDIT_TREE_FREE2_SUM
	if (known & PTA_LEAK_AUDIT_KNOWN_FREE2)
		pool->free2_sum = stats->free2_sum;
#endif
	if (known & PTA_LEAK_AUDIT_KNOWN_FAIL) {
		pool->num_alloc_fail = stats->num_alloc_fail;
		pool->biggest_alloc_fail = stats->biggest_alloc_fail;
		pool->biggest_alloc_fail_used = stats->biggest_alloc_fail_used;
	}
}

static void set_largest(struct pta_leak_audit_pool *pool, size_t largest)
{
	pool->largest_free = largest;
	pool->known |= PTA_LEAK_AUDIT_KNOWN_LARGEST_FREE;
}

static void set_largest_block(struct pta_leak_audit_pool *pool,
			      struct audit_list *list, bool nexus)
{
	size_t largest = 0;

	if (leak_audit_largest_free(nexus, &largest, &list->hdr.lock_ticks))
		set_largest(pool, largest);
}

static void set_num_alloc(struct pta_leak_audit_pool *pool, bool nexus)
{
	if (leak_audit_num_alloc(nexus, &pool->num_alloc))
		pool->known |= PTA_LEAK_AUDIT_KNOWN_NUM_ALLOC;
}

static void add_core_heap(struct audit_list *list)
{
	struct pta_leak_audit_pool pool = {
		.kind = PTA_LEAK_AUDIT_POOL_CORE_HEAP,
		.unit = PTA_LEAK_AUDIT_UNIT_BYTES,
	};
#ifdef CFG_WITH_STATS
	struct leak_audit_stats stats = { };

	malloc_get_stats(&stats);
	set_stats(&pool, &stats, KNOWN_USE | KNOWN_FREE2 |
				 PTA_LEAK_AUDIT_KNOWN_FAIL);
#endif
	set_num_alloc(&pool, false);
	set_largest_block(&pool, list, false);
	audit_list_add(list, &pool);
}

static void add_nexus_heap(struct audit_list *list __maybe_unused)
{
#if LEAK_AUDIT_VIRTUALIZATION
	struct pta_leak_audit_pool pool = {
		.kind = PTA_LEAK_AUDIT_POOL_NEXUS_HEAP,
		.unit = PTA_LEAK_AUDIT_UNIT_BYTES,
	};
#ifdef CFG_WITH_STATS
	struct leak_audit_stats stats = { };

	nex_malloc_get_stats(&stats);
	set_stats(&pool, &stats, KNOWN_USE | KNOWN_FREE2 |
				 PTA_LEAK_AUDIT_KNOWN_FAIL);
#endif
	set_num_alloc(&pool, true);
	set_largest_block(&pool, list, true);
	audit_list_add(list, &pool);
#endif
}

/* Up to 4.3 there is one pool of TA RAM */
#if LEAK_AUDIT_TREE_PHYS_MEM
static size_t largest_ta_ram(void)
{
	return leak_audit_largest_ta_ram();
}

static void __maybe_unused ta_ram_stats(struct leak_audit_stats *stats)
{
	phys_mem_stats(stats, false);
}
#else
static size_t largest_ta_ram(void)
{
	return leak_audit_largest_gap(&tee_mm_sec_ddr);
}

static void __maybe_unused ta_ram_stats(struct leak_audit_stats *stats __maybe_unused)
{
#ifdef CFG_WITH_STATS
	tee_mm_get_pool_stats(&tee_mm_sec_ddr, stats, false);
#endif
}
#endif

/* Failures are counted nowhere, max_allocated is that of the fullest pool */
static void add_ta_ram(struct audit_list *list)
{
	struct pta_leak_audit_pool pool = {
		.kind = PTA_LEAK_AUDIT_POOL_TA_RAM,
		.unit = PTA_LEAK_AUDIT_UNIT_BYTES,
	};
#ifdef CFG_WITH_STATS
	struct leak_audit_stats stats = { };

	ta_ram_stats(&stats);
	set_stats(&pool, &stats, KNOWN_USE);
#endif
	set_largest(&pool, largest_ta_ram());
	audit_list_add(list, &pool);
}

static void add_crypto(struct audit_list *list)
{
	struct pta_leak_audit_pool pool = {
		.kind = PTA_LEAK_AUDIT_POOL_CRYPTO,
		.unit = PTA_LEAK_AUDIT_UNIT_BYTES,
	};
#if defined(CFG_WITH_STATS) && LEAK_AUDIT_TREE_MEMPOOL
	struct leak_audit_stats stats = { };

	if (mempool_default && leak_audit_mempool(mempool_default, &stats))
		set_stats(&pool, &stats, KNOWN_USE | KNOWN_FREE2 |
					 PTA_LEAK_AUDIT_KNOWN_FAIL);
#endif
	audit_list_add(list, &pool);
}

static void add_page_tables(struct audit_list *list)
{
	struct pta_leak_audit_pool pool = {
		.kind = PTA_LEAK_AUDIT_POOL_PAGE_TABLES,
		.unit = PTA_LEAK_AUDIT_UNIT_OBJECTS,
	};
	size_t used = 0;
	size_t size = 0;

	if (LEAK_AUDIT_TREE_PAGE_TABLES &&
	    leak_audit_page_tables(&used, &size)) {
		pool.allocated = used;
		pool.size = size;
		pool.known = PTA_LEAK_AUDIT_KNOWN_ALLOCATED |
			     PTA_LEAK_AUDIT_KNOWN_SIZE;
	}
	audit_list_add(list, &pool);
}

/* There's no limit but the memory that they take */
static void add_sessions(struct audit_list *list)
{
	struct pta_leak_audit_pool pool = {
		.kind = PTA_LEAK_AUDIT_POOL_SESSIONS,
		.unit = PTA_LEAK_AUDIT_UNIT_OBJECTS,
		.known = PTA_LEAK_AUDIT_KNOWN_ALLOCATED,
		.allocated = audit_count_sessions(),
	};

	audit_list_add(list, &pool);
}

static void add_threads(struct audit_list *list)
{
	struct pta_leak_audit_pool pool = {
		.kind = PTA_LEAK_AUDIT_POOL_THREADS,
		.unit = PTA_LEAK_AUDIT_UNIT_OBJECTS,
		.known = PTA_LEAK_AUDIT_KNOWN_ALLOCATED |
			 PTA_LEAK_AUDIT_KNOWN_SIZE,
		.size = THREADS,
	};
	size_t n = 0;

	for (n = 0; n < THREADS; n++)
		if (threads[n].state != THREAD_STATE_FREE)
			pool.allocated++;
	audit_list_add(list, &pool);
}

TEE_Result audit_pools(TEE_Param params[TEE_NUM_PARAMS])
{
	struct audit_list list = { };

	audit_list_begin(&list, params, sizeof(struct pta_leak_audit_pool));
	if (params[1].value.b || params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;

	add_core_heap(&list);
	add_nexus_heap(&list);
	add_ta_ram(&list);
	add_crypto(&list);
	add_page_tables(&list);
	add_sessions(&list);
	add_threads(&list);

	return audit_list_end(&list);
}
