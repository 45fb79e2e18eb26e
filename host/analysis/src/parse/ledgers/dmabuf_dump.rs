//! Android's `dmabuf_dump` (`system/memory/libmeminfo/libdmabufinfo/tools/dmabuf_dump.cpp`).
//!
//! ```text
//!      mediaserver:602
//!                   Name              Rss              Pss         nr_procs            Inode
//!               vdec-out          3060 kB          3060 kB                1              501
//!          PROCESS TOTAL         18360 kB         18360 kB
//! ----------------------
//! dmabuf total: 149304 kB kernel_rss: 98304 kB userspace_rss: 83640 kB userspace_pss: 51000 kB
//!
//!     Dmabuf Inode |     Size(bytes) |    Exporter Name                    |            -b
//!              377 |        33554432 |     isp-carveout
//! Total DMA-BUF count: 13, Total DMA-BUF size(bytes): 152887296
//! ```
//!
//! Newer ones have a column with the exporter. The list by buffer is what `bufinfo` shows, and becomes the same.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

/// Row with what no process has.
pub(crate) const KERNEL_RSS: &str = "kernel_rss";

/// Starts of the lines in front of rows.
const HEADS: [&str; 3] = ["Name", "Dmabuf", "dmabuf total:"];

#[derive(Default)]
pub(super) struct DmaBufDump {
    open: Option<LedgerSnapshot>,
    holder: Option<Holder>,
    has_columns: bool,
}

impl Parser for DmaBufDump {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if self.open.is_none() && !may_begin(line.text) {
            self.holder = None;
            return LineOutcome::Ignored;
        }
        let text = line.text.trim_start();
        if self.open.is_none() && !HEADS.iter().any(|head| text.starts_with(head)) {
            return self.title(line, out);
        }
        let words: Vec<_> = text.split_whitespace().collect();
        if words.starts_with(&["Name", "Rss", "Pss", "nr_procs", "Inode"]) {
            return self.columns(line, out);
        }
        if words.starts_with(&["Dmabuf", "Inode", "|"]) {
            self.end(out);
            self.open = Some(LedgerSnapshot::new(LedgerKind::DmaBuf, "", line.place.clone()));
            return LineOutcome::Parsed;
        }
        if let Some(total) = text.strip_prefix("dmabuf total:") {
            return self.totals(total, line, out);
        }
        if self.open.is_none() {
            return self.title(line, out);
        }
        let row = self.row(&words, line);
        match (&mut self.open, row) {
            (Some(census), Some(row)) => {
                super::add(census, row);
                LineOutcome::Parsed
            }
            _ => self.other(line, out),
        }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
        *self = Self::default();
    }
}

impl DmaBufDump {
    /// `  composer@2.4-s:419`: the process that the rows behind it are of. Anything may look like it, so that it
    /// counts only when its columns follow.
    fn title(&mut self, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        self.holder = holder(line);
        if self.holder.is_some() {
            return LineOutcome::Ignored;
        }
        let is_rule = line.text.trim_start().starts_with("-----") && line.text.contains("DMA-BUF");
        if is_rule {
            self.end(out);
        }
        if is_rule { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }

    fn columns(&mut self, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        let Some(holder) = self.holder.take() else { return LineOutcome::Ignored };
        let is_dump = |census: &LedgerSnapshot| census.ledger == LedgerKind::DmaBufDump;
        if self.open.as_ref().is_some_and(|census| !is_dump(census)) {
            self.end(out);
        }
        out.held_back += u64::from(self.open.is_none());
        let begin = || LedgerSnapshot::new(LedgerKind::DmaBufDump, "", line.place.clone());
        self.open.get_or_insert_with(begin);
        (self.holder, self.has_columns) = (Some(holder), true);
        LineOutcome::Parsed
    }

    fn row(&self, words: &[&str], line: &LedgerLine<'_>) -> Option<LedgerEntry> {
        match (words, &self.open) {
            ([inode, "|", size, "|", exporter @ ..], Some(census))
                if census.ledger == LedgerKind::DmaBuf =>
            {
                let exporter = exporter
                    .iter()
                    .take_while(|word| **word != "|")
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" ");
                let mut row =
                    LedgerEntry::new(line.place.clone(), &exporter, 1, fields::decimal(size)?);
                (row.ids.inode, row.exporter) = (Some(fields::decimal(inode)?), exporter.into());
                Some(row)
            }
            (words, Some(_)) => {
                // Names may have blanks, or be missing.
                let rss = words
                    .windows(2)
                    .position(|pair| pair[1] == "kB" && fields::decimal(pair[0]).is_some())?;
                let [bytes, _, _, _, processes, inode, exporter @ ..] = words.get(rss..)? else {
                    return None;
                };
                let name = words[..rss].join(" ");
                let bytes = fields::decimal(bytes)?.checked_mul(1024)?;
                let mut row = LedgerEntry::new(line.place.clone(), &name, 1, bytes);
                (row.holder, row.ids.inode) = (self.holder.clone(), Some(fields::decimal(inode)?));
                (row.ids.maps, row.exporter) =
                    (fields::decimal(processes), exporter.join(" ").into());
                Some(row)
            }
            _ => None,
        }
    }

    /// `149304 kB kernel_rss: 98304 kB ...`: the end of a print.
    fn totals(
        &mut self,
        total: &str,
        line: &LedgerLine<'_>,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let begin = || LedgerSnapshot::new(LedgerKind::DmaBufDump, "", line.place.clone());
        let mut census = self.open.take().unwrap_or_else(begin);
        let kib = |word: Option<&str>| word.and_then(fields::decimal)?.checked_mul(1024);
        census.total = kib(total.split_whitespace().next());
        let rss = kib(fields::value_after(total, "kernel_rss:"));
        if let Some(bytes) = rss {
            super::add(&mut census, LedgerEntry::new(line.place.clone(), KERNEL_RSS, 1, bytes));
        }
        let outcome = LineOutcome::from(census.total);
        out.census(census);
        *self = Self::default();
        outcome
    }

    /// Lines between the rows: rules, sums, the next process, the list by exporter.
    fn other(&mut self, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        let text = line.text.trim();
        if let Some(total) = text.strip_prefix("Total DMA-BUF count:") {
            let bytes = total.rsplit(' ').next().and_then(fields::decimal);
            self.open.iter_mut().for_each(|census| census.total = bytes);
            self.end(out);
            return LineOutcome::from(bytes);
        }
        if let Some(holder) = holder(line).filter(|_| self.has_columns) {
            self.holder = Some(holder);
            return LineOutcome::Parsed;
        }
        let is_sum = text.starts_with("PROCESS TOTAL")
            || text.starts_with("Exporter Name")
            || text.contains('|');
        let is_rule = text.is_empty() || text.starts_with("-----");
        if is_sum || is_rule { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }
}

/// Whether a line may be of a dump that has not begun: the number of a process ends it, or it starts as a head or a
/// rule.
fn may_begin(text: &str) -> bool {
    let has_number = text.as_bytes().last().is_some_and(u8::is_ascii_digit);
    has_number || matches!(text.trim_start().as_bytes().first(), Some(b'N' | b'D' | b'd' | b'-'))
}

/// A name and a number with nothing else in the line.
fn holder(line: &LedgerLine<'_>) -> Option<Holder> {
    let (comm, pid) = line.text.trim().rsplit_once(':')?;
    let pid = fields::decimal(pid)?;
    (!comm.is_empty() && comm.len() < 64).then(|| Holder { pid, comm: comm.into() })
}
