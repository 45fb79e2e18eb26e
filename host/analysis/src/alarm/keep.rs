//! Bounds the size of an observation that goes on for days.

use std::collections::{BTreeSet, HashMap};

use crate::model::{Completeness, NormalWorld, Observation, Sample, Site, saturating_sum};

/// Limits of an observation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Snapshots; the same limit for gauges.
    pub samples: usize,
    /// Events.
    pub events: usize,
    /// Incidents, gaps and failed iterations, each.
    pub others: usize,
}

/// Drops all but the newest parts of an observation. Allocations older than the oldest remaining
/// snapshot are merged into epoch 0; dropped events count as lost before the first remaining one.
pub fn keep(observation: &mut Observation, bounds: Bounds) {
    newest(&mut observation.samples, bounds.samples);
    newest(&mut observation.gauges, bounds.samples);
    normal(&mut observation.normal, bounds);
    newest(&mut observation.incidents, bounds.others);
    newest(&mut observation.failed, bounds.others);
    let events = &mut observation.events;
    let forgotten = events.len().saturating_sub(bounds.events);
    let lost_events =
        saturating_sum(events.drain(..forgotten).map(|event| event.lost_before.saturating_add(1)));
    if let Some(first) = events.first_mut() {
        first.lost_before = first.lost_before.saturating_add(lost_events);
    }
    let mut distinct_gaps = Vec::new();
    observation.gaps.retain(|gap| {
        let new = !distinct_gaps.contains(gap);
        if new {
            distinct_gaps.push(gap.clone());
        }
        new
    });
    newest(&mut observation.gaps, bounds.others);
    let first = observation.samples.first().and_then(|sample| sample.epoch);
    if let Some(first) = first {
        observation.samples.iter_mut().for_each(|sample| join_epochs(sample, first));
    }
}

fn newest<T>(all: &mut Vec<T>, most: usize) {
    all.drain(..all.len().saturating_sub(most));
}

/// Keeps ledger snapshots and log facts of the newest moments.
fn normal(normal: &mut NormalWorld, bounds: Bounds) {
    let moments: BTreeSet<_> = normal.censuses.iter().filter_map(|census| census.moment).collect();
    let Some(oldest) = moments.iter().rev().nth(bounds.samples.saturating_sub(1)).copied() else {
        return;
    };
    normal.censuses.retain(|census| census.moment >= Some(oldest));
    normal.sayings.retain(|saying| saying.moment >= Some(oldest));
}

/// Merges the sites of all epochs before `first` into epoch 0.
fn join_epochs(sample: &mut Sample, first: u32) {
    let (Completeness::Complete(sites)
    | Completeness::Counted(sites, _)
    | Completeness::Partial(sites, _)) = &mut sample.sites
    else {
        return;
    };
    let is_old = |site: &Site| site.epoch.is_some_and(|epoch| epoch != 0 && epoch < first);
    if !sites.iter().any(is_old) {
        return;
    }
    let mut places: HashMap<Site, usize> = HashMap::new();
    let mut merged_sites: Vec<Site> = Vec::new();
    for mut site in sites.drain(..) {
        if is_old(&site) {
            site.epoch = Some(0);
        }
        let count = std::mem::take(&mut site.count);
        let index = *places.entry(site.clone()).or_insert_with(|| {
            merged_sites.push(site);
            merged_sites.len() - 1
        });
        merged_sites[index].count += count;
    }
    *sites = merged_sites;
}
