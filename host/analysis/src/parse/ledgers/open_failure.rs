//! A failed allocation whose state still follows in the next lines.

use super::{LedgerLine, LedgerOutput};
use crate::model::{KernelShortage, LogFact, SourceLocation};

/// The failure that the last lines are about, if there is one, and its place.
#[derive(Default)]
pub(super) struct OpenFailure(Option<(KernelShortage, SourceLocation)>);

impl OpenFailure {
    /// Begins one, after the one before.
    pub(super) fn begin(
        &mut self,
        failure: KernelShortage,
        line: &LedgerLine<'_>,
        out: &mut LedgerOutput,
    ) {
        self.end(out);
        self.0 = Some((failure, line.place.clone()));
    }

    /// The failure, to read more of it.
    pub(super) fn state(&mut self) -> Option<&mut KernelShortage> {
        self.0.as_mut().map(|(failure, _)| failure)
    }

    /// Says what was read of it.
    pub(super) fn end(&mut self, out: &mut LedgerOutput) {
        if let Some((failure, place)) = self.0.take() {
            out.say(&LedgerLine::new("", place), LogFact::Shortage(Box::new(failure)));
        }
    }
}
