//! `/proc/vmallocinfo` (Linux `mm/vmalloc.c`, `s_show`): areas of the kernel's address space, by caller.
//!
//! ```text
//! 0xffffff800a000000-0xffffff800a101000 1052672 vpu_load_fw+0x64/0x1c8 [vpu5] pages=256 vmalloc
//! 0xffffff8008000000-0xffffff8008011000   69632 gic_of_init+0x74/0x2f0 phys=0x00000000fd400000 ioremap
//! ```
//!
//! Only `pages` is memory; an area has a guard page more of addresses, and those of devices have none. An area
//! that comes again starts the next print; where the kernel hides addresses, a line of another kind does.

use std::collections::HashSet;

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

const PAGE: u64 = 4096;

/// What stands in place of the caller of an area that was freed.
const FREED: &str = "unpurged";

#[derive(Default)]
pub(super) struct VmallocInfo {
    open: Option<LedgerSnapshot>,
    areas: HashSet<u64>,
    /// Line of the last area.
    last: u64,
}

impl Parser for VmallocInfo {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let Some((start, row)) = area(line) else { return LineOutcome::Ignored };
        let is_again = match start {
            Some(start) => self.areas.len() >= super::MOST || !self.areas.insert(start),
            None => self.last + 1 != line.place.at,
        };
        if is_again {
            self.end(out);
            self.areas.extend(start);
        }
        self.last = line.place.at;
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::VmallocInfo, "", line.place.clone())
        });
        // What is freed waits there for others, whose pages are unmapped with its own.
        if *row.name != *FREED {
            super::add(census, row);
        }
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.areas.clear();
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

/// The start of an area, unless it is hidden, and its row.
fn area(line: &LedgerLine<'_>) -> Option<(Option<u64>, LedgerEntry)> {
    let text = line.ungrepped();
    let mut words = text.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let size = fields::decimal(words.next()?)?;
    (size > 0 && size.is_multiple_of(PAGE)).then_some(())?;
    let start = if from == to && is_hidden(from) {
        None
    } else {
        // Kernels since 4.15 print hashes, whose difference is nothing.
        kernel_address(to).and(Some(kernel_address(from)?))
    };
    (start.is_some() || is_hidden(from)).then_some(())?;
    let caller = text.split_once(&format!(" {size} ")).map_or("", |(_, rest)| rest.trim_start());
    let name = fields::function(caller);
    let name = name.as_deref().or_else(|| caller.split_whitespace().next()).unwrap_or("unknown");
    let bytes =
        fields::number_after(text, "pages=").map_or(Some(0), |pages| pages.checked_mul(PAGE))?;
    let mut row = LedgerEntry::new(line.place.clone(), name, 1, bytes);
    row.ids.address = start;
    row.ids.limit = Some(size);
    Some((start, row))
}

/// Whether the kernel prints this for an address that it hides (Linux `lib/vsprintf.c`): from readers without
/// privileges, and before it has random numbers.
fn is_hidden(word: &str) -> bool {
    word.strip_prefix("0x").is_some_and(|word| {
        word == "(____ptrval____)" || word.len() >= 8 && word.bytes().all(|digit| digit == b'0')
    })
}

/// `0xffffff800a000000`, or a hash of it.
fn kernel_address(word: &str) -> Option<u64> {
    fields::hex(word.strip_prefix("0x")?)
}
