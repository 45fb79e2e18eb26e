/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* At the end of tee_svc_storage.c: enumerators that a TA has handles of */

#include <kernel/leak_audit.h>

#ifdef CFG_LEAK_AUDIT
size_t leak_audit_count_enumerators(struct user_ta_ctx *utc)
{
	struct tee_storage_enum *e = NULL;
	size_t count = 0;

	TAILQ_FOREACH(e, &utc->storage_enums, link)
		count++;

	return count;
}
#endif
