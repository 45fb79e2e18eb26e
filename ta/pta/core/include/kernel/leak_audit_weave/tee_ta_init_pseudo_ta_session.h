/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around tee_ta_init_pseudo_ta_session(): a PTA gets its number */

#include <kernel/leak_audit_compat.h>

#if defined(CFG_LEAK_AUDIT)
#ifndef LEAK_AUDIT_IN_TEE_TA_INIT_PSEUDO_TA_SESSION
#define LEAK_AUDIT_IN_TEE_TA_INIT_PSEUDO_TA_SESSION
static __typeof__(tee_ta_init_pseudo_ta_session) leak_audit_real_tee_ta_init_pseudo_ta_session;
#define tee_ta_init_pseudo_ta_session	leak_audit_real_tee_ta_init_pseudo_ta_session
#define __func__	"tee_ta_init_pseudo_ta_session"
#else
#undef LEAK_AUDIT_IN_TEE_TA_INIT_PSEUDO_TA_SESSION
#undef tee_ta_init_pseudo_ta_session
#undef __func__

TEE_Result tee_ta_init_pseudo_ta_session(const TEE_UUID *uuid,
					 struct tee_ta_session *s)
{
	TEE_Result res = leak_audit_real_tee_ta_init_pseudo_ta_session(uuid, s);

	if (!res)
		leak_audit_add_ctx(leak_audit_session_ctx(s));

	return res;
}
#endif
#endif
