//! Areas of contiguous memory (CMA): used up, in pieces, or busy.

use super::{draft, shortages};
use crate::{
    model::{FigureKind, Finding, KernelShortage, LogFact, NormalPool, NormalWorld, Unit},
    text,
};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// `EBUSY`.
const BUSY: u64 = 16;

/// Records behind a failure in which its driver may name the device.
const NEAR: usize = 3;

pub(super) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (at, _, shortage) in shortages(normal) {
        let Some(area) = CmaState::new(normal, at, shortage) else { continue };
        let finding = area.finding();
        // The last failure of an area shows most.
        findings.retain(|other| other.fingerprint != finding.fingerprint);
        findings.push(finding);
    }
    findings
}

/// An area when an allocation from it failed.
struct CmaState<'n> {
    normal: &'n NormalWorld,
    at: usize,
    area: &'n str,
    asked: u64,
    error: u64,
    ranges: &'n [u64],
    free: u64,
    total: Option<u64>,
}

impl<'n> CmaState<'n> {
    fn new(normal: &'n NormalWorld, at: usize, shortage: &'n KernelShortage) -> Option<Self> {
        let KernelShortage::Contiguous { area, asked, error, ranges, free, total } = shortage
        else {
            return None;
        };
        let sum = || ranges.iter().fold(0u64, |sum, pages| sum.saturating_add(*pages));
        let free = free.unwrap_or_else(sum);
        Some(Self { normal, at, area, asked: *asked, error: *error, ranges, free, total: *total })
    }

    fn largest(&self) -> u64 {
        self.ranges.iter().copied().max().unwrap_or(0)
    }

    /// Ranges of this area that could not be emptied, just before the failure.
    fn busy_ranges(&self) -> u64 {
        let before = self.normal.sayings[..self.at].iter().rev();
        before.take_while(|record| record.said == LogFact::RangeBusy).count() as u64
    }

    /// The device whose driver says that it failed, with the bytes it wanted.
    fn device(&self) -> Option<(&'n str, u64)> {
        self.normal.sayings.iter().skip(self.at + 1).take(NEAR).find_map(|record| {
            match &record.said {
                LogFact::DeviceFailed { device, bytes } => Some((&**device, *bytes)),
                _ => None,
            }
        })
    }

    /// What is wrong with the area, and what it is called.
    fn state(&self) -> (&'static str, String, &'static str) {
        let pieces = format!(
            "{} free in {}, the largest {}",
            pages(self.free),
            text::count(self.ranges.len() as u64, "piece"),
            pages(self.largest())
        );
        if self.error == BUSY || self.ranges.is_empty() && self.busy_ranges() > 0 {
            let busy = self.busy_ranges();
            let busy = if busy == 0 {
                String::new()
            } else {
                format!("; {} busy", text::count(busy, "range"))
            };
            return (
                "is busy",
                format!(
                    "{pieces}{busy}: pages there could not be moved, they are pinned or in flight"
                ),
                "find who pins pages of the area: page_owner of its pages, long-term pins (get_user_pages), file pages under writeback",
            );
        }
        if self.free < self.asked {
            return (
                "is used up",
                format!("{} free", pages(self.free)),
                "find who has it: bufinfo or dmabuf_dump, page_owner of its pages, /sys/kernel/debug/cma",
            );
        }
        (
            "is in pieces",
            format!("{pieces}: fragmentation"),
            "allocate large buffers early and keep them, or give the device an area of its own; bufinfo shows who holds the pieces in between",
        )
    }

    fn finding(&self) -> Finding {
        let (word, state, next) = self.state();
        let name = if self.area.is_empty() { String::new() } else { format!(" {}", self.area) };
        let asker = self.device().map_or(String::new(), |(device, _)| format!(" by {device}"));
        let title = format!(
            "contiguous memory (CMA){name} {word}: {} asked{asker} failed, {state}",
            pages(self.asked)
        );
        let mut draft = draft(NormalPool::Contiguous(self.area.into()), title)
            .figure(FigureKind::Free, self.free.saturating_mul(PAGE), Unit::Bytes)
            .figure(FigureKind::LargestFreePiece, self.largest().saturating_mul(PAGE), Unit::Bytes);
        if let Some(total) = self.total {
            draft = draft.figure(FigureKind::Size, total.saturating_mul(PAGE), Unit::Bytes);
            draft = draft.text(&format!("the area has {}", pages(total)));
        }
        if let Some((device, bytes)) = self.device() {
            draft = draft.text(&format!("{device} asked for {}", text::bytes(bytes)));
        }
        let place = self.normal.sayings.get(self.at).map(|record| &record.place);
        if let Some(place) = place {
            draft = draft.evidence_at(&format!("error -{}, {state}", self.error), place);
        }
        draft.next(next)
    }
}

/// `2,025 pages (8,294,400 bytes (7.9 MiB))`.
fn pages(pages: u64) -> String {
    let bytes = pages.saturating_mul(PAGE);
    let size = if bytes < 1 << 20 {
        format!("{} KiB", text::number(bytes / 1024))
    } else {
        format!("{} bytes, {}", text::number(bytes), text::mebibytes(bytes))
    };
    format!("{} ({size})", text::count(pages, "page"))
}
