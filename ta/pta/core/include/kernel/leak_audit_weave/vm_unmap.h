/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around vm_unmap(): an event, if a TA runs */

#include <kernel/leak_audit.h>

#if LEAK_AUDIT_HAS_EVENTS
#ifndef LEAK_AUDIT_IN_VM_UNMAP
#define LEAK_AUDIT_IN_VM_UNMAP
static __typeof__(vm_unmap) leak_audit_real_vm_unmap;
#define vm_unmap	leak_audit_real_vm_unmap
#define __func__	"vm_unmap"
#else
#undef LEAK_AUDIT_IN_VM_UNMAP
#undef vm_unmap
#undef __func__

TEE_Result vm_unmap(struct user_mode_ctx *uctx, vaddr_t va, size_t len)
{
	struct leak_audit_pending audit = { };

	leak_audit_unmap_begin(&audit, uctx, va, len);

	return leak_audit_end(&audit, leak_audit_real_vm_unmap(uctx, va, len));
}
#endif
#endif
