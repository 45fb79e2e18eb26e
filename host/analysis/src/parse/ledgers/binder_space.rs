//! Binder's log of calls that found no space in the area of their target (Linux `drivers/android/binder_alloc.c`).
//!
//! ```text
//! binder_alloc: 742: binder_alloc_buf size 262144 failed, no address space
//! binder_alloc: allocated: 786560 (num: 13 largest: 65536), free: 253824 (num: 3 largest: 131072)
//! binder: 1288:1301 transaction call to 742:0 failed 48822/29201/-28, size 262144-0 line 3283
//! binder_alloc: 903: pid 1288 spamming oneway? 61 buffers allocated for a total size of 495808
//! ```
//!
//! Earlier kernels name neither the target in the last line nor the figures. `no vma` says that the target has no
//! area any more.

use super::{
    LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields, open_failure::OpenFailure,
};
use crate::model::{KernelShortage, LogFact};

#[derive(Default)]
pub(super) struct BinderSpace {
    open: OpenFailure,
}

impl Parser for BinderSpace {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim_start();
        if !text.starts_with("binder") {
            return LineOutcome::Ignored;
        }
        if let Some(failure) = failure(text) {
            self.open.begin(failure, line, out);
            return LineOutcome::Parsed;
        }
        if let Some((_, figures)) = text.split_once("allocated: ") {
            return LineOutcome::from(self.figures(figures));
        }
        if text.contains("cannot allocate buffer") {
            return LineOutcome::Parsed;
        }
        let fact = flood(text).or_else(|| failed_call(text));
        let Some(fact) = fact else { return LineOutcome::Ignored };
        self.end(out);
        out.say(line, fact);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.end(out);
    }
}

impl BinderSpace {
    /// `786560 (num: 13 largest: 65536), free: 253824 (num: 3 largest: 131072)`.
    fn figures(&mut self, text: &str) -> Option<()> {
        let Some(KernelShortage::Binder { in_use, free, .. }) = self.open.state() else {
            return None;
        };
        let (used, rest) = text.split_once(", free: ")?;
        let bytes = |part: &str| fields::decimal(part.split(' ').next()?);
        *in_use = Some((bytes(used)?, fields::number_after(used, "num: ")?));
        *free = Some((bytes(rest)?, fields::number_after(rest, "largest: ")?));
        Some(())
    }
}

/// `742: binder_alloc_buf size 262144 failed, no address space`, `... no vma`, `... no async space left`.
fn failure(text: &str) -> Option<KernelShortage> {
    let (head, rest) = text.split_once("binder_alloc_buf")?;
    let pid = fields::decimal(head.trim_end_matches([':', ' ', ',']).rsplit(' ').next()?)?;
    let has_no_area = rest.contains("no vma");
    let is_known =
        has_no_area || rest.contains("no address space") || rest.contains("no async space");
    let asked = fields::number_after(rest, "size ").unwrap_or(0);
    let is_oneway = rest.contains("async");
    is_known.then_some(KernelShortage::Binder {
        pid,
        asked,
        is_oneway,
        has_no_area,
        in_use: None,
        free: None,
    })
}

/// `binder_alloc: 903: pid 1288 spamming oneway? 61 buffers allocated for a total size of 495808`.
fn flood(text: &str) -> Option<LogFact> {
    let (head, rest) = text.split_once(" spamming oneway? ")?;
    let to = fields::decimal(head.split(": ").nth(1)?)?;
    let from = fields::number_after(head, "pid ")?;
    let buffers = fields::decimal(rest.split(' ').next()?)?;
    Some(LogFact::OnewayFlood {
        to,
        from,
        buffers,
        bytes: fields::number_after(rest, "total size of ")?,
    })
}

/// `binder: 1288:1301 transaction call to 742:0 failed 48822/29201/-28, size 262144-0 line 3283`.
fn failed_call(text: &str) -> Option<LogFact> {
    let (head, rest) = text.split_once(" transaction ")?;
    let (call, result) = rest.split_once("failed ")?;
    let pair = |word: &str| {
        let (pid, tid) = word.split_once(':')?;
        Some((fields::decimal(pid)?, fields::decimal(tid)?))
    };
    let from = pair(head.rsplit(' ').next()?)?;
    let to = fields::value_after(call, "to ").and_then(pair).map(|(pid, _)| pid);
    let sizes = fields::value_after(result, "size ").unwrap_or_default();
    let bytes = sizes.split('-').filter_map(fields::decimal).fold(0, u64::saturating_add);
    // Calls fail for other reasons, too: 29201 is BR_FAILED_REPLY, 28 is ENOSPC.
    let code = result.split([',', ' ']).next().unwrap_or_default();
    let is_full = code.ends_with("/-28") || code == "29201";
    is_full.then_some(LogFact::CallFailed { from, to, is_oneway: call.contains("async"), bytes })
}
