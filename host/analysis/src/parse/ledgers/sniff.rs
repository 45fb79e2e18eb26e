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
    let lines = begin.split(|byte| *byte == b'\n').filter(|line| !is_of_tee(line));
    { lines }.any(|line| {
        reader.line(line);
        reader.accounting.parsed > 0
    })
}

/// Whether a line has a prefix of OP-TEE: most lines of most logs, and quick to tell.
fn is_of_tee(line: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"/TC:", b"/TA:", b"TEE-CORE"];
    marks.iter().any(|mark| memchr::memmem::find(line, mark).is_some())
}
