/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* Around tee_ta_invoke_command(): an event */

#include <kernel/leak_audit.h>

#if LEAK_AUDIT_HAS_EVENTS
#ifndef LEAK_AUDIT_IN_TEE_TA_INVOKE_COMMAND
#define LEAK_AUDIT_IN_TEE_TA_INVOKE_COMMAND
static __typeof__(tee_ta_invoke_command) leak_audit_real_tee_ta_invoke_command;
#define tee_ta_invoke_command	leak_audit_real_tee_ta_invoke_command
#define __func__	"tee_ta_invoke_command"
#else
#undef LEAK_AUDIT_IN_TEE_TA_INVOKE_COMMAND
#undef tee_ta_invoke_command
#undef __func__

TEE_Result tee_ta_invoke_command(TEE_ErrorOrigin *err,
				 struct tee_ta_session *sess,
				 const TEE_Identity *clnt_id,
				 uint32_t cancel_req_to, uint32_t cmd,
				 struct tee_ta_param *param)
{
	struct leak_audit_pending audit = { };
	TEE_Result res = TEE_SUCCESS;

	leak_audit_invoke_begin(&audit, sess, cmd);
	res = leak_audit_real_tee_ta_invoke_command(err, sess, clnt_id,
						    cancel_req_to, cmd, param);

	return leak_audit_invoke_end(&audit, param, res);
}
#endif
#endif
