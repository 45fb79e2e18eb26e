// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Open sessions. The lists are changed with tee_ta_mutex held only, so those
 * of busy TAs can be read as well.
 */

#include <kernel/mutex.h>
#include <string.h>
#include <tee/entry_std.h>
#include <tee/uuid.h>

#include "private.h"

bool audit_is_client(const TEE_UUID *uuid)
{
	const TEE_UUID client = PTA_LEAK_AUDIT_CLIENT_UUID;

	return !memcmp(uuid, &client, sizeof(client));
}

bool audit_is_own(const TEE_UUID *uuid)
{
	const TEE_UUID pta = PTA_LEAK_AUDIT_UUID;

	return audit_is_client(uuid) || !memcmp(uuid, &pta, sizeof(pta));
}

/* Whose list of open sessions that is, NULL for the normal world */
static struct tee_ta_ctx *opener_ctx(struct tee_ta_session_head *head)
{
	struct tee_ta_session_head *nsec = NULL;

	nsec_sessions_list_head(&nsec);
	if (head == nsec)
		return NULL;

	return leak_audit_utc_ta(container_of(head, struct user_ta_ctx,
					      open_sessions));
}

uint32_t audit_opener(struct tee_ta_session_head *head)
{
	struct tee_ta_ctx *ctx = opener_ctx(head);

	return ctx ? ctx->audit_instance : 0;
}

bool audit_opener_is_client(struct tee_ta_session_head *head)
{
	struct tee_ta_ctx *ctx = opener_ctx(head);

	return ctx && audit_is_client(leak_audit_uuid(ctx));
}

static void add_session(struct audit_list *list, struct tee_ta_session *s,
			uint32_t opener)
{
	struct tee_ta_ctx *ctx = leak_audit_session_ctx(s);
	struct pta_leak_audit_session entry = {
		.login = s->clnt_id.login,
		.session = s->id,
		.opener = opener,
	};

	if (!ctx || s->unlink || audit_is_own(leak_audit_uuid(ctx)))
		return;

	tee_uuid_to_octets(entry.uuid, leak_audit_uuid(ctx));
	tee_uuid_to_octets(entry.client, &s->clnt_id.uuid);
	if (leak_audit_is_user_ta(ctx))
		entry.instance = ctx->audit_instance;
	audit_list_add(list, &entry);
}

static void add_sessions(struct audit_list *list,
			 struct tee_ta_session_head *head)
{
	struct tee_ta_session *s = NULL;
	uint32_t opener = audit_opener(head);

	TAILQ_FOREACH(s, head, link)
		add_session(list, s, opener);
}

static void add_all_sessions(struct audit_list *list)
{
	struct tee_ta_session_head *nsec = NULL;
	struct tee_ta_ctx *ctx = NULL;

	nsec_sessions_list_head(&nsec);
	add_sessions(list, nsec);
	TAILQ_FOREACH(ctx, &tee_ctxes, link)
		if (leak_audit_is_user_ta(ctx))
			add_sessions(list,
				     &leak_audit_utc(ctx)->
				     open_sessions);
}

TEE_Result audit_sessions(TEE_Param params[TEE_NUM_PARAMS])
{
	struct audit_list list = { };
	uint64_t start = 0;

	audit_list_begin(&list, params, sizeof(struct pta_leak_audit_session));
	if (params[1].value.b || params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;

	mutex_lock(&tee_ta_mutex);
	start = leak_audit_ticks();
	add_all_sessions(&list);
	list.hdr.lock_ticks = leak_audit_ticks() - start;
	mutex_unlock(&tee_ta_mutex);

	return audit_list_end(&list);
}

static uint32_t count_sessions(struct tee_ta_session_head *head)
{
	struct tee_ta_session *s = NULL;
	uint32_t n = 0;

	TAILQ_FOREACH(s, head, link)
		n++;

	return n;
}

/* All that take memory, be they ours or about to be closed */
uint32_t audit_count_sessions(void)
{
	struct tee_ta_session_head *nsec = NULL;
	struct tee_ta_ctx *ctx = NULL;
	uint32_t n = 0;

	nsec_sessions_list_head(&nsec);
	mutex_lock(&tee_ta_mutex);
	n = count_sessions(nsec);
	TAILQ_FOREACH(ctx, &tee_ctxes, link)
		if (leak_audit_is_user_ta(ctx))
			n += count_sessions(&leak_audit_utc(ctx)->
					    open_sessions);
	mutex_unlock(&tee_ta_mutex);

	return n;
}
