/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Tags of allocations, for what is woven into bget_malloc.c */

#ifndef __KERNEL_LEAK_AUDIT_MDBG_H
#define __KERNEL_LEAK_AUDIT_MDBG_H

#include <kernel/leak_audit_compat.h>

#if defined(CFG_LEAK_AUDIT) && defined(ENABLE_MDBG)
#define LEAK_AUDIT_HAS_TAGS	1
#else
#define LEAK_AUDIT_HAS_TAGS	0
#endif

#if LEAK_AUDIT_HAS_TAGS
/* The field of struct mdbg_hdr that bears the tag */
#ifdef __LP64__
#define MDBG_TAG	pad
#else
#define MDBG_TAG	audit_tag
#endif

/* For whom, from where and when the block was allocated, if it's the core's */
#define mdbg_set_tag(hdr, is_core, caller, frame) \
	((hdr)->MDBG_TAG = (is_core) ? leak_audit_tag((vaddr_t)(caller), \
						      (vaddr_t)(frame)) : 0)
#endif

#endif /*__KERNEL_LEAK_AUDIT_MDBG_H*/
