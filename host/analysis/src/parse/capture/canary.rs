//! Looks for the canary in every snapshot.

use crate::model::{Canary, Sample, Site};
use teeleak_proto::canary;

/// File name of the source that plants the canary (`core/pta/leak_audit/canary.c` of the PTA).
const FILE: &str = "canary.c";

/// The planted canary, and how many snapshots showed it.
#[derive(Default)]
pub(super) struct CanaryTracker {
    planted: Option<canary::Canary>,
    result: Option<Canary>,
}

impl CanaryTracker {
    /// Records that the canary was planted, or cleared.
    pub(super) fn plant(&mut self, canary: &canary::Canary) {
        self.planted = (canary.size > 0).then_some(*canary);
        if canary.size > 0 {
            let previous = self.result.unwrap_or(Canary { size: 0, expected: 0, found: 0 });
            self.result = Some(Canary { size: canary.size, ..previous });
        }
    }

    /// Checks a snapshot: each one taken while the canary is planted has to show it.
    pub(super) fn look(&mut self, sample: &Sample) {
        let (Some(planted), Some(result)) = (&self.planted, &mut self.result) else { return };
        result.expected += 1;
        let is_found = sample
            .sites
            .value()
            .is_some_and(|sites| sites.iter().any(|s| is_canary_site(planted, s)));
        result.found += u32::from(is_found);
    }

    pub(super) fn result(&self) -> Option<Canary> {
        self.result
    }
}

/// Whether a site is the canary's. Epochs are not compared: when they restart, all become epoch 0.
fn is_canary_site(canary: &canary::Canary, site: &Site) -> bool {
    site.line == canary.line & 0xffff
        && site.size == u64::from(canary.size)
        && site.file.ends_with(FILE)
}
