//! `/proc/buddyinfo`: free memory of each zone, and how much of it is in large blocks.

use std::collections::BTreeMap;

use super::LedgerFact;
use crate::{model::LedgerSnapshot, text};

/// Order of blocks of 1 MiB.
const MEBIBYTE: u32 = 8;

pub(super) fn facts(census: &LedgerSnapshot) -> Vec<LedgerFact> {
    let mut zones: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in &census.rows {
        let (free, large) = zones.entry(&row.name).or_default();
        *free = free.saturating_add(row.bytes);
        if row.ids.order.is_some_and(|order| order >= MEBIBYTE) {
            *large = large.saturating_add(row.bytes);
        }
    }
    let sentence = |(zone, (free, large)): (&str, (u64, u64))| {
        let text = format!(
            "{zone}: {} free, {} of it in blocks of 1 MiB and more",
            text::bytes(free),
            text::share(large, free)
        );
        LedgerFact::new(census, text).figures(None, Some(free))
    };
    zones.into_iter().map(sentence).collect()
}
