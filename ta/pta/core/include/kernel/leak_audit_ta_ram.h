/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* The largest free range of a pool of physical memory */

#ifndef __KERNEL_LEAK_AUDIT_TA_RAM_H
#define __KERNEL_LEAK_AUDIT_TA_RAM_H

#include <kernel/leak_audit.h>
#include <kernel/spinlock.h>
#include <mm/tee_mm.h>
#include <util.h>

static inline size_t leak_audit_pool_units(const tee_mm_pool_t *pool)
{
#if LEAK_AUDIT_TREE_POOL_HI
	return (pool->hi - pool->lo) >> pool->shift;
#else
	return pool->size >> pool->shift;
#endif
}

/* Free units behind @e, up to the next entry or the end of the pool */
static inline size_t leak_audit_gap(const tee_mm_pool_t *pool, const tee_mm_entry_t *e)
{
	if (pool->flags & TEE_MM_POOL_HI_ALLOC) {
		if (e->next)
			return e->offset - e->next->offset - e->next->size;
		return e->offset;
	}
	if (e->next)
		return e->next->offset - e->offset - e->size;

	return leak_audit_pool_units(pool) - e->offset - e->size;
}

static inline size_t leak_audit_largest_gap(tee_mm_pool_t *pool)
{
	tee_mm_entry_t *e = NULL;
	uint32_t exceptions = 0;
	size_t gap = 0;

	if (!pool)
		return 0;

	exceptions = cpu_spin_lock_xsave(&pool->lock);
	for (e = pool->entry; e; e = e->next)
		gap = MAX(gap, leak_audit_gap(pool, e));
	cpu_spin_unlock_xrestore(&pool->lock, exceptions);

	return gap << pool->shift;
}

#endif /*__KERNEL_LEAK_AUDIT_TA_RAM_H*/
