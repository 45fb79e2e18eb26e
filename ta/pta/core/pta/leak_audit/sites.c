// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Live allocations of the core heap, grouped. The buffer of the caller is the
 * hash table: nothing is allocated and nothing printed with the heap locked.
 * An empty row has a count of 0, a used one keeps a reference to its file
 * name where the name is going to be.
 */

#include <kernel/user_access.h>
#include <string.h>

#include "private.h"

/* Keeps the time that the heap is locked linear in the number of blocks */
#define MAX_PROBES		32

struct sites {
	struct leak_audit_walk walk;
	struct audit_list list;
	uint32_t fold_below;
	uint32_t slice;
	uint32_t slices;
};

static void read_block(const struct sites *sites,
		       const struct leak_audit_block *block,
		       struct pta_leak_audit_site *site, uint32_t *file)
{
	struct audit_tag tag = { };

	audit_untag(block->tag, &tag);
	*file = audit_file_ref(block->fname);
	site->size = block->size;
	site->line = block->line;
	site->owner = tag.owner;
	site->server = tag.server;
	site->session = tag.session;
	site->caller = tag.caller;
	site->epoch = tag.epoch >= sites->fold_below ? tag.epoch : 0;
}

static uint64_t hash_site(const struct pta_leak_audit_site *s, uint32_t file)
{
	uint64_t h = 0;

	h = audit_mix(h, SHIFT_U64(file, 32) | s->size);
	h = audit_mix(h, SHIFT_U64(s->caller, 32) | s->epoch);

	return audit_mix(h, SHIFT_U64(s->line, 48) | SHIFT_U64(s->owner, 32) |
			    SHIFT_U64(s->server, 16) | s->session);
}

static bool same_site(const struct pta_leak_audit_site *a,
		      const struct pta_leak_audit_site *b, uint32_t file)
{
	uint32_t ref = 0;

	memcpy(&ref, a->file, sizeof(ref));

	return ref == file && a->size == b->size && a->caller == b->caller &&
	       a->epoch == b->epoch && a->line == b->line &&
	       a->owner == b->owner && a->server == b->server &&
	       a->session == b->session;
}

static struct pta_leak_audit_site *
find_row(struct sites *sites, const struct pta_leak_audit_site *site,
	 uint32_t file, uint32_t hash)
{
	struct pta_leak_audit_site *row = NULL;
	uint32_t room = sites->list.room;
	uint32_t i = ((uint64_t)hash * room) >> 32;
	uint32_t n = 0;

	for (n = 0; n < MIN(room, (uint32_t)MAX_PROBES); n++) {
		row = audit_list_entry(&sites->list, i);
		if (!row->count || same_site(row, site, file))
			return row;
		i = (i + 1) % room;
	}

	return NULL;
}

static void visit(struct leak_audit_walk *walk, struct leak_audit_block *block)
{
	struct sites *sites = container_of(walk, struct sites, walk);
	struct pta_leak_audit_site *row = NULL;
	struct pta_leak_audit_site site = { };
	uint64_t hash = audit_mix(block->id, block->tag);
	uint32_t file = 0;

	sites->list.hdr.generation += audit_mix(hash, block->size);

	read_block(sites, block, &site, &file);
	hash = hash_site(&site, file);
	if ((uint32_t)hash % sites->slices != sites->slice)
		return;

	row = find_row(sites, &site, file, hash >> 32);
	if (!row) {
		sites->list.hdr.lost++;
		return;
	}
	if (!row->count) {
		*row = site;
		memcpy(row->file, &file, sizeof(file));
	}
	row->count++;
	row->bytes += block->size;
}

/* Move the used rows together and leave nothing behind in the others */
static void finish_rows(struct audit_list *list)
{
	struct pta_leak_audit_site *row = NULL;
	struct pta_leak_audit_site *to = NULL;
	uint32_t file = 0;
	uint32_t n = 0;

	for (n = 0; n < list->room; n++) {
		row = audit_list_entry(list, n);
		if (!row->count)
			continue;
		to = audit_list_entry(list, list->hdr.count++);
		if (row != to) {
			memcpy(to, row, sizeof(*to));
			memset(row, 0, sizeof(*row));
		}
		memcpy(&file, to->file, sizeof(file));
		audit_file_name(to->file, file);
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

TEE_Result audit_sites(uint32_t ptypes, TEE_Param params[TEE_NUM_PARAMS])
{
	struct sites sites = { .walk.visit = visit };
	struct pta_leak_audit_reply *hdr = &sites.list.hdr;
	TEE_Result res = TEE_SUCCESS;
	size_t rows = sizeof(struct pta_leak_audit_site);

	res = audit_list_begin(&sites.list, ptypes, params, rows);
	if (!res)
		res = set_slices(&sites, params);
	if (res)
		return res;
	if (!audit_has_records())
		return TEE_ERROR_NOT_SUPPORTED;

	rows *= sites.list.room;
	enter_user_access();
	if (rows)
		memset(audit_list_entry(&sites.list, 0), 0, rows);
	leak_audit_walk_heap(MAF_NULL, &sites.walk);
	finish_rows(&sites.list);
	exit_user_access();

	hdr->total = sites.walk.blocks;
	hdr->lost += sites.walk.corrupt;
	hdr->lock_ticks = sites.walk.lock_ticks;
	if (sites.walk.corrupt)
		hdr->flags |= PTA_LEAK_AUDIT_REPLY_CORRUPT;

	return audit_list_end(&sites.list);
}
