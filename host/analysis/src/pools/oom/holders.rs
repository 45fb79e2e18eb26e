//! Holders of memory and their growth.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use teeleak_proto::Uuid;

use crate::model::{Owner, OwnerId, Pool, PoolKind, Region, Sample};

/// Maximum number of entries per list.
const LISTED: usize = 10;

/// The bit for secure memory in [`Region::access`].
const SECURE: u8 = 8;

/// A holder of memory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MemoryHolder {
    /// An allocation site.
    Site {
        /// Source file.
        file: Arc<str>,
        /// Source line.
        line: u32,
        /// Bytes per allocation, as requested.
        size: u64,
        /// Owner, in words.
        owner: Arc<str>,
    },
    /// A TA, a PTA or the TEE core, in words.
    Owner(Arc<str>),
    /// The regions of a TA.
    Regions(Uuid),
}

/// Memory of one holder.
#[derive(Clone, PartialEq, Debug)]
pub struct HolderShare {
    /// The holder.
    pub holder: MemoryHolder,
    /// Bytes.
    pub bytes: u64,
    /// Objects.
    pub count: u64,
    /// Percentage of the pool, if its size is known.
    pub percent: Option<f64>,
}

/// Growth of one holder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HolderGrowth {
    /// The holder.
    pub holder: MemoryHolder,
    /// Bytes at the first and the last snapshot.
    pub bytes: (u64, u64),
    /// Objects at the first and the last snapshot.
    pub count: (u64, u64),
    /// Number of the snapshot, from 1, since which it has been above its first value.
    pub since: usize,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    bytes: u64,
    count: u64,
}

type HolderSums = BTreeMap<MemoryHolder, Sum>;

/// The biggest holders by site; only the core heap has sites.
pub(crate) fn by_site(sample: &Sample, pool: Option<&Pool>) -> Vec<HolderShare> {
    biggest(sites(sample), pool.filter(|pool| pool.kind == PoolKind::CoreHeap))
}

/// The biggest holders by TA: of secure regions for TA memory, else of allocations.
pub(crate) fn by_ta(sample: &Sample, pool: Option<&Pool>) -> Vec<HolderShare> {
    if pool.is_some_and(|pool| pool.kind == PoolKind::TaRam) {
        return biggest(regions(sample, true), pool);
    }
    let mut owners = HolderSums::new();
    for (holder, sum) in sites(sample) {
        if let MemoryHolder::Site { owner, .. } = holder {
            let of_owner = owners.entry(MemoryHolder::Owner(owner)).or_default();
            of_owner.bytes += sum.bytes;
            of_owner.count += sum.count;
        }
    }
    biggest(owners, pool.filter(|pool| pool.kind == PoolKind::CoreHeap))
}

fn biggest(sums: HolderSums, pool: Option<&Pool>) -> Vec<HolderShare> {
    let size = pool.and_then(|pool| pool.size).filter(|size| *size > 0);
    let mut holdings: Vec<_> = sums
        .into_iter()
        .map(|(holder, Sum { bytes, count })| {
            let percent = size.map(|size| 100.0 * bytes as f64 / size as f64);
            HolderShare { holder, bytes, count, percent }
        })
        .collect();
    holdings.sort_by_key(|held| Reverse(held.bytes));
    holdings.truncate(LISTED);
    holdings
}

/// Holders that have more in the last snapshot than in the first, by gained bytes.
pub(crate) fn growing_holders(samples: &[&Sample]) -> Vec<HolderGrowth> {
    let [first, .., last] = samples else { return Vec::new() };
    let first_sums = sample_sums(first);
    let last_sums = sample_sums(last);
    let mut growths: Vec<_> = last_sums
        .into_iter()
        .filter_map(|(holder, now)| {
            let base = first_sums.get(&holder).copied().unwrap_or_default();
            (now.bytes > base.bytes).then_some(HolderGrowth {
                holder,
                bytes: (base.bytes, now.bytes),
                count: (base.count, now.count),
                since: samples.len(),
            })
        })
        .collect();
    growths.sort_by_key(|one| Reverse(one.bytes.1 - one.bytes.0));
    growths.truncate(LISTED);
    find_starts(&mut growths, samples);
    growths
}

/// Sets `since`: goes back as long as a holder has more than at first.
fn find_starts(grown: &mut [HolderGrowth], samples: &[&Sample]) {
    let mut done_flags = vec![false; grown.len()];
    for (at, sample) in samples.iter().enumerate().rev() {
        let sums = sample_sums(sample);
        for (one, done) in grown.iter_mut().zip(&mut done_flags) {
            let bytes = sums.get(&one.holder).map_or(0, |sum| sum.bytes);
            *done |= bytes <= one.bytes.0;
            if !*done {
                one.since = at + 1;
            }
        }
    }
}

fn sample_sums(sample: &Sample) -> HolderSums {
    let mut sums = sites(sample);
    sums.extend(regions(sample, false));
    sums
}

fn sites(sample: &Sample) -> HolderSums {
    let mut names = BTreeMap::new();
    let mut sums = HolderSums::new();
    for site in sample.sites.value().into_iter().flatten() {
        let owner = names.entry(site.owner).or_insert_with(|| owner_name(sample, site.owner));
        let holder = MemoryHolder::Site {
            file: Arc::clone(&site.file),
            line: site.line,
            size: site.size,
            owner: Arc::clone(owner),
        };
        let sum = sums.entry(holder).or_default();
        sum.bytes = sum.bytes.saturating_add(site.size.saturating_mul(site.count));
        sum.count = sum.count.saturating_add(site.count);
    }
    sums
}

fn regions(sample: &Sample, secure: bool) -> HolderSums {
    let mut sums = HolderSums::new();
    for instance in sample.instances.value().into_iter().flatten() {
        let counts = |region: &&Region| !secure || region.access & SECURE != 0;
        for region in instance.regions.value().into_iter().flatten().filter(counts) {
            let sum = sums.entry(MemoryHolder::Regions(instance.uuid)).or_default();
            sum.bytes = sum.bytes.saturating_add(region.size);
            sum.count += 1;
        }
    }
    sums
}

/// The owner in words.
pub(crate) fn owner_name(sample: &Sample, id: OwnerId) -> Arc<str> {
    let number = match id {
        OwnerId::Unknown => return "unknown".into(),
        OwnerId::Core => return "TEE core".into(),
        OwnerId::Number(number) => number,
    };
    let find = |owner: &&Owner| owner.number == number;
    let owner_entry = sample.owners.value().into_iter().flatten().find(find);
    match owner_entry.and_then(|owner| Some((owner.uuid?, owner.pta))) {
        Some((uuid, true)) => format!("PTA {uuid}").into(),
        Some((uuid, false)) => format!("TA {uuid}").into(),
        None => format!("owner {number}").into(),
    }
}
