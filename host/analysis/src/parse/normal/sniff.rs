//! Whether ledgers of the normal world stand in a text, by its begin.

use super::Reader;

/// Whether a text that begins so has a ledger in it. `name` is that of its file, which may say of what.
///
/// Others may have something to read there, too: a terminal's log has everything.
#[must_use]
pub fn has_ledgers(name: &str, begin: &[u8]) -> bool {
    if begin.contains(&0) {
        return false;
    }
    let mut reader = Reader::new(name);
    begin.split(|byte| *byte == b'\n').for_each(|line| reader.line(line));
    reader.accounting.parsed > 0
}
