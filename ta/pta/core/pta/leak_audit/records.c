// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Live allocations of the core heap, one by one in the order of their
 * addresses. As with the groups, names are looked up when the heap is no
 * longer locked.
 */

#include <string.h>

#include "private.h"

struct records {
	struct leak_audit_walk walk;
	struct audit_list list;
	uint32_t seen;
};

static void write_record(struct pta_leak_audit_record *rec,
			 const struct leak_audit_block *block)
{
	struct audit_tag tag = { };
	uint32_t file = audit_file_ref(block->fname);

	audit_untag(audit_block_tag(block), &tag);
	*rec = (struct pta_leak_audit_record){
		.block = block->id,
		.size = block->size,
		.line = block->line,
		.owner = tag.owner,
		.server = tag.server,
		.session = tag.session,
		.epoch = tag.epoch,
		.caller = tag.caller,
		.stack = tag.stack,
	};
	memcpy(rec->file, &file, sizeof(file));
}

static void add_one(struct records *records,
		    const struct leak_audit_block *block)
{
	struct audit_list *list = &records->list;
	uint32_t n = records->seen++;

	list->hdr.generation += audit_block_hash(block);
	if (n < list->start || list->hdr.count == list->room)
		return;

	write_record(audit_list_entry(list, list->hdr.count), block);
	list->hdr.count++;
}

static void visit(struct leak_audit_walk *walk,
		  const struct leak_audit_block *blocks, size_t count)
{
	struct records *records = container_of(walk, struct records, walk);
	size_t n = 0;

	for (n = 0; n < count; n++)
		add_one(records, blocks + n);
}

static void finish_records(struct audit_list *list)
{
	struct pta_leak_audit_record *rec = NULL;
	uint32_t file = 0;
	uint32_t n = 0;

	for (n = 0; n < list->hdr.count; n++) {
		rec = audit_list_entry(list, n);
		memcpy(&file, rec->file, sizeof(file));
		memset(rec->file, 0, sizeof(file));
		audit_file_name(rec->file, file);
	}
}

TEE_Result audit_records(TEE_Param params[TEE_NUM_PARAMS])
{
	struct records records = { .walk.visit = visit };
	struct pta_leak_audit_reply *hdr = &records.list.hdr;

	audit_list_begin(&records.list, params,
			 sizeof(struct pta_leak_audit_record));
	if (params[1].value.b || params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	if (!audit_has_records())
		return TEE_ERROR_NOT_SUPPORTED;

	leak_audit_enter_user_access();
	leak_audit_walk_heap(false, &records.walk);
	finish_records(&records.list);
	leak_audit_exit_user_access();

	hdr->total = records.seen;
	if (hdr->count && records.list.start + hdr->count < hdr->total)
		hdr->next = records.list.start + hdr->count;
	hdr->lost = records.walk.corrupt;
	hdr->lock_ticks = records.walk.lock_ticks;
	if (records.walk.corrupt)
		hdr->flags |= PTA_LEAK_AUDIT_REPLY_CORRUPT;

	return audit_list_end(&records.list);
}
