// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Live allocations of the core heap, grouped. The end of the buffer of the
 * caller is a hash table while the heap is walked: nothing is allocated
 * and nothing printed with the heap locked. Then the table is turned into
 * entries from the front, which never catch up with the row being read. Rows
 * may be left behind the last entry: they show nothing that entries don't.
 */

#include <string.h>

#include "private.h"

/* Keeps the time that the heap is locked linear in the number of blocks */
#define MAX_PROBES		32

/*
 * struct row - one group while it's counted
 * @tag:	tag of the blocks, with epoch 0 where it's below the limit
 * @file:	reference to the file name
 * @size:	requested bytes of each block
 * @line:	source line
 * @count:	blocks, 0 if the row is free
 */
struct row {
	uint64_t tag;
	uint32_t file;
	uint32_t size;
	uint32_t line;
	uint32_t count;
};

/* As many rows as there is room for entries lie at the end of that room */
audit_assert(sizeof(struct row) <= sizeof(struct pta_leak_audit_site));
audit_assert(AUDIT_ALIGNED(sizeof(struct pta_leak_audit_site), sizeof(uint64_t)));

struct sites {
	struct leak_audit_walk walk;
	struct audit_list list;
	struct row *rows;
	uint32_t fold_below;
	uint32_t slice;
	uint32_t slices;
};

static uint64_t hash_row(const struct row *row)
{
	uint64_t h = SHIFT_U64(row->file, 32) | row->size;

	return audit_mix(h ^ SHIFT_U64(row->line, 16), row->tag);
}

static bool same_site(const struct row *a, const struct row *b)
{
	return a->tag == b->tag && a->size == b->size && a->line == b->line &&
	       a->file == b->file;
}

static void count_block(struct sites *sites, const struct row *key,
			uint32_t hash)
{
	uint32_t room = sites->list.room;
	uint32_t i = ((uint64_t)hash * room) >> 32;
	uint32_t n = MIN(room, (uint32_t)MAX_PROBES);
	struct row *row = NULL;

	for (; n; n--) {
		row = sites->rows + i;
		if (!row->count)
			*row = *key;
		if (same_site(row, key)) {
			row->count++;
			return;
		}
		if (++i == room)
			i = 0;
	}
	sites->list.hdr.lost++;
}

static void count_one(struct sites *sites, const struct leak_audit_block *block)
{
	struct row key = {
		.tag = audit_fold_tag(audit_block_tag(block),
				      sites->fold_below),
		.file = audit_file_ref(block->fname),
		.size = block->size,
		.line = block->line,
	};
	uint64_t hash = hash_row(&key);

	sites->list.hdr.generation += audit_block_hash(block);
	if (sites->slices > 1 && (uint32_t)hash % sites->slices != sites->slice)
		return;

	count_block(sites, &key, hash >> 32);
}

static void visit(struct leak_audit_walk *walk,
		  const struct leak_audit_block *blocks, size_t count)
{
	struct sites *sites = container_of(walk, struct sites, walk);
	size_t n = 0;

	for (n = 0; n < count; n++)
		count_one(sites, blocks + n);
}

static void write_site(struct pta_leak_audit_site *site, const struct row *row)
{
	struct audit_tag tag = { };

	audit_untag(row->tag, &tag);
	*site = (struct pta_leak_audit_site){
		.bytes = (uint64_t)row->count * row->size,
		.count = row->count,
		.size = row->size,
		.line = row->line,
		.owner = tag.owner,
		.server = tag.server,
		.session = tag.session,
		.epoch = tag.epoch,
		.caller = tag.caller,
		.stack = tag.stack,
	};
	audit_file_name(site->file, row->file);
}

/* By memcpy(), since memset() of the core goes byte by byte */
static void clear_rows(struct row *rows, size_t count)
{
	static const struct row none[4];
	size_t n = 0;

	for (n = 0; n < count; n += ARRAY_SIZE(none))
		memcpy(rows + n, none,
		       MIN(count - n, ARRAY_SIZE(none)) * sizeof(*none));
}

static void finish_rows(struct sites *sites)
{
	struct audit_list *list = &sites->list;
	struct row row = { };
	uint32_t n = 0;

	for (n = 0; n < list->room; n++) {
		row = sites->rows[n];
		if (row.count)
			write_site(audit_list_entry(list, list->hdr.count++),
				   &row);
	}
}

static TEE_Result set_slices(struct sites *sites,
			     const TEE_Param params[TEE_NUM_PARAMS])
{
	sites->fold_below = params[1].value.a;
	sites->slice = params[2].value.a;
	sites->slices = MAX(params[2].value.b, 1U);
	if (params[1].value.b || sites->slice >= sites->slices)
		return TEE_ERROR_BAD_PARAMETERS;

	return TEE_SUCCESS;
}

static void count_sites(struct sites *sites)
{
	uint32_t room = sites->list.room;

	leak_audit_enter_user_access();
	if (room) {
		sites->rows = (struct row *)
			      audit_list_entry(&sites->list, room) - room;
		clear_rows(sites->rows, room);
	}
	leak_audit_walk_heap(false, &sites->walk);
	if (room)
		finish_rows(sites);
	leak_audit_exit_user_access();
}

TEE_Result audit_sites(TEE_Param params[TEE_NUM_PARAMS])
{
	struct sites sites = { .walk.visit = visit };
	struct pta_leak_audit_reply *hdr = &sites.list.hdr;
	TEE_Result res = TEE_SUCCESS;

	audit_list_begin(&sites.list, params,
			 sizeof(struct pta_leak_audit_site));
	res = set_slices(&sites, params);
	if (res)
		return res;
	if (!audit_has_records())
		return TEE_ERROR_NOT_SUPPORTED;

	count_sites(&sites);
	hdr->total = sites.walk.blocks;
	hdr->lost += sites.walk.corrupt;
	hdr->lock_ticks = sites.walk.lock_ticks;
	if (sites.walk.corrupt)
		hdr->flags |= PTA_LEAK_AUDIT_REPLY_CORRUPT;

	return audit_list_end(&sites.list);
}
