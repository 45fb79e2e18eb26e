/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around tee_ta_open_session(): an event */

#include <kernel/leak_audit.h>

#if LEAK_AUDIT_HAS_EVENTS
#ifndef LEAK_AUDIT_IN_TEE_TA_OPEN_SESSION
#define LEAK_AUDIT_IN_TEE_TA_OPEN_SESSION
static __typeof__(tee_ta_open_session) leak_audit_real_tee_ta_open_session;
#define tee_ta_open_session	leak_audit_real_tee_ta_open_session
#define __func__	"tee_ta_open_session"
#else
#undef LEAK_AUDIT_IN_TEE_TA_OPEN_SESSION
#undef tee_ta_open_session
#undef __func__

#if LEAK_AUDIT_TREE_OPEN_GIVES_ID
#define LEAK_AUDIT_SESSION	uint32_t
#else
#define LEAK_AUDIT_SESSION	struct tee_ta_session *
#endif
TEE_Result tee_ta_open_session(TEE_ErrorOrigin *err, LEAK_AUDIT_SESSION *sess,
			       struct tee_ta_session_head *open_sessions,
			       const TEE_UUID *uuid,
			       const TEE_Identity *clnt_id,
			       uint32_t cancel_req_to,
			       struct tee_ta_param *param)
{
	struct leak_audit_pending audit = { };
	TEE_Result res = TEE_SUCCESS;

	leak_audit_open_begin(&audit, open_sessions, uuid, clnt_id);
	res = leak_audit_real_tee_ta_open_session(err, sess, open_sessions,
						  uuid, clnt_id, cancel_req_to,
						  param);

	return leak_audit_open_end(&audit, res);
}
#undef LEAK_AUDIT_SESSION
#endif
#endif
