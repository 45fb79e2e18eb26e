/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around ldelf_load_ldelf(): what loading a TA allocates is its own already */

#include <kernel/leak_audit_compat.h>

#if defined(CFG_LEAK_AUDIT)
#ifndef LEAK_AUDIT_IN_LDELF_LOAD_LDELF
#define LEAK_AUDIT_IN_LDELF_LOAD_LDELF
static __typeof__(ldelf_load_ldelf) leak_audit_real_ldelf_load_ldelf;
#define ldelf_load_ldelf	leak_audit_real_ldelf_load_ldelf
#define __func__	"ldelf_load_ldelf"
#else
#undef LEAK_AUDIT_IN_LDELF_LOAD_LDELF
#undef ldelf_load_ldelf
#undef __func__

TEE_Result ldelf_load_ldelf(struct user_mode_ctx *uctx)
{
	struct tee_ta_ctx *ctx = leak_audit_uctx_ta(uctx);

	if (ctx)
		leak_audit_add_ctx(ctx);

	return leak_audit_real_ldelf_load_ldelf(uctx);
}
#endif
#endif
