/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* At the end of mempool.c: figures of a pool */

#include <kernel/leak_audit.h>

#if defined(CFG_LEAK_AUDIT) && defined(CFG_WITH_STATS)
bool leak_audit_mempool(struct mempool *pool, struct leak_audit_stats *stats)
{
	struct malloc_ctx *mctx = pool->mctx;

	/* A pool that isn't in use may have no memory at the moment */
	if (mctx)
		raw_malloc_get_stats(mctx, stats);
	stats->size = pool->size;

	return true;
}
#endif
