//! Pools of which only the most that they ever held is known: those of big numbers.
//!
//! Such a line is printed when the maximum rises, so a series of them always rises; that equal work sets
//! a new one each time is what counts, and nothing but the reader can know that. So this is never more
//! than a possible finding.

use std::sync::Arc;

use crate::{
    fingerprint::fingerprint,
    growth::collect::RunTimeline,
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, Observation, PoolKind, Sample,
        Severity, Subject, Unit,
    },
    text,
};

/// Maxima from which their rise is reported: fewer are a start.
const SHORTEST: usize = 4;

/// Releases, as major and minor number, from which on the core's pool has this size unless changed:
/// `MPI_MEMPOOL_SIZE` of optee_os `core/lib/libtomcrypt/mpi_desc.c`.
const CORE_SIZES: [((u32, u32), u64); 2] = [((3, 16), 46 * 1024), ((3, 5), 42 * 1024)];

/// Findings about rising maxima.
pub(super) fn findings(observation: &Observation, timeline: &RunTimeline<'_>) -> Vec<Finding> {
    let mut kinds: Vec<_> = { timeline.measured.iter().flatten() }
        .flat_map(|sample| sample.all_pools())
        .filter(|pool| pool.allocated.is_none() && pool.max_allocated.is_some())
        .map(|pool| &pool.kind)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds.into_iter().filter_map(|kind| finding(kind, observation, timeline)).collect()
}

/// The maxima by iteration, each only when it was printed.
fn maxima(kind: &PoolKind, timeline: &RunTimeline<'_>) -> Vec<(u32, u64)> {
    let maximum = |sample: &Sample| {
        let pool = sample.all_pools().find(|pool| pool.kind == *kind)?;
        pool.max_allocated.filter(|_| pool.allocated.is_none())
    };
    let samples = (timeline.first..).zip(&timeline.measured);
    samples.filter_map(|(iteration, sample)| Some((iteration, maximum((*sample)?)?))).collect()
}

fn finding(
    kind: &PoolKind,
    observation: &Observation,
    timeline: &RunTimeline<'_>,
) -> Option<Finding> {
    let maxima = maxima(kind, timeline);
    let (first, last) = (maxima.first()?.1, maxima.last()?.1);
    let n_rises = maxima.windows(2).filter(|pair| pair[1].1 > pair[0].1).count();
    if maxima.len() < SHORTEST || 2 * n_rises < maxima.len() {
        return None;
    }
    let mean_rise = (last.saturating_sub(first)) as f64 / n_rises as f64;
    let subject = Subject::Pool(kind.clone());
    Some(Finding {
        kind: FindingKind::PoolGrowth,
        severity: Severity::Possible,
        verdict: None,
        title: format!(
            "{}: the most it ever held rose {} times, from {} to {} bytes, by {} bytes each on average",
            kind.label(),
            text::number(n_rises as u64),
            text::number(first),
            text::number(last),
            text::approximation(mean_rise)
        )
        .into(),
        headline: None,
        figures: vec![
            Figure::new(FigureKind::Gained, (last - first) as f64, Unit::Bytes),
            Figure::new(FigureKind::MostInUse, last as f64, Unit::Bytes),
        ],
        evidence: evidence(kind, observation, &maxima, mean_rise),
        fingerprint: fingerprint(FindingKind::PoolGrowth, &subject, &[]),
        subject,
        cause: None,
        blame: None,
        next_step: format!(
            "if each round does the same work, look for the operation that does not free its big \
             numbers, or frees them in another order; {}",
            "a larger MPI_MEMPOOL_SIZE only delays the failure"
        )
        .into(),
    })
}

fn evidence(
    kind: &PoolKind,
    observation: &Observation,
    maxima: &[(u32, u64)],
    each: f64,
) -> Vec<Evidence> {
    let series = maxima.iter().map(|(iteration, most)| (*iteration, *most as f64)).collect();
    let mut texts = vec![
        "each value is a maximum, printed when it rises, not what is in use".to_owned(),
        "neither malloc debug nor the statistics of OP-TEE count this pool".to_owned(),
    ];
    let core_size = core_size(observation).filter(|_| *kind == PoolKind::Crypto);
    texts.extend(core_size.map(|size| size_text(size, maxima, each)));
    let mut evidence: Vec<_> =
        texts.into_iter().map(|text| Evidence::Text(Arc::from(text))).collect();
    evidence.push(Evidence::Series(series));
    evidence
}

fn size_text(size: u64, maxima: &[(u32, u64)], each: f64) -> String {
    let last = maxima.last().map_or(0, |(_, most)| *most);
    let rounds = (size.saturating_sub(last) as f64 / each).floor();
    format!(
        "MPI_MEMPOOL_SIZE is {} bytes in this release unless the build changed it: {} more at most",
        text::number(size),
        text::amount(rounds, "rise")
    )
}

/// The size of the core's pool in the observed release, unless its build changed it.
fn core_size(observation: &Observation) -> Option<u64> {
    let release = observation.platform.release.as_deref()?;
    let mut numbers = release.split(['.', '-', ' ']).map_while(|part| part.parse().ok());
    let version: (u32, u32) = (numbers.next()?, numbers.next()?);
    CORE_SIZES.iter().find(|(since, _)| version >= *since).map(|(_, size)| *size)
}
