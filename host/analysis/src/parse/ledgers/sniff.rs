//! Detects ledgers of the normal world in a text, by its first lines.

use super::{LedgerReader, Tables};

/// Whether a text has a ledger in its first lines, `begin`. Its file's `name` may identify the ledger.
///
/// The text may hold other data too: a terminal log may have everything.
#[must_use]
pub fn has_ledgers(name: &str, begin: &[u8]) -> bool {
    has_tables(name, begin, Tables::built_in())
}

/// As [`has_ledgers`], with these tables.
#[must_use]
pub fn has_tables(name: &str, begin: &[u8], tables: &Tables) -> bool {
    if begin.contains(&0) {
        return false;
    }
    let mut reader = LedgerReader::with_tables(name, tables);
    let lines = begin.split(|byte| *byte == b'\n').filter(|line| !is_of_tee(line));
    { lines }.any(|line| {
        reader.line(line);
        reader.accounting.parsed > 0
    })
}

/// Whether a line has a prefix of OP-TEE: a quick check that excludes most lines of most logs.
fn is_of_tee(line: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"/TC:", b"/TA:", b"TEE-CORE"];
    marks.iter().any(|mark| memchr::memmem::find(line, mark).is_some())
}
