/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Around mdbg_update_hdr(), for releases up to 4.5: a block has its tag before
 * the heap is unlocked. What is between it and the public function is inlined,
 * so that the return address is that of the public function.
 */

#include <kernel/leak_audit_mdbg.h>

#if LEAK_AUDIT_HAS_TAGS
#ifndef LEAK_AUDIT_IN_MDBG_UPDATE_HDR
#define LEAK_AUDIT_IN_MDBG_UPDATE_HDR
#define mdbg_update_hdr	leak_audit_real_mdbg_update_hdr
#define __func__	"mdbg_update_hdr"
#else
#undef LEAK_AUDIT_IN_MDBG_UPDATE_HDR
#undef mdbg_update_hdr
#undef __func__

#define LEAK_AUDIT_INLINE	static inline __attribute__((always_inline))

LEAK_AUDIT_INLINE void *gen_mdbg_malloc(struct malloc_ctx *ctx,
					const char *fname, int lineno,
					size_t size);
LEAK_AUDIT_INLINE void *gen_mdbg_calloc(struct malloc_ctx *ctx,
					const char *fname, int lineno,
					size_t nmemb, size_t size);
LEAK_AUDIT_INLINE void *gen_mdbg_realloc_unlocked(struct malloc_ctx *ctx,
						  const char *fname, int lineno,
						  void *ptr, size_t size);
LEAK_AUDIT_INLINE void *gen_mdbg_realloc(struct malloc_ctx *ctx,
					 const char *fname, int lineno,
					 void *ptr, size_t size);
#if LEAK_AUDIT_TREE_MDBG_MEMALIGN
LEAK_AUDIT_INLINE void *gen_mdbg_memalign(struct malloc_ctx *ctx,
					  const char *fname, int lineno,
					  size_t alignment, size_t size);
#endif

/* No guest may be there when the nexus allocates: its heap has no tags */
static bool mdbg_is_nexus(struct mdbg_hdr *hdr __maybe_unused)
{
#if LEAK_AUDIT_VIRTUALIZATION
	struct malloc_ctx *ctx = &nex_malloc_ctx;
	size_t n = 0;

	for (n = 0; n < ctx->pool_len; n++)
		if ((uintptr_t)hdr - (uintptr_t)ctx->pool[n].buf <
		    ctx->pool[n].len)
			return true;

	/* The block that the table of its pools is */
	return !ctx->pool_len;
#else
	return false;
#endif
}

LEAK_AUDIT_INLINE void mdbg_update_hdr(struct mdbg_hdr *hdr, const char *fname,
				       int lineno, size_t pl_size)
{
	leak_audit_real_mdbg_update_hdr(hdr, fname, lineno, pl_size);
	mdbg_set_tag(hdr, !mdbg_is_nexus(hdr), __builtin_return_address(0),
		     __builtin_frame_address(0));
}
#undef LEAK_AUDIT_INLINE
#endif
#endif
