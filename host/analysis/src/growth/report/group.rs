//! Sites that grow together: by the same count in the same iterations, for the same owner.
//!
//! One leaked object of the TEE core is often several allocations: a region, its memory object, the
//! session's bookkeeping. They are one finding with several members.

use std::collections::BTreeMap;

use super::families::families;
use crate::{
    growth::{
        Basis, Judgement, Series,
        collect::{OwnerKey, SiteSeries},
    },
    model::Verdict,
};

/// A site with its judgement.
pub(super) struct JudgedSite {
    pub(super) site: SiteSeries,
    pub(super) judgement: Judgement,
}

impl JudgedSite {
    /// Bytes per iteration, or the gained bytes without a rate.
    pub(super) fn bytes(&self) -> f64 {
        let size = self.site.key.size as f64;
        self.judgement.rate.map_or(self.site.objects.gain(), |rate| rate.value) * size
    }
}

/// Groups sites that grow together, largest first.
pub(super) fn group(sites: Vec<JudgedSite>) -> Vec<Vec<JudgedSite>> {
    let mut groups: BTreeMap<GroupingKey, Vec<JudgedSite>> = BTreeMap::new();
    for site in sites {
        groups.entry(GroupingKey::new(&site)).or_default().push(site);
    }
    let families = |(key, sites): (GroupingKey, Vec<JudgedSite>)| match key.pattern {
        Pattern::Any => vec![sites],
        _ => families(sites),
    };
    let mut groups: Vec<_> = groups.into_iter().flat_map(families).collect();
    for group in &mut groups {
        group.sort_by(|a, b| {
            b.bytes().total_cmp(&a.bytes()).then_with(|| a.site.key.cmp(&b.site.key))
        });
    }
    let bytes = |group: &Vec<JudgedSite>| group.iter().map(JudgedSite::bytes).sum::<f64>();
    groups.sort_by(|a, b| bytes(b).total_cmp(&bytes(a)));
    groups
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct GroupingKey {
    owner: OwnerKey,
    verdict: Verdict,
    pattern: Pattern,
}

/// The growth pattern that sites of a group share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Pattern {
    /// Any: warm-up and steps are reported once per owner.
    Any,
    /// The same exact gain per period.
    Exact(i64, u32),
    /// The same number of survivors in the same iterations.
    Left(Vec<(u32, u64)>),
    /// The same gain in each iteration.
    Gains(Vec<i64>),
}

impl GroupingKey {
    fn new(judged: &JudgedSite) -> Self {
        let verdict = judged.judgement.verdict;
        Self { owner: judged.site.key.owner, verdict, pattern: Pattern::new(judged) }
    }
}

impl Pattern {
    fn new(judged: &JudgedSite) -> Self {
        let series = &judged.site.objects;
        match (judged.judgement.verdict, judged.judgement.basis) {
            (Verdict::WarmUp | Verdict::Step, _) => Self::Any,
            (_, Basis::Exact { gain, period, .. }) => Self::Exact(milli(gain), period),
            (_, Basis::Survivors { .. }) => Self::Left(settled_survivors(series)),
            _ => Self::Gains(gains(series)),
        }
    }
}

/// Survivors of iterations that are past the first quarter (warm-up) and older than a third of
/// the run (objects of younger ones may still be freed).
fn settled_survivors(series: &Series) -> Vec<(u32, u64)> {
    let n = series.iterations();
    let is_settled = |born: u32| (n / 4 + 1..=n - n / 3).contains(&(born as usize));
    series.survivors().into_iter().filter(|(born, _)| is_settled(*born)).collect()
}

fn gains(series: &Series) -> Vec<i64> {
    let values: Vec<_> = series.points().map(|(_, value)| milli(value)).collect();
    values.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Thousandths: gains may be fractions once idle growth is subtracted.
#[expect(clippy::cast_possible_truncation, reason = "saturates, which is as good a key")]
fn milli(value: f64) -> i64 {
    (value * 1000.0).round() as i64
}
