//! TAs, and what is odd about one of them against the others.

use std::{cmp::Reverse, collections::BTreeMap};

use teeleak_proto::Uuid;

use crate::model::{Instance, Region, Sample};

/// Largest region that counts as small, in bytes: two pages.
const SMALL: u64 = 8192;

/// Small regions from which they are worth a word.
const SOME: u64 = 3;

/// Distance from a TA's code beyond which memory is not of its own image, in bytes.
const AWAY: u64 = 64 << 20;

/// Read and write, but not execute, in [`Region::access`].
const READ_WRITE: u8 = 0b011;

/// Execute, in [`Region::access`].
const EXECUTE: u8 = 0b100;

/// A TA instance with its regions.
#[derive(Clone, Debug)]
pub struct TaLook {
    /// The TA.
    pub uuid: Uuid,
    /// Instance number.
    pub instance: u32,
    /// Number of regions.
    pub n_regions: u64,
    /// Bytes mapped.
    pub bytes: u64,
    /// Whether lines of its map are missing.
    pub partial: bool,
    /// Whether it panicked.
    pub panicked: bool,
    /// Small regions away from its other memory.
    pub small: Option<SmallRegions>,
    /// Regions of each other TA (the middle one of several), if this one has far more.
    pub others: Option<u64>,
}

/// Small regions that lie away from the TA's image: buffers that are mapped for it one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SmallRegions {
    /// Number of them.
    pub count: u64,
    /// Bytes of all of them.
    pub bytes: u64,
    /// Lowest and highest physical address.
    pub between: (u64, u64),
    /// Physical address of the TA's code.
    pub code: u64,
}

/// The newest map of each TA instance, most regions first.
pub(super) fn newest(samples: &[Sample]) -> Vec<TaLook> {
    let mut newest: BTreeMap<u32, &Instance> = BTreeMap::new();
    for instance in samples.iter().flat_map(|sample| sample.instances.value()).flatten() {
        if instance.regions.value().is_some() {
            newest.insert(instance.id, instance);
        }
    }
    let mut tas: Vec<_> = newest.into_values().map(look).collect();
    let counts: Vec<_> = tas.iter().map(|ta| ta.n_regions).collect();
    for (at, ta) in tas.iter_mut().enumerate() {
        ta.others = other_counts(&counts, at);
    }
    tas.sort_by_key(|ta| Reverse((ta.others.is_some(), ta.n_regions)));
    tas
}

fn look(instance: &Instance) -> TaLook {
    let regions = instance.regions.value().map_or([].as_slice(), Vec::as_slice);
    TaLook {
        uuid: instance.uuid,
        instance: instance.id,
        n_regions: regions.len() as u64,
        bytes: sum(regions.iter()),
        partial: instance.regions.gap().is_some(),
        panicked: instance.panicked,
        small: small(regions),
        others: None,
    }
}

fn sum<'r>(regions: impl Iterator<Item = &'r Region>) -> u64 {
    regions.map(|region| region.size).fold(0, u64::saturating_add)
}

/// The small regions away from the TA's code, if there are some.
fn small(regions: &[Region]) -> Option<SmallRegions> {
    let address = |region: &Region| region.pa.filter(|_| !region.hashed);
    let code = regions.iter().find(|region| region.access & EXECUTE != 0).and_then(address)?;
    let is_away = |region: &&Region| {
        let is_small = region.size <= SMALL && region.access & 0b111 == READ_WRITE;
        is_small && address(region).is_some_and(|pa| pa.abs_diff(code) > AWAY)
    };
    let away_regions: Vec<_> = regions.iter().filter(is_away).collect();
    let addresses = || away_regions.iter().filter_map(|region| region.pa);
    let address_range = (addresses().min()?, addresses().max()?);
    let (count, bytes) = (away_regions.len() as u64, sum(away_regions.iter().copied()));
    (count >= SOME).then_some(SmallRegions { count, bytes, between: address_range, code })
}

/// The middle count of the others, if this one is at least twice that and five more.
fn other_counts(counts: &[u64], at: usize) -> Option<u64> {
    let mut other_counts: Vec<_> = counts.to_vec();
    let own_count = other_counts.remove(at);
    other_counts.sort_unstable();
    let middle = *other_counts.get(other_counts.len() / 2)?;
    (own_count >= 2 * middle && own_count >= middle + 5).then_some(middle)
}
