//! All metrics over the snapshots: the data of CSV tables and Perfetto traces.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use teeleak_analysis::model::{
    Completeness, Evidence, Finding, FindingKind, Pool, PoolKind, PoolUnit, Sample, Site, Subject,
    TaName,
};
use teeleak_proto::Uuid;

use crate::{
    compare::snapshots::{self, Amount, ComparedOwnerKey, ComparedSiteKey},
    render::view::ReportView,
};

/// The subject of a metric.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum MetricSubject {
    /// A pool of the TEE core.
    Pool(PoolKind),
    /// An allocation site of the core heap.
    Site(ComparedSiteKey),
    /// The regions of a TA instance.
    Regions(Uuid, u32),
    /// The heap of a TA instance.
    Heap(Uuid, u32),
    /// Sessions open to a TA instance, or to the PTA with this UUID if the instance is 0.
    Sessions(Uuid, u32),
}

impl MetricSubject {
    /// UUID of the TA or PTA, and the TA instance.
    pub(super) fn ta(&self) -> (Option<Uuid>, Option<u32>) {
        match self {
            Self::Pool(_) => (None, None),
            Self::Site(key) => match key.owner {
                ComparedOwnerKey::Ta(uuid) | ComparedOwnerKey::Pta(uuid) => (Some(uuid), None),
                _ => (None, None),
            },
            Self::Regions(uuid, instance)
            | Self::Heap(uuid, instance)
            | Self::Sessions(uuid, instance) => {
                (Some(*uuid), Some(*instance).filter(|instance| *instance != 0))
            }
        }
    }
}

/// One metric over the snapshots.
pub(super) struct MetricSeries<'t> {
    /// The subject of the metric.
    pub(super) about: MetricSubject,
    /// Name of the metric, such as `live`.
    pub(super) metric: &'static str,
    pub(super) unit: PoolUnit,
    /// One value per snapshot; `None` if not observed.
    pub(super) values: Vec<Option<u64>>,
    /// The finding about this metric, with its number from 1.
    pub(super) finding: Option<(usize, &'t Finding)>,
}

impl MetricSeries<'_> {
    /// Last value minus first value.
    pub(super) fn growth(&self) -> i128 {
        let mut values = self.values.iter().flatten().copied().map(i128::from);
        let first = values.next().unwrap_or_default();
        values.next_back().map_or(0, |last| last - first)
    }
}

/// Metrics of a pool, named like the fields of OP-TEE's `struct pta_stats_alloc`.
pub(super) fn of_pool(pool: &Pool) -> [(&'static str, PoolUnit, Option<u64>); 4] {
    [
        ("allocated", pool.unit, pool.allocated),
        ("max_allocated", pool.unit, pool.max_allocated),
        ("largest_free", pool.unit, pool.largest_free),
        ("num_alloc_fail", PoolUnit::Objects, pool.num_alloc_fail),
    ]
}

/// Metric, unit and value by subject and index.
type MetricRow = BTreeMap<(MetricSubject, usize), (&'static str, PoolUnit, Option<u64>)>;

/// All metrics of all snapshots, in the order of [`MetricSubject`].
pub(super) fn all_series<'t>(view: &ReportView<'t>) -> Vec<MetricSeries<'t>> {
    let samples = &view.observation.samples;
    let findings = by_subject(&view.report.findings);
    let rows: Vec<MetricRow> = samples.iter().map(row).collect();
    let mut series: BTreeMap<(MetricSubject, usize), MetricSeries<'t>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        for ((about, n), (metric, unit, value)) in row {
            let entry = series.entry((about.clone(), *n)).or_insert_with(|| MetricSeries {
                about: about.clone(),
                metric,
                unit: *unit,
                values: samples.iter().map(|sample| absent(about, sample)).collect(),
                finding: subject(about).and_then(|subject| findings.get(&subject).copied()),
            });
            entry.values[at] = *value;
        }
    }
    series.into_values().collect()
}

fn row(sample: &Sample) -> MetricRow {
    let mut row = MetricRow::new();
    let mut add = |about: MetricSubject, figures: &[(&'static str, PoolUnit, Option<u64>)]| {
        let figures = figures.iter().enumerate();
        row.extend(figures.map(|(n, figure)| ((about.clone(), n), *figure)));
    };
    for pool in sample.pools.value().into_iter().flatten() {
        add(MetricSubject::Pool(pool.kind.clone()), &of_pool(pool));
    }
    for (key, amount) in snapshots::sites(sample) {
        add(MetricSubject::Site(key), &live(Some(amount)));
    }
    for instance in sample.instances.value().into_iter().flatten() {
        let regions = instance.regions.value().map(|regions| Amount {
            count: regions.len() as u64,
            bytes: regions.iter().map(|region| region.size).fold(0, u64::saturating_add),
        });
        add(MetricSubject::Regions(instance.uuid, instance.id), &live(regions));
        if let Some(heap) = &instance.heap {
            add(MetricSubject::Heap(instance.uuid, instance.id), &of_pool(heap));
        }
    }
    for ((uuid, instance), count) in sessions(sample) {
        add(MetricSubject::Sessions(uuid, instance), &[("open", PoolUnit::Objects, Some(count))]);
    }
    row
}

fn live(amount: Option<Amount>) -> [(&'static str, PoolUnit, Option<u64>); 2] {
    [
        ("live", PoolUnit::Objects, amount.map(|amount| amount.count)),
        ("live_bytes", PoolUnit::Bytes, amount.map(|amount| amount.bytes)),
    ]
}

fn sessions(sample: &Sample) -> BTreeMap<(Uuid, u32), u64> {
    let mut sums = BTreeMap::new();
    for session in sample.sessions.value().into_iter().flatten() {
        *sums.entry((session.uuid, session.instance)).or_default() += 1;
    }
    sums
}

/// Value for a subject that a snapshot does not list: 0 if the list is complete, else `None`.
/// Pools and TA heaps always exist, so theirs is `None`.
fn absent(about: &MetricSubject, sample: &Sample) -> Option<u64> {
    fn zero_if_complete<T>(part: &Completeness<T>) -> Option<u64> {
        matches!(part, Completeness::Complete(_)).then_some(0)
    }
    match about {
        MetricSubject::Pool(_) | MetricSubject::Heap(..) => None,
        MetricSubject::Site(key) => zero_if_complete(sites_of(sample, &key.heap)?),
        MetricSubject::Regions(..) => zero_if_complete(&sample.instances),
        MetricSubject::Sessions(..) => zero_if_complete(&sample.sessions),
    }
}

/// The allocations of a heap; `None` if the snapshot has no dump of it.
pub(super) fn sites_of<'s>(
    sample: &'s Sample,
    heap: &PoolKind,
) -> Option<&'s Completeness<Vec<Site>>> {
    sample.all_sites().find(|(kind, _)| kind == heap).map(|(_, sites)| sites)
}

/// Kind of growth and subject of a finding.
type MetricFindingKey = (FindingKind, Subject);

fn by_subject(findings: &[Finding]) -> HashMap<MetricFindingKey, (usize, &Finding)> {
    let mut by_name = HashMap::new();
    for (n, finding) in (1..).zip(findings) {
        let members = finding.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Member(subject, _) => Some(subject),
            _ => None,
        });
        for subject in [&finding.subject].into_iter().chain(members) {
            by_name.entry((finding.kind, without_caller(subject))).or_insert((n, finding));
        }
    }
    by_name
}

fn without_caller(subject: &Subject) -> Subject {
    match subject {
        Subject::Site { file, line, size, heap, owner, .. } => Subject::Site {
            file: Arc::clone(file),
            line: *line,
            size: *size,
            heap: heap.clone(),
            owner: *owner,
            caller: None,
        },
        other => other.clone(),
    }
}

fn subject(about: &MetricSubject) -> Option<MetricFindingKey> {
    Some(match about {
        MetricSubject::Pool(kind) => (FindingKind::PoolGrowth, Subject::Pool(kind.clone())),
        MetricSubject::Site(ComparedSiteKey { file, line, size, heap, .. }) => {
            let (file, heap, owner) = (Arc::clone(file), heap.clone(), about.ta().0);
            let site = Subject::Site { file, line: *line, size: *size, heap, owner, caller: None };
            (FindingKind::SiteGrowth, site)
        }
        MetricSubject::Regions(uuid, _) => (FindingKind::RegionGrowth, Subject::Ta(*uuid)),
        MetricSubject::Sessions(uuid, _) => (FindingKind::SessionGrowth, Subject::Ta(*uuid)),
        MetricSubject::Heap(uuid, _) => {
            let heap = PoolKind::TaHeap(TaName::Uuid(*uuid));
            (FindingKind::PoolGrowth, Subject::Pool(heap))
        }
    })
}
