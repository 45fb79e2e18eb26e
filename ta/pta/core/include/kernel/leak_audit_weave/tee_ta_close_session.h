/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around tee_ta_close_session(): an event, if there is such a session */

#include <kernel/leak_audit.h>

#if LEAK_AUDIT_HAS_EVENTS
#ifndef LEAK_AUDIT_IN_TEE_TA_CLOSE_SESSION
#define LEAK_AUDIT_IN_TEE_TA_CLOSE_SESSION
static __typeof__(tee_ta_close_session) leak_audit_real_tee_ta_close_session;
#define tee_ta_close_session	leak_audit_real_tee_ta_close_session
#define __func__	"tee_ta_close_session"
#else
#undef LEAK_AUDIT_IN_TEE_TA_CLOSE_SESSION
#undef tee_ta_close_session
#undef __func__

#if LEAK_AUDIT_TREE_CLOSE_TAKES_ID
TEE_Result tee_ta_close_session(uint32_t id,
				struct tee_ta_session_head *open_sessions,
				const TEE_Identity *clnt_id)
{
	struct leak_audit_pending audit = { };

	leak_audit_close_begin(&audit, open_sessions, id, NULL);

	return leak_audit_close_end(&audit, leak_audit_real_tee_ta_close_session
					    (id, open_sessions, clnt_id));
}
#else
TEE_Result tee_ta_close_session(struct tee_ta_session *csess,
				struct tee_ta_session_head *open_sessions,
				const TEE_Identity *clnt_id)
{
	struct leak_audit_pending audit = { };

	leak_audit_close_begin(&audit, open_sessions, 0, csess);

	return leak_audit_close_end(&audit, leak_audit_real_tee_ta_close_session
					    (csess, open_sessions, clnt_id));
}
#endif
#endif
#endif
