//! The output of bcc's `memleak` (`tools/memleak.py`): allocations that nobody freed so far, by stack.
//!
//! ```text
//! [11:16:33] Top 2 stacks with outstanding allocations:
//!         4096 bytes in 2 allocations from stack
//!                 demux_alloc+0x6d [demux]
//!                 main+0x12 [player]
//! ```
//!
//! Each such title starts a look.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

/// Frames that are kept per stack.
const FRAMES: usize = 64;

#[derive(Default)]
pub(super) struct MemleakTool {
    open: Option<LedgerSnapshot>,
}

impl Parser for MemleakTool {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.raw.trim();
        if text.ends_with("stacks with outstanding allocations:") {
            self.end(out);
            self.open = Some(LedgerSnapshot::new(LedgerKind::Memleak, "", line.place.clone()));
            return LineOutcome::Parsed;
        }
        let Some(census) = &mut self.open else { return LineOutcome::Ignored };
        if let Some(row) = stack(text, line) {
            super::add(census, row);
            return LineOutcome::Parsed;
        }
        let row = census.rows.last_mut().filter(|row| row.stack.len() < FRAMES);
        let (Some(row), Some(function)) = (row, frame(text)) else { return LineOutcome::Ignored };
        row.stack.push(function.into());
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        let Some(mut census) = self.open.take() else { return };
        for row in &mut census.rows {
            if let Some(site) = super::page_owner::site(&row.stack) {
                row.name = site;
            }
        }
        out.census(census);
    }
}

/// `4096 bytes in 2 allocations from stack`.
fn stack(text: &str, line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let (bytes, rest) = text.split_once(" bytes in ")?;
    let (count, _) = rest.split_once(" allocations from stack")?;
    let (bytes, count) = (fields::decimal(bytes)?, fields::decimal(count)?);
    Some(LedgerEntry::new(line.place.clone(), "unknown", count, bytes))
}

/// `demux_alloc+0x6d [demux]`, `b'main+0x12 [player]'`, with an address in front of newer ones.
fn frame(text: &str) -> Option<String> {
    let text = text.strip_prefix("b'").map_or(text, |text| text.trim_end_matches('\''));
    let text = match text.split_once([' ', '\t']) {
        Some((address, rest)) if address.starts_with("0x") => rest.trim_start(),
        _ => text,
    };
    fields::function(text).or_else(|| text.starts_with("[unknown]").then(|| "unknown".to_owned()))
}
