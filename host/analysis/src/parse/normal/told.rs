//! Into an observation.

use crate::model::{Gap, NormalWorld, Observation, Reason};

impl NormalWorld {
    /// Adds it to what other sources told. `again` says that those have read the same lines, too.
    pub fn add_to(mut self, observation: &mut Observation, again: bool) {
        let (own, all) = (self.accounting, &mut observation.accounting);
        if again {
            // What nobody else took is ours.
            let parsed = own.parsed.min(all.ignored);
            let rejected = own.rejected.min(all.ignored - parsed);
            all.ignored -= parsed + rejected;
            all.parsed += parsed;
            all.rejected += rejected;
        } else {
            all.read += own.read;
            all.parsed += own.parsed;
            all.ignored += own.ignored;
            all.rejected += own.rejected;
        }
        if self.lost > 0 {
            let what = "entries of ledgers of the normal world".into();
            let gap = Gap { what, reason: Reason::NoRoom, remedy: None, lost: self.lost };
            observation.gaps.push(gap);
        }
        observation.assumptions.append(&mut self.assumptions);
        let normal = &mut observation.normal;
        normal.traced |= !self.events.is_empty();
        observation.events.append(&mut self.events);
        normal.censuses.append(&mut self.censuses);
        normal.sayings.append(&mut self.sayings);
        normal.lost = normal.lost.saturating_add(self.lost);
    }
}
