/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/* The last fields of struct tee_ta_ctx */

#ifdef CFG_LEAK_AUDIT
uint32_t audit_instance;	/* Number of the user TA instance, or 0 */
uint32_t audit_owner;		/* Owner number in allocation tags */
#endif
