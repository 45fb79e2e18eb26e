/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around tee_ta_init_session(): a session that fails to open is known, too */

#include <kernel/leak_audit.h>

#if LEAK_AUDIT_HAS_EVENTS
#ifndef LEAK_AUDIT_IN_TEE_TA_INIT_SESSION
#define LEAK_AUDIT_IN_TEE_TA_INIT_SESSION
#define tee_ta_init_session	leak_audit_real_tee_ta_init_session
#define __func__	"tee_ta_init_session"
#else
#undef LEAK_AUDIT_IN_TEE_TA_INIT_SESSION
#undef tee_ta_init_session
#undef __func__

static TEE_Result tee_ta_init_session(TEE_ErrorOrigin *err,
				      struct tee_ta_session_head *open_sessions,
				      const TEE_UUID *uuid,
				      struct tee_ta_session **sess)
{
	TEE_Result res = leak_audit_real_tee_ta_init_session(err, open_sessions,
							     uuid, sess);

	if (!res)
		leak_audit_opening(*sess);

	return res;
}
#endif
#endif
