//! Errors that end the reading of an input.

use std::{io, sync::Arc};

use teeleak_analysis::model::Reason;

/// Why an input could not be read to its end.
#[derive(Clone, Debug)]
pub(super) struct ReadFailure {
    pub(super) text: Arc<str>,
    pub(super) reason: Reason,
}

impl From<io::Error> for ReadFailure {
    /// Unpacking repeats what it unpacked before, so that one wrong bit makes plausible text that was never
    /// written; it shows at the next impossible code or at the checksum. Where a file just ends, all before is right.
    fn from(error: io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Reason::Garbled,
            _ => Reason::Damaged,
        };
        Self { text: error.to_string().into(), reason }
    }
}
