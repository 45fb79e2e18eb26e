/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* At the end of pgt_cache.c: page tables in use and left */

#include <kernel/leak_audit.h>

#ifdef CFG_LEAK_AUDIT
#ifdef CFG_CORE_PREALLOC_EL0_TBLS
/* They come from TA RAM as needed and are part of its figures */
bool leak_audit_page_tables(size_t *used __unused, size_t *size __unused)
{
	return false;
}
#else
static size_t count_free_pgts(void)
{
	size_t count = 0;
#if defined(CFG_WITH_LPAE) || !defined(CFG_WITH_PAGER)
	struct pgt *p = NULL;

	SLIST_FOREACH(p, &pgt_free_list, link)
		count++;
#else
	size_t n = 0;

	for (n = 0; n < ARRAY_SIZE(pgt_parents); n++)
		count += PGT_NUM_PGT_PER_PAGE - pgt_parents[n].num_used;
#endif

	return count;
}

static size_t count_cached_pgts(void)
{
	size_t count = 0;
#if LEAK_AUDIT_TREE_PGT_ALWAYS_CACHED || defined(CFG_PAGED_USER_TA)
	struct pgt *p = NULL;

	SLIST_FOREACH(p, &pgt_cache_list, link)
		count++;
#endif

	return count;
}

bool leak_audit_page_tables(size_t *used, size_t *size)
{
	*size = PGT_CACHE_SIZE;
	mutex_lock(&pgt_mu);
	*used = *size - count_free_pgts() - count_cached_pgts();
	mutex_unlock(&pgt_mu);

	return true;
}
#endif
#endif
