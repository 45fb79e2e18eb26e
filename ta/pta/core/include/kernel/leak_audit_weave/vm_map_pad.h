/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around vm_map_pad(): an event, if a TA runs */

#include <kernel/leak_audit.h>

#if LEAK_AUDIT_HAS_EVENTS
#ifndef LEAK_AUDIT_IN_VM_MAP_PAD
#define LEAK_AUDIT_IN_VM_MAP_PAD
static __typeof__(vm_map_pad) leak_audit_real_vm_map_pad;
#define vm_map_pad	leak_audit_real_vm_map_pad
#define __func__	"vm_map_pad"
#else
#undef LEAK_AUDIT_IN_VM_MAP_PAD
#undef vm_map_pad
#undef __func__

#if LEAK_AUDIT_TREE_MAP_ALIGNS
#define LEAK_AUDIT_ALIGN(decl)	, decl
#else
#define LEAK_AUDIT_ALIGN(decl)
#endif
TEE_Result vm_map_pad(struct user_mode_ctx *uctx, vaddr_t *va, size_t len,
		      uint32_t prot, uint32_t flags, struct mobj *mobj,
		      size_t offs, size_t pad_begin, size_t pad_end
		      LEAK_AUDIT_ALIGN(size_t align))
{
	struct leak_audit_pending audit = { };
	TEE_Result res = TEE_SUCCESS;

	leak_audit_map_begin(&audit, uctx, mobj, offs, len);
	res = leak_audit_real_vm_map_pad(uctx, va, len, prot, flags, mobj,
					 offs, pad_begin, pad_end
					 LEAK_AUDIT_ALIGN(align));

	return leak_audit_map_end(&audit, *va, prot, flags, res);
}
#undef LEAK_AUDIT_ALIGN
#endif
#endif
