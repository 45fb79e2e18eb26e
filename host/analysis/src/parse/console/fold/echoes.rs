//! Lines that repeat a failure: what could not be had is printed at each stage that passes the result on, and is
//! one incident.
//!
//! ```text
//! E/TC: alloc_pgt:116 Page tables are not available                   memory: the incident
//! E/TC: ldelf_init_with_ldelf:152 ldelf failed with res: 0xffff000c   a load
//! D/TC: entry_open_session:281 => Error: ffff000c of 3                a command
//! app: TEEC_OpenSession failed with code 0xffff000c origin 0x3        a client
//! ```
//!
//! A line repeats only what an earlier stage printed shortly before, with the same result; a second line of the
//! same stage is another failure. Each is noted with the incident.

use crate::model::{SourceLocation, TeeResult};

/// Lines between two lines about one failure: a call stack may lie between them.
const NEAR: u64 = 24;

/// Where a line about a failure is printed, in the order in which a result passes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum FailurePlace {
    /// Where memory could not be had.
    Memory,
    Load,
    /// A TA that panics with the result.
    Panic,
    /// The TEE core, at the end of a command.
    Command,
    Client,
}

/// A failure that later lines may repeat.
pub(super) struct OpenFailure {
    /// Index of its incident.
    pub(super) index: usize,
    pub(super) code: TeeResult,
    /// Where its last line was printed.
    pub(super) printed_at: FailurePlace,
    pub(super) last: SourceLocation,
}

impl OpenFailure {
    /// Whether a line with this result that starts at `place` is about the same failure.
    pub(super) fn is_repeated(
        &self,
        code: TeeResult,
        printed_at: FailurePlace,
        place: &SourceLocation,
    ) -> bool {
        self.code == code
            && self.printed_at < printed_at
            && self.last.source == place.source
            && place.at.checked_sub(self.last.at).is_some_and(|lines| lines <= NEAR)
    }
}
