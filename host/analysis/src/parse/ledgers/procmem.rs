//! Mappings and descriptors of dma-bufs, from Android's `procmem PID`, `lsof -p PID` and `/proc/PID/maps`.
//!
//! ```text
//! 21036K 7620K 7620K 7620K 0K 0K 7764K 0K anon_inode:dmabuf           procmem: size first
//! mediaserver 1892 media 37u 0000 0,9 0 5071 anon_inode:dmabuf        lsof
//! 7cf8c00000-7cfa400000 rw-s 00000000 00:08 5771744   /dmabuf:        maps
//! ```

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot};

#[derive(Default)]
pub(super) struct Procmem {
    open: Option<LedgerSnapshot>,
    /// Name of the requested process.
    asked: Option<String>,
}

impl Parser for Procmem {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        _: &mut LedgerOutput,
    ) -> LineOutcome {
        if let Some(name) = asked_program(line.raw) {
            self.asked = Some(name.to_owned());
            return LineOutcome::Parsed;
        }
        if !line.text.contains("dmabuf") {
            return LineOutcome::Ignored;
        }
        let words: Vec<_> = line.text.split_whitespace().collect();
        let row = of_procmem(&words, line)
            .or_else(|| of_lsof(&words, line))
            .or_else(|| of_maps(&words, line));
        let Some(mut row) = row else { return LineOutcome::Ignored };
        if row.holder.is_none() {
            row.holder = self.holder(context);
        }
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::Mappings, "", line.place.clone())
        });
        super::add(census, row);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.asked = None;
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

impl Procmem {
    fn holder(&self, context: &TextContext) -> Option<Holder> {
        let pid = context.process();
        if pid.is_none() && self.asked.is_none() {
            return None;
        }
        let comm = self.asked.as_deref().unwrap_or_default().into();
        Some(Holder { pid: pid.unwrap_or(0), comm })
    }
}

/// The program whose process a command requests: ``# procmem `pidof /system/bin/mediaserver` ``.
fn asked_program(text: &str) -> Option<&str> {
    if !["procmem ", "lsof "].iter().any(|tool| text.contains(tool)) {
        return None;
    }
    let (_, rest) = text.split_once("`pidof ")?;
    rest.split_once('`')?.0.rsplit('/').next()
}

fn of_procmem(words: &[&str], line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let [sizes @ .., _] = words else { return None };
    if sizes.len() < 4 || !sizes.iter().all(|word| word.ends_with('K')) {
        return None;
    }
    let bytes = fields::scaled_bytes(sizes.first()?, 1024)?;
    Some(LedgerEntry::new(line.place.clone(), "mapping", 1, bytes))
}

fn of_lsof(words: &[&str], line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let [comm, pid, _, fd, .., _] = words else { return None };
    // `ls -l` with numbers for owners has no mode behind a number.
    let fd = fd.strip_suffix(['r', 'w', 'u'])?;
    let (pid, fd) = (fields::decimal(pid)?, fields::decimal(fd)?);
    let mut row = LedgerEntry::new(line.place.clone(), "descriptor", 1, 0);
    row.holder = Some(Holder { pid, comm: (*comm).into() });
    row.ids.fds.push(fd);
    Some(row)
}

fn of_maps(words: &[&str], line: &LedgerLine<'_>) -> Option<LedgerEntry> {
    let [range, _, _, _, inode, ..] = words else { return None };
    let (from, to) = range.split_once('-')?;
    let bytes = fields::hex(to)?.checked_sub(fields::hex(from)?)?;
    let mut row = LedgerEntry::new(line.place.clone(), "mapping", 1, bytes);
    row.ids.inode = Some(fields::decimal(inode)?);
    Some(row)
}
