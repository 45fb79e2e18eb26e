//! `kmemleak` (Linux `mm/kmemleak.c`, `print_unreferenced`): unreferenced objects.
//!
//! ```text
//! unreferenced object 0xffffffc0a1b2c800 (size 2048):
//!   comm "kernel_submit", pid 2311, jiffies 4295012345 (age 61.240s)
//!   hex dump (first 32 bytes):
//!     00 00 00 00 ...
//!   backtrace:
//!     [<00000000a1b2c3d4>] kmem_cache_alloc_trace+0x1b0/0x2d4
//!     [<0000000012345678>] bug_driver+0x2c/0x80 [bug]
//! ```
//!
//! Several scans may follow each other: an object that repeats starts the next one.

use std::collections::HashSet;

use super::{LedgerLine, LedgerOutput, LineOutcome, MOST, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot, SourceLocation};

/// Frames that are kept per object.
const FRAMES: usize = 32;

#[derive(Default)]
pub(super) struct Kmemleak {
    open: Option<LedgerSnapshot>,
    seen: HashSet<u64>,
}

impl Parser for Kmemleak {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim_start();
        if let Some(rest) = text.strip_prefix("unreferenced object ") {
            return self.object(rest, line, out);
        }
        let Some(row) = self.open.as_mut().and_then(|census| census.rows.last_mut()) else {
            return LineOutcome::Ignored;
        };
        if let Some(function) = fields::function(text) {
            if row.stack.len() < FRAMES {
                row.stack.push(function.into());
            }
            return LineOutcome::Parsed;
        }
        if let Some(rest) = text.strip_prefix("comm \"") {
            let comm = rest.split('"').next().unwrap_or_default();
            let pid = fields::number_after(rest, "pid ");
            row.holder = pid.map(|pid| Holder { pid, comm: comm.into() });
            return LineOutcome::from(pid);
        }
        // The contents of memory are never kept.
        let dump = text.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
            && text.get(2..3) == Some(" ");
        let is_known = dump || text.starts_with("hex dump") || text.starts_with("backtrace");
        if is_known { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }

    /// An empty scan is a snapshot as well.
    fn begin(&mut self, place: &SourceLocation, context: &TextContext) {
        if context.name() == "kmemleak" {
            self.open = Some(LedgerSnapshot::new(LedgerKind::Kmemleak, "", place.clone()));
        }
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.seen.clear();
        let Some(mut census) = self.open.take() else { return };
        for row in &mut census.rows {
            if let Some(site) = site(row) {
                row.name = site;
            }
        }
        out.census(census);
    }
}

impl Kmemleak {
    fn object(&mut self, rest: &str, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        let address = rest.split(' ').next().and_then(fields::number);
        let (Some(address), Some(size)) = (address, fields::number_after(rest, "size ")) else {
            return LineOutcome::Rejected;
        };
        if self.seen.len() >= MOST || !self.seen.insert(address) {
            self.end(out);
            self.seen.insert(address);
        }
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::Kmemleak, "", line.place.clone())
        });
        let mut row = LedgerEntry::new(line.place.clone(), "unknown", 1, size);
        row.ids.address = Some(address);
        super::add(census, row);
        LineOutcome::Parsed
    }
}

/// The first function that is not an allocator's own.
fn site(row: &LedgerEntry) -> Option<std::sync::Arc<str>> {
    const OWN: [&str; 8] = [
        "kmem",
        "__kmalloc",
        "kmalloc",
        "__kmem",
        "create_object",
        "kzalloc",
        "__vmalloc",
        "slab_",
    ];
    let is_allocator = |name: &str| OWN.iter().any(|own| name.starts_with(own));
    row.stack.iter().find(|name| !is_allocator(name)).or(row.stack.first()).cloned()
}
