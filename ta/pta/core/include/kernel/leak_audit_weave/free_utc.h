/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around free_utc(): the number of the TA instance ends */

#include <kernel/leak_audit_compat.h>

#if defined(CFG_LEAK_AUDIT)
#ifndef LEAK_AUDIT_IN_FREE_UTC
#define LEAK_AUDIT_IN_FREE_UTC
#define free_utc	leak_audit_real_free_utc
#define __func__	"free_utc"
#else
#undef LEAK_AUDIT_IN_FREE_UTC
#undef free_utc
#undef __func__

static void free_utc(struct user_ta_ctx *utc)
{
	leak_audit_del_ctx(leak_audit_utc_ta(utc));
	leak_audit_real_free_utc(utc);
}
#endif
#endif
