//! Failed allocations that the kernel logs with the state of their pool: slab caches, contiguous memory.
//!
//! ```text
//! SLUB: Unable to allocate memory on node -1, gfp=0xa20(GFP_ATOMIC)                       mm/slub.c
//!   cache: ts_packet_desc, object size: 1880, buffer size: 1920, default order: 3, min order: 0
//!   node 0: slabs: 21344, objs: 362848, free: 0
//!
//! cma: __cma_alloc: linux,cma: alloc failed, req-size: 2025 pages, ret: -12               mm/cma.c
//! cma: number of available pages: 5@11+12@402+3@9120+2@16001=> 22 free of 16384 total pages
//! alloc_contig_range: [7c800, 7cfe9) PFNs busy
//! vdec fe380000.vdec: dma alloc of size 8294400 failed                                    kernel/dma
//! ```

use super::{
    LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields, open_failure::OpenFailure,
};
use crate::{
    model::{KernelShortage, LogFact},
    parse::strace::nanoseconds,
};

/// What lines of failures have.
pub(super) const OPENINGS: [&str; 4] = [
    "SLUB: Unable to allocate memory",
    "alloc failed, req-size:",
    "alloc_contig_range",
    ": dma alloc of size ",
];

/// Ranges that are kept of an area.
const RANGES: usize = 1 << 14;

#[derive(Default)]
pub(super) struct Shortages {
    open: OpenFailure,
}

impl Parser for Shortages {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim_start();
        if text.starts_with("SLUB: Unable to allocate memory") {
            self.open.begin(slab(text, line), line, out);
            return LineOutcome::Parsed;
        }
        if let Some(failure) = contiguous(text) {
            self.end(out);
            let begun = failure.map(|failure| self.open.begin(failure, line, out));
            return LineOutcome::from(begun);
        }
        if text.starts_with("alloc_contig_range") && text.ends_with("PFNs busy") {
            out.say(line, LogFact::RangeBusy);
            return LineOutcome::Parsed;
        }
        if let Some((device, bytes)) = device_failure(text) {
            self.end(out);
            out.say(line, LogFact::DeviceFailed { device: device.into(), bytes });
            return LineOutcome::Parsed;
        }
        self.open.state().map_or(LineOutcome::Ignored, |failure| state(failure, text))
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.end(out);
    }
}

fn slab(text: &str, line: &LedgerLine<'_>) -> KernelShortage {
    let flags = text.split_once("gfp=").map_or("", |(_, flags)| flags);
    let flags = flags
        .split_once('(')
        .and_then(|(_, names)| names.split_once(')'))
        .map_or(flags, |(names, _)| names);
    let stamp = line.raw.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    let ns = stamp.and_then(|(stamp, _)| nanoseconds(stamp.trim()));
    KernelShortage::Slab {
        cache: "".into(),
        object: 0,
        buffer: 0,
        objects: 0,
        free: 0,
        flags: flags.into(),
        seconds: ns.map(|ns| ns / 1_000_000_000),
        is_debugged: false,
    }
}

/// The failure of `cma: cma_alloc: linux,cma: alloc failed, req-size: 2025 pages, ret: -16`; older kernels print
/// no name.
fn contiguous(text: &str) -> Option<Option<KernelShortage>> {
    let (head, rest) = text.split_once("alloc failed, req-size:")?;
    let (_, head) = head.split_once("cma_alloc")?;
    let area = head.trim_matches([':', ' ']);
    let read = || {
        let asked = fields::decimal(rest.split_whitespace().next()?)?;
        let error = fields::decimal(rest.rsplit_once("ret: ")?.1.trim().trim_start_matches('-'))?;
        let (ranges, free, total) = (Vec::new(), None, None);
        Some(KernelShortage::Contiguous { area: area.into(), asked, error, ranges, free, total })
    };
    Some(read())
}

/// Device and bytes of `vdec fe380000.vdec: dma alloc of size 8294400 failed`.
fn device_failure(text: &str) -> Option<(&str, u64)> {
    let (device, rest) = text.split_once(": dma alloc of size ")?;
    Some((device, fields::decimal(rest.strip_suffix(" failed")?)?))
}

/// Reads a line behind the failure.
fn state(failure: &mut KernelShortage, text: &str) -> LineOutcome {
    let read = match failure {
        KernelShortage::Slab { .. } => slab_state(failure, text),
        KernelShortage::Contiguous { ranges, free, total, .. } => {
            free_ranges(text).map(|(all, sums)| (*ranges, *free, *total) = (all, sums.0, sums.1))
        }
        KernelShortage::Binder { .. } => None,
    };
    read.map_or(LineOutcome::Ignored, |()| LineOutcome::Parsed)
}

fn slab_state(failure: &mut KernelShortage, text: &str) -> Option<()> {
    let KernelShortage::Slab { cache, object, buffer, objects, free, is_debugged, .. } = failure
    else {
        return None;
    };
    if let Some(name) = text.strip_prefix("cache: ") {
        *cache = name.split(',').next().unwrap_or_default().into();
        *object = fields::number_after(text, "object size: ")?;
        *buffer = fields::number_after(text, "buffer size: ")?;
    } else if text.starts_with("node ") && text.contains("slabs:") {
        *objects = objects.saturating_add(fields::number_after(text, "objs: ")?);
        *free = free.saturating_add(fields::number_after(text, "free: ")?);
    } else if text.contains("debugging increased min order") {
        *is_debugged = true;
    } else {
        return None;
    }
    Some(())
}

/// Lengths of the free ranges, and free pages and all as printed.
type FreeRanges = (Vec<u64>, (Option<u64>, Option<u64>));

/// `number of available pages: 5@11+12@402=> 17 free of 16384 total pages`.
fn free_ranges(text: &str) -> Option<FreeRanges> {
    let (_, rest) = text.split_once("number of available pages:")?;
    let (ranges, sums) = rest.split_once("=>").unwrap_or((rest, ""));
    let length = |range: &str| fields::decimal(range.trim().split('@').next()?);
    let free = sums.split_once(" free of").and_then(|(free, _)| fields::decimal(free.trim()));
    let total = fields::number_after(sums, "of ");
    Some((ranges.split('+').filter_map(length).take(RANGES).collect(), (free, total)))
}
