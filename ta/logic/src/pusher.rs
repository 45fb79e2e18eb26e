//! Decides when the TA pushes data to the normal world, and which data.
//!
//! It checks after each note, since notes are the commands that come while no teeleak runs: a
//! running teeleak requests all of this itself, and must not wait for tee-supplicant. A push has
//! what a client would get: hello, the ledger, a snapshot. It never fails the command that
//! triggered it.

use core::mem;

use serde::Serialize;
use teeleak_proto::{
    command::TaCommand,
    hello::HelloRequest,
    ledger::LedgerRequest,
    limits,
    push::{FIRST, LAST, Push, PushCause},
    record::{self, Record, RecordWriter},
    snapshot::{Section, SnapshotCursor, SnapshotRequest},
    version,
};

use crate::{Auditor, Caller, Pta};

/// Bytes of a page.
pub const PAGE_BYTES: usize = 8 << 10;

/// Most pages of a push: 512 KiB, 20,000 sites or so.
pub const PAGES_MAX: u32 = 64;

/// Number of notes after a push during which the same cause is held back.
pub const QUIET_NOTES: u32 = 64;

/// Number of notes between two checks of the pools.
pub const LOOK_NOTES: u32 = 8;

/// Number of pool checks between two searches for the canary, which walk the heap.
const SEARCH_LOOKS: u32 = 8;

/// Failed pages after which a push is abandoned.
const FAILURES_MAX: u32 = 2;

/// Longest head of a push with its length, in bytes.
const HEAD_BYTES: usize = 2 + 1 + 1 + 4 * 5;

/// Access to the plugin. Errors are `TEE_Result` codes.
pub trait Plugin {
    /// Sends a page to the plugin, with a sub-command of [`teeleak_proto::push`].
    ///
    /// # Errors
    /// The error code of tee-supplicant or the plugin, or of the failed call.
    fn append(&mut self, sub_command: u32, page: &[u8]) -> Result<(), u32>;
}

/// State between checks.
pub struct Pusher {
    page: [u8; PAGE_BYTES],
    notes: u32,
    violations: u32,
    failures: u64,
    /// By cause: the number of the note that ends holding back.
    quiet_until: [u32; 3],
    /// Counters of pushes, held-back causes and lost pages, and the last error.
    push_record: Push,
    /// Whether the pools were checked before.
    looked: bool,
    /// Whether the canary was missing in the last search.
    canary_missing: bool,
}

impl Default for Pusher {
    fn default() -> Self {
        Self::new()
    }
}

impl Pusher {
    /// A pusher before its first check.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            page: [0; PAGE_BYTES],
            notes: 0,
            violations: 0,
            failures: 0,
            quiet_until: [0; 3],
            push_record: Push {
                cause: PushCause::Violation,
                number: 0,
                held_back: 0,
                lost: 0,
                result: 0,
            },
            looked: false,
            canary_missing: false,
        }
    }

    /// Checks for a cause after a command, and pushes if there is one.
    pub fn push_if_due(
        &mut self,
        command: u32,
        (auditor, pta): (&mut Auditor, &mut dyn Pta),
        plugin: &mut dyn Plugin,
    ) {
        if command != TaCommand::Note as u32 || pta.open_result() != 0 {
            return;
        }
        self.notes = self.notes.saturating_add(1);
        let Some(cause) = self.look(auditor, pta) else { return };
        let quiet_until = &mut self.quiet_until[cause as usize];
        if self.notes < *quiet_until {
            self.push_record.held_back = self.push_record.held_back.saturating_add(1);
            return;
        }
        *quiet_until = self.notes.saturating_add(QUIET_NOTES);
        self.push_record.number = self.push_record.number.saturating_add(1);
        self.push_record.cause = cause;
        self.push((auditor, pta), plugin);
    }

    /// The cause of a push, if any, the most severe first.
    fn look(&mut self, auditor: &mut Auditor, pta: &mut dyn Pta) -> Option<PushCause> {
        let violations = auditor.violations();
        // A bind resets the count.
        let has_violation = violations > self.violations;
        self.violations = violations;
        if has_violation {
            return Some(PushCause::Violation);
        }
        // The first note sets the baseline of the counts.
        if self.notes % LOOK_NOTES != 1 % LOOK_NOTES {
            return None;
        }
        let failures = auditor.failures(pta)?;
        let has_failure = self.looked && failures > self.failures;
        (self.looked, self.failures) = (true, failures);
        if has_failure {
            return Some(PushCause::Failure);
        }
        if !(self.notes / LOOK_NOTES).is_multiple_of(SEARCH_LOOKS) {
            return None;
        }
        let missing = auditor.misses_canary(pta)?;
        let was_missing = mem::replace(&mut self.canary_missing, missing);
        (missing && !was_missing).then_some(PushCause::Canary)
    }

    fn push(&mut self, all: (&mut Auditor, &mut dyn Pta), plugin: &mut dyn Plugin) {
        let (auditor, pta) = all;
        let mut way =
            Way { plugin, first: FIRST, failures: 0, pages: 0, push_record: &mut self.push_record };
        let hello = HelloRequest { min: version::MIN, current: version::CURRENT };
        let rest = PAGE_BYTES - HEAD_BYTES;
        let Some((used, _)) = ask(auditor, pta, TaCommand::Hello, &hello, &mut self.page[..rest])
        else {
            return;
        };
        let mut writer = RecordWriter::new(&mut self.page[used..]);
        // It always fits.
        let _ = writer.push(&Record::Push(*way.push_record));
        let length = used + writer.length();
        way.give(&self.page[..length], false);
        let mut next_index = Some(0);
        while let Some(at) = next_index {
            let request = LedgerRequest { from: at };
            let Some((used, next)) = ask(auditor, pta, TaCommand::Ledger, &request, &mut self.page)
            else {
                break;
            };
            next_index = next.map(|next| next.index).filter(|next| *next > at && way.goes_on());
            way.give(&self.page[..used], false);
        }
        census((auditor, pta), &mut self.page, &mut way);
    }
}

/// Pushes a snapshot of all sections but single allocations, which the sites sum up.
fn census(
    (auditor, pta): (&mut Auditor, &mut dyn Pta),
    page: &mut [u8; PAGE_BYTES],
    way: &mut Way<'_>,
) {
    let mask = Section::ALL.iter().fold(0, |bits, section| bits | section.bit());
    let sections = mask & !Section::Records.bit();
    let mut request = SnapshotRequest { sections, epoch_from: 0, cursor: SnapshotCursor::START };
    while let Some((used, next)) = ask(auditor, pta, TaCommand::Snapshot, &request, page) {
        let next = next.filter(|_| way.goes_on());
        way.give(&page[..used], next.is_none());
        match next {
            Some(next) => request.cursor = next,
            None => return,
        }
    }
}

/// Delivery of one push.
struct Way<'w> {
    plugin: &'w mut dyn Plugin,
    first: u32,
    failures: u32,
    pages: u32,
    push_record: &'w mut Push,
}

impl Way<'_> {
    /// Whether another page may follow the next one.
    fn goes_on(&self) -> bool {
        self.failures < FAILURES_MAX && self.pages + 1 < PAGES_MAX
    }

    fn give(&mut self, page: &[u8], last: bool) {
        if self.failures >= FAILURES_MAX {
            return;
        }
        self.pages += 1;
        let sub_command = self.first | if last { LAST } else { 0 };
        match self.plugin.append(sub_command, page) {
            Ok(()) => self.first = 0,
            Err(result) => {
                self.failures += 1;
                self.push_record.lost = self.push_record.lost.saturating_add(1);
                self.push_record.result = result;
            }
        }
    }
}

/// Sends a request as a client would; returns the size of the reply in bytes and the start of the
/// next page. `None` if it was refused: a later client request returns the reason.
fn ask(
    auditor: &mut Auditor,
    pta: &mut dyn Pta,
    command: TaCommand,
    request: &impl Serialize,
    reply: &mut [u8],
) -> Option<(usize, Option<SnapshotCursor>)> {
    let mut bytes = [0; 32];
    let request = postcard::to_slice(request, &mut bytes).ok()?;
    let length = auditor.handle(pta, Caller::Client, command as u32, request, reply).ok()?;
    Some((length, record::next_page(reply.get(..length)?)?))
}

const _: () = assert!(PAGE_BYTES - HEAD_BYTES >= limits::REPLY_BYTES_MIN);
