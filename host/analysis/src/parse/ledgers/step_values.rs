//! Values that rules find in lines: a group `value` makes a plain series of its step.
//!
//! ```toml
//! [[rule]]
//! step = "used_kb"
//! pattern = 'memory in use: (?<value>[\\d.]+) kB'
//! ```

use std::collections::HashMap;

use super::{MOST, series};
use crate::model::{EventKind, LedgerEntry, LedgerKind, LedgerSnapshot, Observation, Symbol};

/// The group whose number is the value.
pub(crate) const VALUE: &str = "value";

/// Adds a look for each step with a value. The name of the step may have the unit: `used_kb`.
pub fn add_step_values(observation: &mut Observation) {
    let value = Symbol::from(VALUE);
    // The lines of several files are one series, in the order in which they were read.
    let mut sources = HashMap::new();
    for event in &observation.events {
        let (EventKind::Step(step), Some(value)) = (&event.kind, event.keys.get(value)) else {
            continue;
        };
        let normal = &mut observation.normal;
        if normal.censuses.len() >= MOST {
            normal.lost = normal.lost.saturating_add(1);
            continue;
        }
        let source = *sources.entry(*step).or_insert(event.place.source);
        let unit = series::unit(&step.to_lowercase());
        let (count, bytes) = unit.map_or((value, 0), |unit| (0, value.saturating_mul(unit)));
        let mut census = LedgerSnapshot::new(LedgerKind::Series, step, event.place.clone());
        census.place.source = source;
        census.rows.push(LedgerEntry::new(event.place.clone(), step, count, bytes));
        normal.censuses.push(census);
    }
}
