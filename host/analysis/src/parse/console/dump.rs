//! A dump whose start and end are known: it was requested, with a mark on the console before and
//! after it.
//!
//! [`super::Assembler`] has to find where the dumps of a log end; here everything between the marks
//! is the dump.

use std::{collections::BTreeMap, sync::Arc};

use memchr::memmem;
use teeleak_proto::stock::MARK;

use super::{
    chunk_facts::ChunkFacts, lines::prefix::LineImage, messages::fact::ConsoleFact, rules::Rules,
    scan::scan,
};

/// An allocation site and size.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DumpSite {
    /// Source file.
    pub file: Arc<str>,
    /// Source line.
    pub line: u32,
    /// Bytes requested by each.
    pub size: u64,
}

/// The allocations of a dump.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct MarkedDump {
    /// Number of allocations at each site.
    pub sites: BTreeMap<DumpSite, u64>,
    /// Number of all allocations.
    pub records: u64,
    /// Lines that should have been records and could not be read.
    pub lost: u64,
    /// Marks in the text.
    pub marks: u64,
}

impl MarkedDump {
    /// Reads `text`: with two marks or more, the part between the last two; with one, the part after
    /// it; with none, everything.
    #[must_use]
    pub fn read(text: &[u8]) -> Self {
        let (between, marks) = text_between_marks(text);
        let mut harvest = ChunkFacts::new(false);
        scan(between, &Rules::default(), &mut harvest);
        let tally = harvest.tally();
        let lost_lines = tally.lines.rejected + tally.spliced;
        let mut dump = Self { marks, lost: lost_lines, ..Self::default() };
        dump.add(&harvest);
        dump
    }

    fn add(&mut self, harvest: &ChunkFacts) {
        let names: Vec<_> = harvest.sites.iter().collect();
        for entry in &harvest.entries {
            let ConsoleFact::Records(run) = &entry.what else { continue };
            // A TA may dump its own heap.
            if matches!(entry.who.image, Some(LineImage::Ta | LineImage::Ldelf)) {
                continue;
            }
            let ids = harvest.ids.get(run.from as usize..run.to as usize).unwrap_or_default();
            for (file, line, size) in ids.iter().filter_map(|id| names.get(*id as usize)) {
                let site = DumpSite { file: (*file).into(), line: *line, size: *size };
                *self.sites.entry(site).or_default() += 1;
                self.records += 1;
            }
        }
    }
}

/// The text of the dump, and the number of marks.
fn text_between_marks(text: &[u8]) -> (&[u8], u64) {
    // A line without its end may still become something else.
    let complete_bytes = memchr::memrchr(b'\n', text).map_or(0, |end| end + 1);
    let marks: Vec<_> = memmem::find_iter(&text[..complete_bytes], MARK).collect();
    let line_end =
        |at: usize| memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n + 1);
    let line_start = |at: usize| memchr::memrchr(b'\n', &text[..at]).map_or(0, |n| n + 1);
    let n = marks.len() as u64;
    match marks[..] {
        [] => (text, n),
        [only] => (&text[line_end(only)..], n),
        [.., before, after] => {
            let (from, to) = (line_end(before), line_start(after));
            // Both marks may be on one line where consoles share a wire.
            (text.get(from..to).unwrap_or_default(), n)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse::console::dump::*;

    const MARKED: &str = "\
D/TC:? 0 tee_ta_close_session:513 id 2
I/TC: buffer: 999 bytes core/left/over.c:1
E/TC:? 0 get_pager_stats:121 expect 3 output values as argument
I/TC: buffer: 56 bytes core/mm/mobj.c:377
I/TC: buffer: 56 bytes core/mm/mobj.c:377
I/TA: buffer: 11 bytes a_ta.c:3
[   12.345678] random: crng init done
I/TC: buffer: 16 bytes lib/libutils/isoc/bget_malloc.c:936
E/TC:? 0 get_pager_stats:121 expect 3 output values as argument
";

    fn count(dump: &MarkedDump, line: u32) -> u64 {
        dump.sites.iter().filter(|(site, _)| site.line == line).map(|(_, n)| *n).sum()
    }

    #[test]
    fn what_lies_between_the_marks_counts() {
        let dump = MarkedDump::read(MARKED.as_bytes());
        assert_eq!((dump.records, dump.lost, dump.marks), (3, 0, 2));
        assert_eq!((count(&dump, 377), count(&dump, 936), dump.sites.len()), (2, 1, 2));
    }

    #[test]
    fn a_dump_without_an_end_has_one_mark() {
        let end = MARKED.rfind("E/TC").unwrap();
        let dump = MarkedDump::read(&MARKED.as_bytes()[..end]);
        assert_eq!((dump.records, dump.marks), (3, 1));
    }

    #[test]
    fn nothing_is_invented_wherever_the_stream_is_cut() {
        let whole = MarkedDump::read(MARKED.as_bytes());
        let begun = MARKED.find("values").unwrap();
        for cut in begun + 20..=MARKED.len() {
            let dump = MarkedDump::read(&MARKED.as_bytes()[..cut]);
            assert!(dump.records <= whole.records, "cut at {cut}");
            assert!(
                dump.sites.iter().all(|(site, n)| whole.sites.get(site) >= Some(n)),
                "cut at {cut}"
            );
            assert!(dump.marks < 2 || cut == MARKED.len(), "cut at {cut}");
        }
    }

    #[test]
    fn a_damaged_record_is_counted_as_lost() {
        let text = MARKED.replacen("56 bytes core/mm", "56 byt", 1);
        let dump = MarkedDump::read(text.as_bytes());
        assert_eq!((dump.records, dump.lost), (2, 1));
    }
}
