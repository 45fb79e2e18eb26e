/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * Leak auditor PTA: what is allocated in the secure world, for whom, from
 * where and since when.
 *
 * Every structure below is little-endian, naturally aligned and free of
 * implicit padding. Fields are only ever appended to, never moved: a reader
 * steps by reply.entry_size and ignores what it doesn't know.
 *
 * List commands share one calling convention:
 *
 * [out]    memref[0]	struct pta_leak_audit_reply, then reply.count entries
 * [in]     value[1]	what to list and where to start, see each command
 * [in]     value[2]	more of the same, zero where a command has no use for it
 *
 * TEE_ERROR_SHORT_BUFFER: memref[0].size is set to the size that would have
 * held the whole reply, or more. A buffer that holds the header and at least
 * one entry is accepted and filled as far as it goes; reply.next says where
 * to go on. No reply has more than 65535 entries.
 *
 * The buffer must be secure memory of the calling TA, lie within one of its
 * regions and be aligned to 8 bytes. It can't be a parameter that was handed
 * to the TA. TEE_InvokeTACommand() maps a temporary copy of private memory for
 * each call, which takes TA RAM and core heap. A buffer that was mapped with
 * PTA_SYSTEM_MAP_ZI and PTA_SYSTEM_MAP_FLAG_SHAREABLE is passed on as it is,
 * so a census through that allocates nothing.
 *
 * TEE_ERROR_ACCESS_DENIED is returned when the session is opened by anyone but
 * the TA PTA_LEAK_AUDIT_CLIENT_UUID, TEE_ERROR_BAD_PARAMETERS for any other
 * parameter types, a value that is not zero where none is asked for and a
 * buffer that won't do, TEE_ERROR_NOT_SUPPORTED for unknown commands and those
 * whose feature isn't built in.
 */

#ifndef __PTA_LEAK_AUDIT_H
#define __PTA_LEAK_AUDIT_H

#include <stdint.h>

#define PTA_LEAK_AUDIT_UUID \
	{ 0x2f3a0b4e, 0x5d0c, 0x4b6e, \
		{ 0x9a, 0x51, 0x7c, 0x1e, 0x84, 0xd2, 0x6f, 0x03 } }

/*
 * The one TA that may open a session. With TA_FLAG_SINGLE_INSTANCE it would
 * wait for any other single instance TA that is in a call, however long that
 * takes, unless the core is built with CFG_CONCURRENT_SINGLE_INSTANCE_TA=y. The
 * PTA itself is concurrent and waits for nobody.
 */
#define PTA_LEAK_AUDIT_CLIENT_UUID \
	{ 0x8e0c41d7, 0x93b2, 0x4f5a, \
		{ 0xb6, 0x2d, 0x0a, 0x5b, 0xc7, 0x19, 0xe3, 0x48 } }

/*
 * What came with a version: 1 all that doesn't say otherwise, 2 call stacks
 * (PTA_LEAK_AUDIT_CMD_STACKS and the fields that name one).
 */
#define PTA_LEAK_AUDIT_VERSION			2

/*
 * struct pta_leak_audit_reply - what every list reply starts with
 * @version:	PTA_LEAK_AUDIT_VERSION
 * @entry_size:	size in bytes of one entry that follows
 * @count:	entries that follow
 * @total:	entries there are, from the first to the last
 * @lost:	objects without an entry: overwritten events, allocations
 *		of a site for which there was no room, corrupt block headers
 * @next:	where the next call goes on, 0 when this reply ends the list
 * @flags:	PTA_LEAK_AUDIT_REPLY_*
 * @generation:	the same in two replies when nothing was changed in between
 * @lock_ticks:	counter ticks during which the lock of what is listed was held
 */
struct pta_leak_audit_reply {
	uint16_t version;
	uint16_t entry_size;
	uint32_t count;
	uint32_t total;
	uint32_t lost;
	uint32_t next;
	uint32_t flags;
	uint64_t generation;
	uint64_t lock_ticks;
};

/* A block header or footer was found overwritten; the walk went on */
#define PTA_LEAK_AUDIT_REPLY_CORRUPT		0x1
/* The TA was busy, so its regions or sessions could not be read */
#define PTA_LEAK_AUDIT_REPLY_BUSY		0x2

/*
 * PTA_LEAK_AUDIT_CMD_INFO - what this build can report
 *
 * [out]    memref[0]	struct pta_leak_audit_info (no reply header)
 */
#define PTA_LEAK_AUDIT_CMD_INFO			0

/*
 * struct pta_leak_audit_info
 * @version:	PTA_LEAK_AUDIT_VERSION
 * @features:	PTA_LEAK_AUDIT_FEATURE_*
 * @boot:	random number drawn at boot, different for each boot
 * @ticks:	counter (CNTPCT) now
 * @tick_hz:	counter frequency in Hz
 * @load_addr:	0, or where the core is loaded when the raw option is built in
 * @epoch:	current epoch, see PTA_LEAK_AUDIT_CMD_MARK
 * @era:	how often the epochs were started over
 * @event_room:	events that the ring holds, 0 when it is off
 * @max_owners:	TA instances that tags can distinguish
 * @release:	OP-TEE's own version string, zero terminated
 */
struct pta_leak_audit_info {
	uint32_t version;
	uint32_t features;
	uint64_t boot;
	uint64_t ticks;
	uint64_t tick_hz;
	uint64_t load_addr;
	uint32_t epoch;
	uint32_t era;
	uint32_t event_room;
	uint32_t max_owners;
	char release[64];
};

/* Allocation records exist: CFG_TEE_CORE_MALLOC_DEBUG=y */
#define PTA_LEAK_AUDIT_FEATURE_RECORDS		0x1
/* Records carry owner, caller and epoch: 64-bit core with records */
#define PTA_LEAK_AUDIT_FEATURE_TAGS		0x2
/* Secure addresses are reported raw: CFG_LEAK_AUDIT_RAW_ADDRESSES=y */
#define PTA_LEAK_AUDIT_FEATURE_RAW		0x4
/* The event ring is built in and recording: CFG_LEAK_AUDIT_EVENTS > 0 */
#define PTA_LEAK_AUDIT_FEATURE_EVENTS		0x8
/* Pool counters exist: CFG_WITH_STATS=y */
#define PTA_LEAK_AUDIT_FEATURE_POOLS		0x10
/*
 * Records carry call stacks: tags of a 64-bit Arm core that is built with
 * CFG_UNWIND=y, and CFG_LEAK_AUDIT_STACKS > 0
 */
#define PTA_LEAK_AUDIT_FEATURE_STACKS		0x20

/*
 * PTA_LEAK_AUDIT_CMD_MARK - begin the next epoch
 *
 * [in]     value[0].a	0, or PTA_LEAK_AUDIT_MARK_RESTART to tag all that is
 *			alive with epoch 0 and begin again with epoch 1. What
 *			is alive keeps its caller and no stack
 * [out]    value[1].a	epoch of allocations from now on
 * [out]    value[1].b	era
 *
 * The core boots in epoch 0.
 *
 * TEE_ERROR_OVERFLOW: epoch PTA_LEAK_AUDIT_EPOCH_MAX is reached, restart.
 */
#define PTA_LEAK_AUDIT_CMD_MARK			1
#define PTA_LEAK_AUDIT_MARK_RESTART		0x1
#define PTA_LEAK_AUDIT_EPOCH_MAX		0xfffe

/*
 * PTA_LEAK_AUDIT_CMD_SITES - live core heap allocations, grouped
 *
 * [in]     value[1].a	epochs below this one are counted together as epoch 0
 * [in]     value[1].b	0
 * [in]     value[2].a	slice, 0 to value[2].b - 1
 * [in]     value[2].b	slices, 0 and 1 both mean that there is one
 *
 * All groups of one slice are counted in one walk with the heap locked, so a
 * slice always begins at its first entry; reply.next is always 0. A slice for
 * which the buffer is too small answers with reply.lost > 0: ask again with
 * more slices. Since no probe for a row is ever long, that may happen when
 * most but not all rows are in use. reply.generation is of all slices.
 *
 * reply.total is the number of allocations walked, of all slices, which is
 * also the number of entries that TEE_ERROR_SHORT_BUFFER asks room for.
 */
#define PTA_LEAK_AUDIT_CMD_SITES		2

/*
 * struct pta_leak_audit_site - allocations alike in all but their address
 * @bytes:	bytes requested by them, all together
 * @count:	how many there are
 * @size:	bytes requested by each
 * @line:	source line, as 16 bits (mdbg keeps no more)
 * @owner:	for whom: owner number, see PTA_LEAK_AUDIT_CMD_OWNERS, 0 for the
 *		core itself
 * @server:	owner number of the PTA that was serving @owner (the normal
 *		world, if @owner is 0), 0 for none
 * @session:	id of the session of @owner that was being served, 1023 for any
 *		from there on
 * @epoch:	when: see PTA_LEAK_AUDIT_CMD_MARK
 * @caller:	return address of the call, as offset into the core, 0 unknown
 * @file:	source file, its end where it is longer, zero terminated
 * @stack:	number of the call stack, see PTA_LEAK_AUDIT_CMD_STACKS, 0 for
 *		none (version 2)
 */
struct pta_leak_audit_site {
	uint64_t bytes;
	uint32_t count;
	uint32_t size;
	uint16_t line;
	uint16_t owner;
	uint16_t server;
	uint16_t session;
	uint32_t epoch;
	uint32_t caller;
	char file[64];
	uint32_t stack;
	uint32_t reserved;
};

/*
 * PTA_LEAK_AUDIT_CMD_RECORDS - live core heap allocations, one by one
 *
 * [in]     value[1].a	index to start from
 * [in]     value[1].b	0
 * [in]     value[2]	0
 */
#define PTA_LEAK_AUDIT_CMD_RECORDS		3

/*
 * struct pta_leak_audit_record - one allocation
 * @block:	identity: offset of the block in its heap pool, with the number
 *		of the pool in the upper 16 bits
 * @size:	bytes requested
 * @line:	source line
 * @owner:	see struct pta_leak_audit_site
 * @server:	see struct pta_leak_audit_site
 * @session:	see struct pta_leak_audit_site
 * @epoch:	see struct pta_leak_audit_site
 * @caller:	see struct pta_leak_audit_site
 * @stack:	see struct pta_leak_audit_site, always 0 in version 1
 * @file:	source file, its end where it is longer, zero terminated
 */
struct pta_leak_audit_record {
	uint64_t block;
	uint32_t size;
	uint16_t line;
	uint16_t owner;
	uint16_t server;
	uint16_t session;
	uint32_t epoch;
	uint32_t caller;
	uint32_t stack;
	char file[64];
};

/*
 * PTA_LEAK_AUDIT_CMD_OWNERS - who the owner numbers stand for
 *
 * [in]     value[1].a	index to start from
 */
#define PTA_LEAK_AUDIT_CMD_OWNERS		4

/*
 * struct pta_leak_audit_owner - a TA instance or PTA, alive or gone
 * @uuid:	TEE_UUID in RFC 4122 byte order
 * @instance:	number of the instance, never used twice in one boot, 0 for
 *		anything but a user TA
 * @owner:	owner number. That of a TA that is gone is used again only when
 *		there is no other and no live allocation bears it any longer
 * @kind:	PTA_LEAK_AUDIT_OWNER_*
 */
struct pta_leak_audit_owner {
	uint8_t uuid[16];
	uint32_t instance;
	uint16_t owner;
	uint16_t kind;
};

#define PTA_LEAK_AUDIT_OWNER_TA			1
#define PTA_LEAK_AUDIT_OWNER_TA_GONE		2
#define PTA_LEAK_AUDIT_OWNER_PTA		3
/* Stands for every instance that came when the table was full, no UUID */
#define PTA_LEAK_AUDIT_OWNER_OTHERS		4

/*
 * PTA_LEAK_AUDIT_CMD_INSTANCES - contexts of user TAs
 *
 * [in]     value[1].a	index to start from
 */
#define PTA_LEAK_AUDIT_CMD_INSTANCES		5

/*
 * struct pta_leak_audit_instance
 * @uuid:	TEE_UUID in RFC 4122 byte order
 * @instance:	number of the instance, never used twice in one boot
 * @state:	PTA_LEAK_AUDIT_INSTANCE_*
 * @ta_flags:	TA_FLAG_* of the TA's header
 * @ref_count:	references, that is sessions open to it
 * @mapped:	bytes in its regions, 0 when busy
 * @n_regions:	regions, 0 when busy
 * @panic_code:	when panicked
 * @n_objects:	objects (TEE_ObjectHandle), with those under construction
 * @n_operations: operations (TEE_OperationHandle)
 * @n_enumerators: object enumerators (TEE_ObjectEnumHandle)
 *
 * The last three are valid with PTA_LEAK_AUDIT_INSTANCE_HANDLES, and absent in
 * version 1.
 */
struct pta_leak_audit_instance {
	uint8_t uuid[16];
	uint32_t instance;
	uint32_t state;
	uint32_t ta_flags;
	uint32_t ref_count;
	uint64_t mapped;
	uint32_t n_regions;
	uint32_t panic_code;
	uint32_t n_objects;
	uint32_t n_operations;
	uint32_t n_enumerators;
	uint32_t reserved;
};

#define PTA_LEAK_AUDIT_INSTANCE_BUSY		0x1
#define PTA_LEAK_AUDIT_INSTANCE_PANICKED	0x2
#define PTA_LEAK_AUDIT_INSTANCE_INITIALIZING	0x4
#define PTA_LEAK_AUDIT_INSTANCE_RELEASING	0x8
/* Its handles were counted: it was not busy */
#define PTA_LEAK_AUDIT_INSTANCE_HANDLES		0x10

/*
 * PTA_LEAK_AUDIT_CMD_SESSIONS - open sessions, of the normal world and of TAs
 *
 * [in]     value[1].a	index to start from
 *
 * Sessions to the leak audit TA itself and to this PTA are not listed. Those
 * of busy TAs are.
 */
#define PTA_LEAK_AUDIT_CMD_SESSIONS		6

/*
 * struct pta_leak_audit_session
 * @uuid:	of the TA or PTA that the session is to
 * @client:	UUID of the client's identity
 * @login:	TEE_LOGIN_* of the client's identity
 * @session:	session id, unique among those of one opener
 * @opener:	instance that opened it, 0 for the normal world
 * @instance:	instance that serves it, 0 for a PTA
 */
struct pta_leak_audit_session {
	uint8_t uuid[16];
	uint8_t client[16];
	uint32_t login;
	uint32_t session;
	uint32_t opener;
	uint32_t instance;
};

/*
 * PTA_LEAK_AUDIT_CMD_REGIONS - region map of one user TA instance
 *
 * [in]     value[1].a	instance number
 * [in]     value[1].b	index to start from
 *
 * TEE_ERROR_ITEM_NOT_FOUND when there is no such instance. A busy instance
 * answers with PTA_LEAK_AUDIT_REPLY_BUSY and no entry. The calling TA itself
 * isn't busy in this sense: what is mapped stays so while it is in the call.
 */
#define PTA_LEAK_AUDIT_CMD_REGIONS		7

/*
 * struct pta_leak_audit_region
 * @va:		where the TA sees it
 * @size:	bytes mapped
 * @pa:		physical address if PTA_LEAK_AUDIT_REGION_PA is set, a keyed
 *		hash of it if PTA_LEAK_AUDIT_REGION_PA_HASH is set, else 0
 * @attr:	TEE_MATTR_* of the mapping
 * @flags:	PTA_LEAK_AUDIT_REGION_*
 */
struct pta_leak_audit_region {
	uint64_t va;
	uint64_t size;
	uint64_t pa;
	uint32_t attr;
	uint32_t flags;
};

#define PTA_LEAK_AUDIT_REGION_PA		0x1
#define PTA_LEAK_AUDIT_REGION_PA_HASH		0x2
#define PTA_LEAK_AUDIT_REGION_NONSEC		0x4
#define PTA_LEAK_AUDIT_REGION_EPHEMERAL		0x10
#define PTA_LEAK_AUDIT_REGION_PERMANENT		0x20
#define PTA_LEAK_AUDIT_REGION_SHAREABLE		0x40
#define PTA_LEAK_AUDIT_REGION_LDELF		0x80
#define PTA_LEAK_AUDIT_REGION_READONLY		0x100
#define PTA_LEAK_AUDIT_REGION_READ		0x200
#define PTA_LEAK_AUDIT_REGION_WRITE		0x400
#define PTA_LEAK_AUDIT_REGION_EXEC		0x800

/*
 * PTA_LEAK_AUDIT_CMD_EVENTS - what happened, in order
 *
 * [in]     value[1]	sequence number to start from: a low, b high 32 bits
 *
 * reply.generation is the sequence number to start from next time, reply.lost
 * the number of events from the one asked for that were overwritten already.
 * reply.next is 1 when there is more to read now, else 0. Sessions to the leak
 * audit TA, what it does and what is done for it are not recorded. Neither are
 * the regions of a TA that is being loaded, is destroyed or gets parameters
 * mapped for the time of a call.
 */
#define PTA_LEAK_AUDIT_CMD_EVENTS		8

/*
 * struct pta_leak_audit_event
 * @seq:	sequence number, the first is 1
 * @ticks:	counter when it was done
 * @duration:	ticks it took, saturated
 * @kind:	PTA_LEAK_AUDIT_EVENT_*
 * @param_types: of an invoke, as TEE_PARAM_TYPES()
 * @result:	TEE_Result it ended with
 * @cmd:	command of an invoke
 * @session:	session id, unique among those of @opener
 * @opener:	instance that is the session's client, 0 for the normal world
 * @instance:	instance that serves the session, or whose region it is
 * @login:	TEE_LOGIN_* of the client, of an open
 * @uuid:	of the TA or PTA that serves the session, or whose region it is
 * @values:	INVOKE: a and b of the value parameters, inputs as they came in,
 *		INOUT and OUT as they went out, 0 in place of anything else.
 *		MAP and UNMAP: va, size and pa as in struct
 *		pta_leak_audit_region, low half first, then its flags.
 *		OPEN: UUID of the client's identity, in the first four.
 */
struct pta_leak_audit_event {
	uint64_t seq;
	uint64_t ticks;
	uint32_t duration;
	uint16_t kind;
	uint16_t param_types;
	uint32_t result;
	uint32_t cmd;
	uint32_t session;
	uint32_t opener;
	uint32_t instance;
	uint32_t login;
	uint8_t uuid[16];
	uint32_t values[8];
};

#define PTA_LEAK_AUDIT_EVENT_OPEN		1
#define PTA_LEAK_AUDIT_EVENT_CLOSE		2
#define PTA_LEAK_AUDIT_EVENT_INVOKE		3
#define PTA_LEAK_AUDIT_EVENT_MAP		4
#define PTA_LEAK_AUDIT_EVENT_UNMAP		5

/*
 * PTA_LEAK_AUDIT_CMD_POOLS - what can run out
 *
 * [in]     value[1].a	index to start from
 */
#define PTA_LEAK_AUDIT_CMD_POOLS		9

/*
 * struct pta_leak_audit_pool
 * @allocated:	now, in @unit
 * @max_allocated: most there ever was, 0 where nobody counts it
 * @size:	what there is in all
 * @largest_free: biggest free block, 0 where nobody counts it
 * @free2_sum:	sum of the squares of the free blocks, see struct
 *		pta_stats_alloc
 * @num_alloc_fail: failed allocations
 * @biggest_alloc_fail: biggest failed allocation
 * @biggest_alloc_fail_used: allocated when that one failed
 * @kind:	PTA_LEAK_AUDIT_POOL_*
 * @unit:	PTA_LEAK_AUDIT_UNIT_*
 * @known:	PTA_LEAK_AUDIT_KNOWN_*: which of the figures somebody counts
 * @num_alloc:	allocations since boot that succeeded, freed or not
 */
struct pta_leak_audit_pool {
	uint64_t allocated;
	uint64_t max_allocated;
	uint64_t size;
	uint64_t largest_free;
	uint64_t free2_sum;
	uint64_t num_alloc_fail;
	uint64_t biggest_alloc_fail;
	uint64_t biggest_alloc_fail_used;
	uint16_t kind;
	uint16_t unit;
	uint32_t known;
	uint64_t num_alloc;
};

#define PTA_LEAK_AUDIT_POOL_CORE_HEAP		1
#define PTA_LEAK_AUDIT_POOL_NEXUS_HEAP		2
#define PTA_LEAK_AUDIT_POOL_TA_RAM		3
#define PTA_LEAK_AUDIT_POOL_CRYPTO		4
#define PTA_LEAK_AUDIT_POOL_PAGE_TABLES		5
#define PTA_LEAK_AUDIT_POOL_SESSIONS		6
#define PTA_LEAK_AUDIT_POOL_THREADS		7

#define PTA_LEAK_AUDIT_UNIT_BYTES		1
#define PTA_LEAK_AUDIT_UNIT_OBJECTS		2

#define PTA_LEAK_AUDIT_KNOWN_ALLOCATED		0x1
#define PTA_LEAK_AUDIT_KNOWN_MAX		0x2
#define PTA_LEAK_AUDIT_KNOWN_SIZE		0x4
#define PTA_LEAK_AUDIT_KNOWN_LARGEST_FREE	0x8
#define PTA_LEAK_AUDIT_KNOWN_FREE2		0x10
#define PTA_LEAK_AUDIT_KNOWN_FAIL		0x20
#define PTA_LEAK_AUDIT_KNOWN_NUM_ALLOC		0x40

/*
 * PTA_LEAK_AUDIT_CMD_CANARY - a leak made on purpose
 *
 * [in]     value[0].a	PTA_LEAK_AUDIT_CANARY_PLANT or _CLEAR
 * [in]     value[0].b	PLANT: size in bytes, 1 to PTA_LEAK_AUDIT_CANARY_MAX
 * [out]    value[1].a	source line that the census must find it at
 * [out]    value[1].b	epoch that the census must find it in
 *
 * There is one canary; planting frees the one before it. It goes when the
 * session is closed.
 */
#define PTA_LEAK_AUDIT_CMD_CANARY		10
#define PTA_LEAK_AUDIT_CANARY_CLEAR		0
#define PTA_LEAK_AUDIT_CANARY_PLANT		1
#define PTA_LEAK_AUDIT_CANARY_MAX		256

/*
 * PTA_LEAK_AUDIT_CMD_CENSUS - sites and their stacks, if they are wanted,
 * pools, owners, instances, sessions and the regions of each instance in one
 * call, as far as there is room
 *
 * [out]    memref[0]	parts, without a reply header before them
 * [in]     value[1].a	which sites: value[1].a of PTA_LEAK_AUDIT_CMD_SITES
 * [in]     value[1].b	1 with sites, 0 without
 *
 * Calls cost more than their content. What found no room is left out, and is
 * to be asked for by the command that lists it. A buffer that holds no part is
 * no error: the size is set to 0 then.
 */
#define PTA_LEAK_AUDIT_CMD_CENSUS		11

/*
 * struct pta_leak_audit_part - a reply of a list command
 * @cmd:	PTA_LEAK_AUDIT_CMD_*
 * @value:	value[1].a that it was asked with, all others are 0
 * @size:	bytes of the reply, which follows
 * @result:	what the command returned, the size is 0 unless TEE_SUCCESS
 */
struct pta_leak_audit_part {
	uint32_t cmd;
	uint32_t value;
	uint32_t size;
	uint32_t result;
};

/*
 * PTA_LEAK_AUDIT_CMD_STACKS - call stacks of allocations
 *
 * [in]     value[1].a	where to start: 0, or reply.next
 *
 * Stacks are recorded from the first PTA_LEAK_AUDIT_CMD_MARK on. Each number
 * stands for one stack until PTA_LEAK_AUDIT_MARK_RESTART, so what is listed
 * after sites has all stacks of those. reply.lost is the number of allocations
 * since then that found no room for theirs and have a caller only;
 * reply.generation is the era.
 */
#define PTA_LEAK_AUDIT_CMD_STACKS		12
#define PTA_LEAK_AUDIT_FRAMES			4

/*
 * struct pta_leak_audit_stack
 * @stack:	number of the stack
 * @reserved:	0
 * @frames:	return addresses as offsets into the core, innermost first: the
 *		first is the caller of the allocator, 0 from where the stack
 *		could not be followed
 */
struct pta_leak_audit_stack {
	uint32_t stack;
	uint32_t reserved;
	uint32_t frames[4];
};

#endif /* __PTA_LEAK_AUDIT_H */
