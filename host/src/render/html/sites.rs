//! All allocation sites, with their live allocations before the first iteration and after the last.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};
use teeleak_analysis::{
    audit::{self, Report},
    model::{Evidence, PoolKind, Sample, Stage, Subject},
    text::{number, signed_number},
};

use super::plot::spark;
use crate::{
    compare::snapshots::{self, AmountChange, ComparedOwnerKey, ComparedSiteKey},
    render::{labels, view::ReportView},
};

/// Names of the columns, and whether they hold numbers, which sort descending.
const COLUMNS: [(&str, bool); 8] = [
    ("Site", false),
    ("Growth in bytes", true),
    ("Growth", true),
    ("Before", true),
    ("After", true),
    ("Bytes each", true),
    ("For", false),
    ("Finding", false),
];

/// Sites over the snapshots.
pub(super) struct SiteTable<'t> {
    /// The snapshots of the series.
    pub(super) samples: Vec<&'t Sample>,
    /// Largest growth first.
    pub(super) rows: Vec<(ComparedSiteKey, AmountChange)>,
    findings: HashMap<SiteName, usize>,
}

/// File, line, size, owner and heap by which findings identify a site.
type SiteName = (std::sync::Arc<str>, u32, u64, Option<teeleak_proto::Uuid>, PoolKind);

impl<'t> SiteTable<'t> {
    pub(super) fn new(view: &ReportView<'t>) -> Self {
        let samples = judged_samples(&view.observation.samples);
        let mut rows: Vec<_> = rows(&samples).into_iter().collect();
        rows.sort_by_key(|(_, change)| {
            let (n, bytes) = change.growth();
            std::cmp::Reverse((bytes, n, change.after.bytes))
        });
        Self { samples, rows, findings: findings(view.report) }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    fn finding(&self, key: &ComparedSiteKey) -> Option<usize> {
        let owner = match key.owner {
            ComparedOwnerKey::Ta(uuid) | ComparedOwnerKey::Pta(uuid) => Some(uuid),
            _ => None,
        };
        self.findings.get(&(key.file.clone(), key.line, key.size, owner, key.heap.clone())).copied()
    }
}

/// The measured snapshots and the one before them; all snapshots if none is marked as measured.
fn judged_samples(samples: &[Sample]) -> Vec<&Sample> {
    let is_measured = |sample: &Sample| sample.moment.stage == Stage::Measured;
    let Some(begin) = samples.iter().position(is_measured) else { return samples.iter().collect() };
    let base = begin.checked_sub(1).map(|before| &samples[before]);
    base.into_iter().chain(samples[begin..].iter().filter(|sample| is_measured(sample))).collect()
}

fn rows(samples: &[&Sample]) -> BTreeMap<ComparedSiteKey, AmountChange> {
    let mut rows: BTreeMap<ComparedSiteKey, AmountChange> = BTreeMap::new();
    let observed_sites: Vec<_> = samples
        .iter()
        .map(|sample| snapshots::has_sites(sample).then(|| snapshots::sites(sample)))
        .collect();
    let zeros: Vec<_> = observed_sites.iter().map(|sites| sites.as_ref().map(|_| 0)).collect();
    let first = observed_sites.iter().position(Option::is_some);
    for (at, sites) in observed_sites.into_iter().enumerate() {
        let Some(sites) = sites else { continue };
        rows.values_mut().for_each(|change| change.after = snapshots::Amount::default());
        for (key, amount) in sites {
            let change = rows.entry(key).or_default();
            if change.course.is_empty() {
                change.course.clone_from(&zeros);
            }
            change.course[at] = Some(amount.count);
            change.after = amount;
            if Some(at) == first {
                change.before = amount;
            }
        }
    }
    rows
}

fn findings(report: &Report) -> HashMap<SiteName, usize> {
    let mut findings = HashMap::new();
    for finding in report.counted() {
        let story = audit::story(finding, &report.findings);
        let Some(number) = report.number(&story.fingerprint) else { continue };
        let members = finding.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Member(subject, _) => Some(subject),
            _ => None,
        });
        for subject in members.chain([&finding.subject]) {
            if let Subject::Site { file, line, size, heap, owner, .. } = subject {
                let name = (file.clone(), *line, *size, *owner, heap.clone());
                findings.entry(name).or_insert(number);
            }
        }
    }
    findings
}

/// The section `Allocation sites`.
pub(super) fn section(table: &SiteTable<'_>) -> Markup {
    html! {
        section #sites aria-labelledby="sites-h" {
            h2 #sites-h { "Allocation sites" }
            @if table.rows.is_empty() {
                p { "No snapshot contains allocation sites." }
            } @else {
                p .dim {
                    "Live allocations of the heaps of the TEE core and of TAs by site, before the first iteration \
                     and after the last. The trend is that of their count."
                }
                (controls(table))
                div .scroll tabindex="0" role="region" aria-labelledby="sites-h" {
                    (grid(table))
                }
            }
        }
    }
}

fn controls(table: &SiteTable<'_>) -> Markup {
    html! {
        form .controls #filter hidden {
            label for="text" { "Filter" }
            input #text type="search" placeholder="file, owner, size" autocomplete="off";
            label { input #growing type="checkbox"; " grown only" }
            label { input #found type="checkbox"; " in a finding only" }
            output #shown for="text growing found" aria-live="polite" {
                (table.len()) " of " (table.len()) " sites"
            }
        }
    }
}

fn grid(table: &SiteTable<'_>) -> Markup {
    html! {
        table #sites-table {
            thead { tr {
                @for (n, (name, number)) in COLUMNS.into_iter().enumerate() {
                    th scope="col" .num[number] data-n=(n) { (name) }
                }
                th scope="col" { "Trend" }
            } }
            tbody { @for (key, change) in &table.rows { (row(key, change, table)) } }
        }
    }
}

fn row(key: &ComparedSiteKey, change: &AmountChange, table: &SiteTable<'_>) -> Markup {
    let (n, bytes) = change.growth();
    html! {
        tr {
            td { (key.file) ":" (key.line) }
            td { (difference(bytes)) }
            td { (difference(n)) }
            td { (number(change.before.count)) }
            td { (number(change.after.count)) }
            td { (number(key.size)) }
            td { (labels::holder(key)) }
            td { @if let Some(n) = table.finding(key) { a href={ "#finding-" (n) } { (n) } } }
            td { (spark(&change.course)) }
        }
    }
}

/// Signed number; zero has no sign.
fn difference(number: i64) -> String {
    if number == 0 { "0".to_owned() } else { signed_number(number) }
}
