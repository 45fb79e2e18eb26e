// SPDX-License-Identifier: BSD-2-Clause
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* The event ring: newest events overwrite the oldest, readers see how many */

#include <kernel/spinlock.h>

#include "private.h"

#if LEAK_AUDIT_HAS_EVENTS
static struct pta_leak_audit_event ring[CFG_LEAK_AUDIT_EVENTS];
static unsigned int ring_lock;
static uint64_t next_seq = 1;

void audit_record_event(struct pta_leak_audit_event *event, uint64_t start,
			TEE_Result res)
{
	uint32_t exceptions = 0;

	event->result = res;

	exceptions = cpu_spin_lock_xsave(&ring_lock);
	event->ticks = leak_audit_ticks();
	event->duration = MIN(event->ticks - start, (uint64_t)UINT32_MAX);
	event->seq = next_seq++;
	ring[event->seq % CFG_LEAK_AUDIT_EVENTS] = *event;
	cpu_spin_unlock_xrestore(&ring_lock, exceptions);
}

static uint64_t oldest_seq(void)
{
	return next_seq > CFG_LEAK_AUDIT_EVENTS ?
	       next_seq - CFG_LEAK_AUDIT_EVENTS : 1;
}

/* Take a copy of the first event from @seq on that is still there */
static bool read_event(struct audit_list *list, uint64_t *seq,
		       struct pta_leak_audit_event *event)
{
	uint32_t exceptions = cpu_spin_lock_xsave(&ring_lock);
	uint64_t start = leak_audit_ticks();
	uint64_t lost = 0;
	bool found = false;

	if (*seq < oldest_seq()) {
		lost = oldest_seq() - *seq;
		*seq = oldest_seq();
	}
	if (*seq < next_seq) {
		*event = ring[*seq % CFG_LEAK_AUDIT_EVENTS];
		found = true;
	} else {
		*seq = next_seq;
	}
	list->hdr.total = next_seq - *seq;
	list->hdr.lock_ticks += leak_audit_ticks() - start;
	cpu_spin_unlock_xrestore(&ring_lock, exceptions);

	list->hdr.lost = MIN(list->hdr.lost + lost, (uint64_t)UINT32_MAX);

	return found;
}

static void read_events(struct audit_list *list, uint64_t seq)
{
	struct pta_leak_audit_event event = { };
	struct pta_leak_audit_reply *hdr = &list->hdr;

	while (read_event(list, &seq, &event) && hdr->count < list->room) {
		audit_copy_out(audit_list_entry(list, hdr->count), &event,
			       sizeof(event));
		hdr->count++;
		seq++;
	}

	/* What the last look at the ring left in there, and what was read */
	hdr->next = !!hdr->total;
	hdr->total += hdr->count;
	hdr->generation = seq;
}
#else
static void read_events(struct audit_list *list __unused,
			uint64_t seq __unused)
{
}
#endif

TEE_Result audit_events(TEE_Param params[TEE_NUM_PARAMS])
{
	struct audit_list list = { };

	audit_list_begin(&list, params, sizeof(struct pta_leak_audit_event));
	if (params[2].value.a || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	if (!LEAK_AUDIT_HAS_EVENTS)
		return TEE_ERROR_NOT_SUPPORTED;

	/* The first event has number 1, so 0 asks for the same as 1 */
	read_events(&list, MAX(reg_pair_to_64(params[1].value.b,
					      params[1].value.a),
			       UINT64_C(1)));

	return audit_list_end(&list);
}
