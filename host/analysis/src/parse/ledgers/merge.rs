//! Adds the normal world to an observation.

use std::collections::HashMap;

use crate::model::{Gap, Holder, LedgerEntry, LedgerKind, NormalWorld, Observation, Reason};

impl NormalWorld {
    /// Fills in the names of processes known only by pid, from the process list of the same moment.
    pub(super) fn name_holders(&mut self) {
        let lists = self.censuses.iter().filter(|census| census.ledger == LedgerKind::Descriptors);
        let rows = lists.flat_map(|census| census.rows.iter().map(|row| (census.moment, row)));
        let named_rows = rows.filter(|(_, row)| row.name.is_empty()).filter_map(|(moment, row)| {
            let holder = row.holder.clone()?;
            Some(((moment, holder.pid), (holder, row.ids.start)))
        });
        let names: HashMap<_, (Holder, Option<u64>)> = named_rows.collect();
        for census in &mut self.censuses {
            let nameless = |row: &&mut LedgerEntry| {
                row.holder.as_ref().is_some_and(|holder| holder.comm.is_empty() && holder.pid != 0)
            };
            for row in census.rows.iter_mut().filter(nameless) {
                let pid = row.holder.as_ref().map_or(0, |holder| holder.pid);
                if let Some((holder, start)) = names.get(&(census.moment, pid)) {
                    (row.holder, row.ids.start) = (Some(holder.clone()), *start);
                }
            }
        }
    }

    /// Adds it to an observation. `again`: the other sources have read the same lines too.
    pub fn add_to(mut self, observation: &mut Observation, again: bool) {
        let (own, all) = (self.accounting, &mut observation.accounting);
        if again {
            // Lines that the others ignored may be ours.
            let parsed_lines = own.parsed.min(all.ignored);
            let rejected_lines = own.rejected.min(all.ignored - parsed_lines);
            all.ignored -= parsed_lines + rejected_lines;
            all.parsed += parsed_lines;
            all.rejected += rejected_lines;
        } else {
            *all += own;
        }
        if self.lost > 0 {
            let label = "entries of normal-world ledgers".into();
            let gap = Gap { what: label, reason: Reason::NoRoom, remedy: None, lost: self.lost };
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
