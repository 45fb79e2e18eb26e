/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * At the end of bget_malloc.c: walks through a heap of the core. It takes
 * nothing in the heap for granted, since finding it corrupt is a result, too.
 */

#include <kernel/leak_audit_compat.h>
#if LEAK_AUDIT_TREE_MEMTAG
#include <memtag.h>
#endif

#ifdef CFG_LEAK_AUDIT
static struct malloc_ctx *audit_heap(bool nexus __maybe_unused)
{
#if LEAK_AUDIT_VIRTUALIZATION
	if (nexus)
		return &nex_malloc_ctx;
#endif
	return &malloc_ctx;
}

static void *audit_untagged(const void *p)
{
#if LEAK_AUDIT_TREE_MEMTAG
	return (void *)strip_tag(p);
#else
	return (void *)p;
#endif
}

#ifdef ENABLE_MDBG
static void *audit_retag(void *buf)
{
#if LEAK_AUDIT_TREE_MEMTAG
	return memtag_insert_tag(buf, memtag_read_tag(buf));
#else
	return buf;
#endif
}

/* What is visited is called once for some blocks, and not for each of them */
struct walk_batch {
	struct leak_audit_walk *walk;
	size_t count;
	struct leak_audit_block blocks[LEAK_AUDIT_BATCH];
};

static void visit_batch(struct walk_batch *batch)
{
	if (batch->count)
		batch->walk->visit(batch->walk, batch->blocks, batch->count);
	batch->count = 0;
}

/* As mdbg_get_footer() finds it, but for a size that may be any */
static inline bool mdbg_hdr_is_good(struct mdbg_hdr *hdr, size_t len)
{
	size_t room = len - sizeof(*hdr) - sizeof(uint32_t);
	size_t size = 0;

	if (len < sizeof(*hdr) + sizeof(uint32_t) ||
	    hdr->magic != MDBG_HEADER_MAGIC || hdr->pl_size > room)
		return false;
	size = ((size_t)hdr->pl_size + 3) & ~(size_t)3;

	return size <= room &&
	       *(uint32_t *)audit_untagged((uint8_t *)(hdr + 1) + size) ==
	       MDBG_FOOTER_MAGIC;
}

static inline void walk_block(struct walk_batch *batch, uint64_t id, void *buf,
			      size_t len)
{
	struct mdbg_hdr *hdr = audit_retag(buf);
	struct leak_audit_block *block = batch->blocks + batch->count;

	batch->walk->blocks++;
	if (!mdbg_hdr_is_good(hdr, len)) {
		batch->walk->corrupt++;
		return;
	}
	block->id = id;
	block->fname = hdr->fname;
	block->line = hdr->line;
	block->size = hdr->pl_size;
	block->tag = &hdr->MDBG_TAG;
	if (++batch->count == LEAK_AUDIT_BATCH)
		visit_batch(batch);
}

/* Trusts no size it reads: what it can't follow ends the pool as corrupt */
static void walk_pool(struct walk_batch *batch, struct malloc_pool *pool,
		      uint64_t id)
{
	uint8_t *buf = audit_untagged(pool->buf);
	size_t offs = 0;
	size_t len = 0;
	bufsize sz = 0;

	while (offs + sizeof(struct bhead) <= pool->len) {
		sz = BH(buf + offs)->bsize;
		if (sz == ESent)
			return;
		len = sz < 0 ? -sz : sz;
		if (len < sizeof(struct bhead) || len % SizeQuant ||
		    len > pool->len - offs)
			break;
		if (sz < 0)
			walk_block(batch, id + offs,
				   buf + offs + sizeof(struct bhead),
				   len - sizeof(struct bhead));
		offs += len;
	}
	batch->walk->corrupt++;
}

static void walk_pools(struct malloc_ctx *ctx, struct leak_audit_walk *walk)
{
	struct walk_batch batch;
	size_t n = 0;

	/* Not cleared, since blocks are read up to the count only */
	batch.walk = walk;
	batch.count = 0;
	for (n = 0; n < ctx->pool_len; n++)
		walk_pool(&batch, ctx->pool + n, SHIFT_U64(n, 48));
	visit_batch(&batch);
}
#else
static void walk_pools(struct malloc_ctx *ctx __unused,
		       struct leak_audit_walk *walk __unused)
{
}
#endif

void leak_audit_walk_heap(bool nexus, struct leak_audit_walk *walk)
{
	struct malloc_ctx *ctx = audit_heap(nexus);
	uint32_t exceptions = malloc_lock(ctx);

	walk->lock_ticks = leak_audit_ticks();
	walk_pools(ctx, walk);
	if (walk->end)
		walk->end(walk);
	walk->lock_ticks = leak_audit_ticks() - walk->lock_ticks;
	malloc_unlock(ctx, exceptions);
}

/* Bytes of a free block that is one by all that can be checked, or 0 */
static size_t free_block_size(struct malloc_ctx *ctx, struct bfhead *b)
{
	vaddr_t start = 0;
	size_t offs = 0;
	size_t n = 0;

	for (n = 0; n < ctx->pool_len; n++) {
		start = (vaddr_t)audit_untagged(ctx->pool[n].buf);
		offs = (vaddr_t)b - start;
		if ((vaddr_t)b < start || offs >= ctx->pool[n].len)
			continue;
		if (offs % SizeQuant ||
		    sizeof(*b) > ctx->pool[n].len - offs ||
		    b->bh.bsize < (bufsize)sizeof(*b) ||
		    (size_t)b->bh.bsize > ctx->pool[n].len - offs)
			return 0;
		return b->bh.bsize;
	}

	return 0;
}

/* The free blocks don't overlap, so together they aren't larger than the heap */
static bool find_largest_free(struct malloc_ctx *ctx, size_t *largest)
{
	struct bfhead *end = &ctx->poolset.freelist;
	struct bfhead *b = end;
	size_t room = 0;
	size_t size = 0;
	size_t n = 0;

	for (n = 0; n < ctx->pool_len; n++)
		room += ctx->pool[n].len;

	for (b = end->ql.flink; b != end; b = b->ql.flink) {
		size = free_block_size(ctx, b);
		if (!size || size > room)
			return false;
		room -= size;
		*largest = MAX(*largest, size);
	}

	return true;
}

bool leak_audit_largest_free(bool nexus, size_t *largest,
			     uint64_t *lock_ticks)
{
	struct malloc_ctx *ctx = audit_heap(nexus);
	uint32_t exceptions = malloc_lock(ctx);
	uint64_t start = leak_audit_ticks();
	bool is_good = false;

	*largest = 0;
	is_good = find_largest_free(ctx, largest);
	*lock_ticks += leak_audit_ticks() - start;
	malloc_unlock(ctx, exceptions);

	return is_good;
}

#ifdef BufStats
bool leak_audit_num_alloc(bool nexus, uint64_t *num_alloc)
{
	struct malloc_ctx *ctx = audit_heap(nexus);
	uint32_t exceptions = malloc_lock(ctx);

	*num_alloc = (unsigned long)ctx->poolset.numget;
	malloc_unlock(ctx, exceptions);

	return true;
}
#else
bool leak_audit_num_alloc(bool nexus __unused,
			  uint64_t *num_alloc __unused)
{
	return false;
}
#endif
#endif /*CFG_LEAK_AUDIT*/
