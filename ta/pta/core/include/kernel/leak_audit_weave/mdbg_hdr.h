/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * The last field of struct mdbg_hdr, of a multiple of BGET_HDR_QUANTUM. 64-bit
 * cores have padding that serves.
 */

#if defined(CFG_LEAK_AUDIT) && !defined(__LP64__)
uint64_t audit_tag;
#endif
