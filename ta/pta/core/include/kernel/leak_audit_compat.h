/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026, the teeleak authors
 */

/*
 * What each release of OP-TEE calls in its own way, by the facts of the tree
 * in leak_audit_tree.h
 */

#ifndef __KERNEL_LEAK_AUDIT_COMPAT_H
#define __KERNEL_LEAK_AUDIT_COMPAT_H

#ifdef CFG_LEAK_AUDIT
#include <arm.h>
#include <kernel/leak_audit.h>
#include <kernel/linker.h>
#include <kernel/pseudo_ta.h>
#include <kernel/tee_ta_manager.h>
#include <kernel/thread.h>
#include <kernel/user_ta.h>
#include <util.h>
#if LEAK_AUDIT_TREE_TS_CTX
#include <kernel/ts_manager.h>
#endif
#if LEAK_AUDIT_TREE_DELAY_ARCH
#include <kernel/delay_arch.h>
#endif
#if LEAK_AUDIT_TREE_USER_ACCESS
#include <kernel/user_access.h>
#endif

#if defined(CFG_NS_VIRTUALIZATION) || defined(CFG_VIRTUALIZATION)
#define LEAK_AUDIT_VIRTUALIZATION	1
#else
#define LEAK_AUDIT_VIRTUALIZATION	0
#endif

/* Before there was a switch, this one shows that the timer is there */
#if LEAK_AUDIT_TREE_GENERIC_TIMER_SWITCH
#ifdef CFG_CORE_HAS_GENERIC_TIMER
#define LEAK_AUDIT_HAS_TIMER	1
#else
#define LEAK_AUDIT_HAS_TIMER	0
#endif
#elif defined(CFG_SECURE_TIME_SOURCE_CNTPCT)
#define LEAK_AUDIT_HAS_TIMER	1
#else
#define LEAK_AUDIT_HAS_TIMER	0
#endif

static inline uint64_t leak_audit_ticks(void)
{
#if !LEAK_AUDIT_HAS_TIMER
	return 0;
#elif LEAK_AUDIT_TREE_DELAY_ARCH
	return delay_cnt_read();
#else
	return read_cntpct();
#endif
}

static inline uint32_t leak_audit_tick_hz(void)
{
#if !LEAK_AUDIT_HAS_TIMER
	return 0;
#elif LEAK_AUDIT_TREE_DELAY_ARCH
	return delay_cnt_freq();
#else
	return read_cntfrq();
#endif
}

/* Memory of TAs is out of reach for the core, where the core knows how */
static inline void leak_audit_enter_user_access(void)
{
#if LEAK_AUDIT_TREE_USER_ACCESS
	enter_user_access();
#endif
}

static inline void leak_audit_exit_user_access(void)
{
#if LEAK_AUDIT_TREE_USER_ACCESS
	exit_user_access();
#endif
}

/*
 * Contexts: from 3.12 on there are trusted services that are no TAs, and a
 * TA's context has that of a service in it
 */
#if LEAK_AUDIT_TREE_TS_CTX
typedef struct ts_session leak_audit_frame;

static inline const TEE_UUID *leak_audit_uuid(const struct tee_ta_ctx *ctx)
{
	return &ctx->ts_ctx.uuid;
}

static inline bool leak_audit_is_user_ta(struct tee_ta_ctx *ctx)
{
	return is_user_ta_ctx(&ctx->ts_ctx);
}

static inline bool leak_audit_is_pta(struct tee_ta_ctx *ctx)
{
	return is_pseudo_ta_ctx(&ctx->ts_ctx);
}

static inline struct user_ta_ctx *leak_audit_utc(struct tee_ta_ctx *ctx)
{
	return to_user_ta_ctx(&ctx->ts_ctx);
}

static inline struct tee_ta_ctx *leak_audit_utc_ta(struct user_ta_ctx *utc)
{
	return &utc->ta_ctx;
}

/* NULL if it is no user TA */
static inline struct tee_ta_ctx *leak_audit_uctx_ta(struct user_mode_ctx *uctx)
{
	return is_user_ta_ctx(uctx->ts_ctx) ? to_ta_ctx(uctx->ts_ctx) : NULL;
}

/* NULL if it is no TA */
static inline struct tee_ta_ctx *leak_audit_frame_ctx(leak_audit_frame *s)
{
	return s->ctx && is_ta_ctx(s->ctx) ? to_ta_ctx(s->ctx) : NULL;
}

static inline struct tee_ta_session *
leak_audit_frame_session(leak_audit_frame *s)
{
	return container_of(s, struct tee_ta_session, ts_sess);
}

static inline struct tee_ta_ctx *
leak_audit_session_ctx(struct tee_ta_session *s)
{
	return leak_audit_frame_ctx(&s->ts_sess);
}

static inline leak_audit_frame *leak_audit_calling_frame(void)
{
	return ts_get_calling_session();
}
#else
typedef struct tee_ta_session leak_audit_frame;

static inline const TEE_UUID *leak_audit_uuid(const struct tee_ta_ctx *ctx)
{
	return &ctx->uuid;
}

static inline bool leak_audit_is_user_ta(struct tee_ta_ctx *ctx)
{
	return is_user_ta_ctx(ctx);
}

static inline bool leak_audit_is_pta(struct tee_ta_ctx *ctx)
{
	return is_pseudo_ta_ctx(ctx);
}

static inline struct user_ta_ctx *leak_audit_utc(struct tee_ta_ctx *ctx)
{
	return to_user_ta_ctx(ctx);
}

static inline struct tee_ta_ctx *leak_audit_utc_ta(struct user_ta_ctx *utc)
{
	return &utc->uctx.ctx;
}

static inline struct tee_ta_ctx *leak_audit_uctx_ta(struct user_mode_ctx *uctx)
{
	return is_user_ta_ctx(&uctx->ctx) ? &uctx->ctx : NULL;
}

static inline struct tee_ta_ctx *leak_audit_frame_ctx(leak_audit_frame *s)
{
	return s->ctx;
}

static inline struct tee_ta_session *
leak_audit_frame_session(leak_audit_frame *s)
{
	return s;
}

static inline struct tee_ta_ctx *
leak_audit_session_ctx(struct tee_ta_session *s)
{
	return s->ctx;
}

static inline leak_audit_frame *leak_audit_calling_frame(void)
{
	return tee_ta_get_calling_session();
}
#endif

/* What this thread runs, NULL for nothing */
static inline leak_audit_frame *leak_audit_current_frame(void)
{
	return TAILQ_FIRST(&thread_get_tsd()->sess_stack);
}

static inline struct vm_info *leak_audit_vm_info(struct tee_ta_ctx *ctx)
{
	return &leak_audit_utc(ctx)->uctx.vm_info;
}

/* True while a user TA is loaded, be that said where it may */
static inline bool leak_audit_is_loading(struct tee_ta_ctx *ctx)
{
#if LEAK_AUDIT_TREE_TA_CTX_IS_INITIALIZING
	return ctx->is_initializing;
#elif LEAK_AUDIT_TREE_UCTX_IS_INITIALIZING
	return leak_audit_utc(ctx)->uctx.is_initializing;
#elif LEAK_AUDIT_TREE_UTC_IS_INITIALIZING
	return leak_audit_utc(ctx)->is_initializing;
#else
#error "nothing says whether a TA is being loaded"
#endif
}

static inline bool leak_audit_is_releasing(struct tee_ta_ctx *ctx __maybe_unused)
{
#if LEAK_AUDIT_TREE_IS_RELEASING
	return ctx->is_releasing;
#else
	return false;
#endif
}

#endif /*CFG_LEAK_AUDIT*/

#endif /*__KERNEL_LEAK_AUDIT_COMPAT_H*/
