//! One bug, one story: findings that grow in the same iterations by commensurate numbers, for one TA.
//!
//! A call that leaves something behind leaves all of it: sites, regions, sessions, instances. They rise
//! in the same iterations, by multiples of one number. What is made of the others explains them: sites
//! are the memory of regions, regions belong to instances, instances to sessions. Numbers that never
//! change fit by chance as well, so those tie only what belongs together by its kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use teeleak_proto::Uuid;

use crate::{
    blame::{Birth, Bond, births, bonds, is_of_instances, is_of_regions},
    model::{Finding, FindingKind, Fingerprint, Observation, Severity, Subject, Verdict},
    text,
};

/// Fewest iterations whose numbers are compared.
const SHORTEST: usize = 3;

/// One growth finding with what ties it to others.
struct Strand<'f> {
    finding: &'f Finding,
    at: usize,
    births: Vec<Birth>,
    bond: Bond,
    /// Whether it counts TA instances, by themselves or by what the core allocates for them.
    is_of_instances: bool,
}

/// Births by iteration, divided by their greatest common divisor.
type BirthCounts = BTreeMap<u32, u64>;

/// Sets the cause of each growth finding that another one explains.
pub(super) fn link(findings: &mut [Finding], observation: &Observation) {
    let bonds = bonds(findings, observation);
    let links: Vec<_> = {
        let strands = strands(findings, bonds);
        let mut by_pattern: BTreeMap<BirthCounts, Vec<&Strand<'_>>> = BTreeMap::new();
        for strand in &strands {
            by_pattern.entry(pattern(&strand.births)).or_default().push(strand);
        }
        by_pattern.values().flat_map(|alike| stories(alike)).collect()
    };
    for (at, cause) in links {
        if let Some(finding) = findings.get_mut(at) {
            finding.cause = Some(cause);
        }
    }
}

fn strands(findings: &[Finding], bonds: Vec<Bond>) -> Vec<Strand<'_>> {
    let is_growth = |finding: &Finding| {
        finding.severity == Severity::Failure
            && finding.verdict == Some(Verdict::Leak)
            && finding.kind.info().per_object
            && matches!(finding.subject, Subject::Site { .. } | Subject::Ta(_))
    };
    let numbered = findings.iter().enumerate().zip(bonds);
    let growing = numbered.filter(|((_, finding), _)| is_growth(finding));
    let strands = growing.filter_map(|((at, finding), bond)| {
        let is_of_instances =
            finding.kind == FindingKind::InstanceGrowth || is_of_instances(finding);
        Some(Strand { finding, at, births: births(finding)?, bond, is_of_instances })
    });
    strands.filter(|strand| strand.births.iter().any(|one| one.count > 0)).collect()
}

/// The pattern of the iterations that are settled: the first ones may be warm-up, and objects of the
/// last ones may still be freed.
fn pattern(births: &[Birth]) -> BirthCounts {
    let n = births.len();
    let settled = births.get(n / 4..n - n / 3).unwrap_or_default();
    let is_telling = settled.len() >= SHORTEST && settled.iter().any(|one| one.count > 0);
    let chosen = if is_telling { settled } else { births };
    let unit = chosen.iter().map(|one| one.count).fold(0, greatest_divisor).max(1);
    chosen.iter().map(|one| (one.until, one.count / unit)).collect()
}

const fn greatest_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_divisor(b, a % b) }
}

fn varies(strand: &Strand<'_>) -> bool {
    let pattern = pattern(&strand.births);
    pattern.values().collect::<BTreeSet<_>>().len() > 1
}

type CauseLink = (usize, (Fingerprint, Arc<str>));

/// The stories among findings with the same pattern: one per TA. What no TA owns belongs to the only
/// one that there is.
fn stories(alike: &[&Strand<'_>]) -> Vec<CauseLink> {
    let mut by_ta: BTreeMap<Option<Uuid>, Vec<&Strand<'_>>> = BTreeMap::new();
    for strand in alike {
        by_ta.entry(ta(strand.finding)).or_default().push(strand);
    }
    if by_ta.keys().flatten().count() == 1 {
        return story(alike.to_vec());
    }
    by_ta.into_values().flat_map(story).collect()
}

const fn ta(finding: &Finding) -> Option<Uuid> {
    match &finding.subject {
        Subject::Site { owner, .. } => *owner,
        Subject::Ta(uuid) => Some(*uuid),
        _ => None,
    }
}

/// What a kind of finding is made of comes after it.
const fn rank(strand: &Strand<'_>) -> u8 {
    match strand.finding.kind {
        FindingKind::SessionGrowth => 0,
        FindingKind::InstanceGrowth => 1,
        FindingKind::RegionGrowth => 2,
        _ if strand.is_of_instances => 3,
        _ => 4,
    }
}

/// Links all that the cause of one story explains: what a protocol explains already, or else the
/// finding whose kind ranks first.
fn story(mut strands: Vec<&Strand<'_>>) -> Vec<CauseLink> {
    strands.sort_by_key(|strand| (strand.finding.cause.is_none(), rank(strand), strand.at));
    let Some((first, others)) = strands.split_first() else { return Vec::new() };
    let root = first.finding.cause.as_ref().map_or(&first.finding.fingerprint, |(root, _)| root);
    let mut has_site = false;
    let free = others.iter().filter(|other| other.finding.cause.is_none());
    let parts = free.filter(|other| {
        let is_part = is_part(first, other, has_site);
        has_site |= is_part && other.finding.kind == FindingKind::SiteGrowth;
        is_part
    });
    parts.map(|other| (other.at, (root.clone(), reason(first, other).into()))).collect()
}

/// Whether the first strand explains the other; `has_site` says whether it explains a site already.
fn is_part(first: &Strand<'_>, other: &Strand<'_>, has_site: bool) -> bool {
    let is_same_failure =
        !first.bond.failing.is_empty() && first.bond.failing == other.bond.failing;
    let is_of_sites = other.finding.kind == FindingKind::SiteGrowth;
    if is_same_failure || varies(first) {
        return true;
    }
    match first.finding.kind {
        FindingKind::SessionGrowth | FindingKind::InstanceGrowth => true,
        // An instance that nobody ends keeps its memory; what maps it may belong to the core.
        FindingKind::SiteGrowth if first.is_of_instances => {
            other.bond.is_of_ended || is_of_regions(other.finding)
        }
        FindingKind::RegionGrowth => is_of_sites && !has_site && is_of_regions(other.finding),
        // Sites of one owner would be one finding if they were known to belong together.
        _ => is_of_sites && ta(first.finding) != ta(other.finding) && !has_site,
    }
}

fn reason(first: &Strand<'_>, other: &Strand<'_>) -> String {
    let sum = |strand: &Strand<'_>| strand.births.iter().map(|one| one.count).sum::<u64>();
    let (n_first, n_other) = (sum(first), sum(other));
    let (first, other) = (noun(first.finding.kind), noun(other.finding.kind));
    let together = "in the same iterations";
    match n_other.checked_div(n_first) {
        Some(each @ 1..) if each * n_first == n_other => {
            format!("{together}: {} for each {first}", text::count(each, other))
        }
        _ => format!(
            "{together}: {} and {}",
            text::count(n_other, other),
            text::count(n_first, first)
        ),
    }
}

const fn noun(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::SessionGrowth => "session",
        FindingKind::InstanceGrowth => "instance",
        FindingKind::RegionGrowth => "region",
        _ => "object",
    }
}
