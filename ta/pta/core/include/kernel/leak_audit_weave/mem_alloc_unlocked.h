/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Around mem_alloc_unlocked(), for releases from 4.6 on: a block has its tag
 * before the heap is unlocked. What is between it and the public function is
 * inlined, so that the return address is that of the public function.
 */

#include <kernel/leak_audit_mdbg.h>

#if LEAK_AUDIT_HAS_TAGS
#ifndef LEAK_AUDIT_IN_MEM_ALLOC_UNLOCKED
#define LEAK_AUDIT_IN_MEM_ALLOC_UNLOCKED
#define mem_alloc_unlocked	leak_audit_real_mem_alloc_unlocked
#define __func__	"mem_alloc_unlocked"
#else
#undef LEAK_AUDIT_IN_MEM_ALLOC_UNLOCKED
#undef mem_alloc_unlocked
#undef __func__

static inline __attribute__((always_inline))
void *mem_alloc(uint32_t flags, void *ptr, size_t alignment, size_t nmemb,
		size_t size, const char *fname, int lineno);

static inline __attribute__((always_inline))
void *mem_alloc_unlocked(uint32_t flags, void *ptr, size_t alignment,
			 size_t nmemb, size_t size, const char *fname,
			 int lineno, struct malloc_ctx *ctx)
{
	void *p = leak_audit_real_mem_alloc_unlocked(flags, ptr, alignment,
						     nmemb, size, fname,
						     lineno, ctx);

	if (p)
		mdbg_set_tag((struct mdbg_hdr *)p - 1, ctx == &malloc_ctx,
			     __builtin_return_address(0),
			     __builtin_frame_address(0));

	return p;
}
#endif
#endif
