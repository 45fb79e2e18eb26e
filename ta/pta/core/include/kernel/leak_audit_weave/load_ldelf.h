/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around load_ldelf(): what loading a TA allocates is its own already */

#include <kernel/leak_audit_compat.h>

#if defined(CFG_LEAK_AUDIT)
#ifndef LEAK_AUDIT_IN_LOAD_LDELF
#define LEAK_AUDIT_IN_LOAD_LDELF
#define load_ldelf	leak_audit_real_load_ldelf
#define __func__	"load_ldelf"
#else
#undef LEAK_AUDIT_IN_LOAD_LDELF
#undef load_ldelf
#undef __func__

static TEE_Result load_ldelf(struct user_ta_ctx *utc)
{
	leak_audit_add_ctx(leak_audit_utc_ta(utc));

	return leak_audit_real_load_ldelf(utc);
}
#endif
#endif
