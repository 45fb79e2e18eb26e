//! Ledgers of the normal world's kernel, read by the parsers that read saved ones.

use teeleak_proto::normal_world::{self, NormalTextFrame, UnreadLedger, UnreadReason};

use super::{ObservationBuilder, gap};
use crate::{
    model::{Gap, NoTee, Reason},
    parse::{ledgers::LedgerReader, lines::LineSplitter},
};

/// Reads the ledgers of the normal world.
pub(super) struct NormalWorldReader {
    reader: LedgerReader,
    splitter: LineSplitter,
    /// Rejected lines.
    rejected: u64,
}

/// Longest line assembled from pieces, in bytes.
const LINE_BYTES: usize = 1 << 16;

impl Default for NormalWorldReader {
    fn default() -> Self {
        Self { reader: LedgerReader::new(""), splitter: LineSplitter::new(LINE_BYTES), rejected: 0 }
    }
}

impl NormalWorldReader {
    fn lines(&mut self, text: &[u8]) {
        let Self { reader, splitter, .. } = self;
        splitter.lines(text, |line, _| reader.line(line));
    }

    fn end_line(&mut self) {
        if let Some((line, _)) = self.splitter.end() {
            self.reader.line(&line);
        }
    }
}

impl ObservationBuilder {
    /// Reads a ledger of the normal world, or a piece of one.
    pub(super) fn normal_text(&mut self, payload: &[u8]) -> Option<()> {
        let text: NormalTextFrame<'_> = postcard::from_bytes(payload).ok()?;
        if !text.continued {
            self.normal.end_line();
            self.normal.reader.set_moment(self.moment);
            self.normal.reader.source(text.path);
        }
        self.normal.lines(text.text);
        Some(())
    }

    /// Moves what was read so far to the observation.
    pub(super) fn end_normal(&mut self) {
        self.normal.end_line();
        let mut world = self.normal.reader.take();
        // Frames are accounted for; of their lines only the rejected ones are reported.
        self.normal.rejected += world.accounting.rejected;
        world.accounting = Default::default();
        world.add_to(&mut self.observation, false);
    }

    pub(super) fn rejected_lines(&self) -> u64 {
        self.normal.rejected
    }

    /// Adds a gap of the normal world; one that comes with each snapshot is added once.
    pub(super) fn normal_unseen(&mut self, payload: &[u8]) -> Option<()> {
        let record: UnreadLedger<'_> = postcard::from_bytes(payload).ok()?;
        let description = format!("normal world: {}", record.what);
        let gap = gap::of_normal(&description, reason(record.why), record.remedy, record.lost);
        let is_same = |known: &&mut Gap| {
            (&known.what, &known.reason, &known.remedy) == (&gap.what, &gap.reason, &gap.remedy)
        };
        match self.observation.gaps.iter_mut().find(is_same) {
            Some(known) => known.lost = known.lost.max(gap.lost),
            None => self.observation.gaps.push(gap),
        }
        Some(())
    }

    /// Records that the TEE is not observed, and why.
    pub(super) fn no_tee(&mut self, payload: &[u8]) -> Option<()> {
        let record: normal_world::TeeAbsenceFrame<'_> = postcard::from_bytes(payload).ok()?;
        let (there, why) = (record.there, record.why.into());
        self.observation.gaps.push(gap::of_tee(there, record.why));
        self.observation.platform.no_tee = Some(NoTee { there, why });
        Some(())
    }
}

fn reason(why: UnreadReason) -> Reason {
    match why {
        UnreadReason::Absent => Reason::Absent,
        UnreadReason::Refused => Reason::Refused,
        UnreadReason::NoRoom => Reason::NoRoom,
        UnreadReason::Moved => Reason::Moved,
    }
}
