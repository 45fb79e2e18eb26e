/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* At the end of phys_mem.c: the largest free range of TA RAM */

#include <kernel/leak_audit_ta_ram.h>

#ifdef CFG_LEAK_AUDIT
size_t leak_audit_largest_ta_ram(void)
{
#if defined(CFG_NS_VIRTUALIZATION)
	return MAX(leak_audit_largest_gap(core_pool),
		   leak_audit_largest_gap(ta_pool));
#else
	return MAX(leak_audit_largest_gap(nex_core_pool),
		   leak_audit_largest_gap(nex_ta_pool));
#endif
}
#endif
