//! Whether a text is of the normal world's ledgers, by its begin.

use crate::model::{Accounting, Place};

use super::{Reader, line::Line};

/// What a text looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Looks {
    /// Something else.
    Other,
    /// A ledger, and nothing besides.
    Ledger,
    /// A log that ledgers stand in: others have something to read there, too.
    Log,
}

/// What a text that begins so looks like. `name` is that of its file, which may say what it is.
#[must_use]
pub fn looks(name: &str, begin: &[u8]) -> Looks {
    if begin.contains(&0) {
        return Looks::Other;
    }
    let mut reader = Reader::new(name);
    let mut log = false;
    for bytes in begin.split(|byte| *byte == b'\n') {
        reader.line(bytes);
        log |= is_log(bytes);
    }
    let Accounting { parsed, .. } = reader.accounting;
    match (parsed > 0, log) {
        (false, _) => Looks::Other,
        (true, false) => Looks::Ledger,
        (true, true) => Looks::Log,
    }
}

/// Whether a line has a stamp, or the head of a line of OP-TEE.
fn is_log(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(256)]);
    let line = Line::new(&text, Place { source: "".into(), at: 0 });
    let tagged = ["/TC:", "/TA:", "/LD:"].iter().any(|tag| text.contains(tag));
    line.ns.is_some() || line.pid.is_some() || tagged
}
