//! Findings about pools.

use std::sync::Arc;

use super::{Shortage, forecast, high_water, incidents, mean_piece, peak, reported};
use crate::{
    fingerprint::fingerprint,
    growth::{
        Estimate, Judgement,
        collect::{PoolSeries, RunTimeline, pools},
        report::words,
    },
    model::{
        Completeness, Evidence, Figure, FigureKind, Finding, FindingKind, Gauge, Observation, Pool,
        PoolKind, PoolUnit, Sample, Severity, Subject, TaName, Unit, Verdict,
    },
    text,
};

/// Share in use from which a pool is nearly full.
const NEARLY_FULL: f64 = 0.9;

/// Share of the iterations until a pool is full below which a peak clearly ends it earlier.
const CLEARLY: f64 = 0.95;

/// Findings about pools that fill up or ran out. `explained` are the growth findings of the same
/// observation.
#[must_use]
pub fn findings(observation: &Observation, explained: &[Finding]) -> Vec<Finding> {
    let timeline = RunTimeline::new(&observation.samples);
    let duration = forecast::duration(&timeline);
    let context =
        PoolContext { findings: explained, duration, timeline, gauges: &observation.gauges };
    let mut findings: Vec<_> = pools(&context.timeline)
        .iter()
        .filter_map(|series| {
            let oom = incidents::core_heap(observation)
                .filter(|_| series.last.kind == PoolKind::CoreHeap);
            PoolCase::new(series, oom, &context).finding(&context)
        })
        .collect();
    let is_core_heap = |finding: &Finding| finding.subject == Subject::Pool(PoolKind::CoreHeap);
    if !findings.iter().any(is_core_heap) {
        findings.extend(incidents::core_heap(observation).map(|oom| oom.finding()));
    }
    findings.extend(reported::findings(observation));
    findings.extend(high_water::findings(observation, &context.timeline));
    findings
}

/// Whether the allocation sites of a pool were observed, which is better evidence than its figures. Those
/// of the core heap stand for all pools but the heaps of TAs, and that of big numbers, which malloc debug
/// does not record.
fn is_detailed(timeline: &RunTimeline<'_>, pool: &PoolKind) -> bool {
    if *pool == PoolKind::Crypto {
        return false;
    }
    let heap = if matches!(pool, PoolKind::TaHeap(_)) { pool } else { &PoolKind::CoreHeap };
    let is_listed = |sites: &Completeness<_>| {
        matches!(sites, Completeness::Complete(_) | Completeness::Counted(..))
    };
    let complete = |sample: &&&Sample| {
        sample.all_sites().any(|(kind, sites)| kind == *heap && is_listed(sites))
    };
    timeline.measured.iter().flatten().filter(complete).count() > 1
}

/// Whether one of the growth findings explains why a pool grows.
fn is_explained(findings: &[Finding], pool: &PoolKind) -> bool {
    let of_ta = matches!(pool, PoolKind::TaHeap(_));
    let explains = |finding: &&Finding| match &finding.subject {
        Subject::Site { heap, .. } if of_ta => heap == pool,
        Subject::Site { heap, .. } => *heap == PoolKind::CoreHeap,
        _ => !of_ta,
    };
    let failures = findings.iter().filter(|finding| finding.severity == Severity::Failure);
    failures.filter(|finding| finding.kind.info().per_object).any(|finding| explains(&finding))
}

/// Whether an allocation failed in this run: the counters start with the boot.
fn has_failed_in_run(series: &PoolSeries<'_>) -> bool {
    series.last.num_alloc_fail > series.first.num_alloc_fail
}

/// Data common to all pools.
struct PoolContext<'a> {
    timeline: RunTimeline<'a>,
    /// The growth findings of the same observation.
    findings: &'a [Finding],
    /// Nanoseconds per iteration.
    duration: Option<f64>,
    /// The pools between the snapshots.
    gauges: &'a [Gauge],
}

/// One pool with its judgement.
struct PoolCase<'a> {
    series: &'a PoolSeries<'a>,
    pool: &'a Pool,
    judgement: Judgement,
    shortage: Option<Shortage>,
    /// Failed allocations while it was observed.
    failures: u64,
    oom: Option<incidents::CoreHeapShortage<'a>>,
    /// Whether a leak explains why it grows.
    explained: bool,
    /// Whether its allocation sites were observed.
    detailed: bool,
    /// What an iteration needs for a time, beyond what is in use before it.
    demand: Option<u64>,
}

impl<'a> PoolCase<'a> {
    fn new(
        series: &'a PoolSeries<'a>,
        oom: Option<incidents::CoreHeapShortage<'a>>,
        context: &PoolContext<'_>,
    ) -> Self {
        let pool = series.last;
        let failures = |pool: &Pool| pool.num_alloc_fail.unwrap_or(0);
        let failures = failures(pool).saturating_sub(failures(series.first));
        let printed_shortage = oom.as_ref().map(|oom| oom.shortage_in(pool));
        let counted_shortage = || {
            let is_of_run = !context.timeline.run || has_failed_in_run(series);
            Shortage::of_pool(pool).filter(|_| is_of_run)
        };
        Self {
            series,
            pool,
            judgement: context.timeline.judge(&series.used),
            shortage: printed_shortage.or_else(counted_shortage),
            failures,
            oom,
            explained: is_explained(context.findings, &pool.kind),
            detailed: is_detailed(&context.timeline, &pool.kind),
            demand: peak::demand(&pool.kind, &context.timeline, context.gauges),
        }
    }

    fn leaks(&self) -> bool {
        self.judgement.verdict == Verdict::Leak
    }

    fn severity(&self) -> Option<Severity> {
        let has_failed = self.failures > 0 || self.oom.is_some();
        match self.judgement.verdict {
            Verdict::Leak if self.explained => Some(Severity::Note),
            // All recorded objects are observed and none grows, so unrecorded memory does.
            Verdict::Leak if self.detailed => Some(Severity::Possible),
            Verdict::Leak => Some(Severity::Failure),
            _ if has_failed && (self.explained || self.are_all_impossible()) => {
                Some(Severity::Note)
            }
            _ if has_failed => Some(Severity::Possible),
            Verdict::Undecided if !self.detailed && self.series.used.gain() > 0.0 => {
                Some(Severity::Possible)
            }
            _ if self.shortage.is_some() => Some(Severity::Note),
            _ => None,
        }
    }

    /// Whether all that failed are requests that could never succeed: the largest of one is that one, and of
    /// several where half of the pool was never in use, and all that it holds was seen.
    fn are_all_impossible(&self) -> bool {
        let is_impossible = self.shortage.is_some_and(|shortage| shortage.is_impossible());
        let peak = self.pool.size.zip(self.pool.max_allocated);
        let is_roomy = self.detailed && peak.is_some_and(|(size, peak)| peak <= size / 2);
        is_impossible && (self.failures == 1 || is_roomy) && self.oom.is_none()
    }

    fn finding(&self, context: &PoolContext<'_>) -> Option<Finding> {
        let severity = self.severity()?;
        let subject = Subject::Pool(self.pool.kind.clone());
        Some(Finding {
            kind: FindingKind::PoolGrowth,
            severity,
            verdict: Some(self.judgement.verdict),
            title: self.title().into(),
            headline: None,
            figures: self.figures(context),
            evidence: self.evidence(context),
            fingerprint: fingerprint(FindingKind::PoolGrowth, &subject, &[]),
            subject,
            cause: None,
            blame: None,
            next_step: self.next_step().into(),
        })
    }

    fn title(&self) -> String {
        let name = self.pool.kind.label();
        let full = self.shortage.as_ref().and_then(Shortage::full);
        let rate = self.judgement.rate.filter(|_| self.leaks());
        let iterations_left =
            rate.and_then(|rate| forecast::iterations(self.pool, rate, self.demand));
        let amount = rate.map(|rate| self.amount(rate.value)).unwrap_or_default();
        match (self.leaks(), self.shortage, iterations_left) {
            (true, Some(shortage), _) if !shortage.is_impossible() => {
                format!("{name}: ran out; it grows by {amount} per iteration")
            }
            (true, _, Some(until)) if self.breaks_early(rate) => format!(
                "{name}: grows by {amount} per iteration and will fail after {} more iterations, each \
                 of which needs {} for a time",
                text::approximation(until.value.floor()),
                self.amount(self.demand.unwrap_or(0) as f64)
            ),
            (true, _, Some(until)) => format!(
                "{name}: grows by {amount} per iteration and will be full after {} more iterations",
                text::approximation(until.value.floor())
            ),
            (true, _, None) => format!("{name}: grows by {amount} per iteration"),
            (false, Some(_), _) if full == Some(false) => {
                format!("{name}: ran out of large pieces; it is fragmented")
            }
            (false, Some(_), _) if full == Some(true) => {
                format!("{name}: was full{}", self.share())
            }
            (false, Some(shortage), _) if shortage.is_impossible() => {
                format!("{name}: a request larger than the whole pool failed")
            }
            (false, Some(_), _) => format!("{name}: an allocation failed"),
            (false, None, _) if self.failures > 0 => {
                format!("{name}: {} failed", text::count(self.failures, "allocation"))
            }
            (false, None, _) => format!("{name}: may grow; inconclusive"),
        }
    }

    /// Whether what an iteration needs for a time ends it clearly before the pool is full.
    fn breaks_early(&self, rate: Option<Estimate>) -> bool {
        let left = |demand| {
            rate.and_then(|rate| forecast::iterations(self.pool, rate, demand))
                .map(|left| left.value)
        };
        left(self.demand).zip(left(None)).is_some_and(|(early, full)| early < CLEARLY * full)
    }

    /// `, 27,664 of 28,656 bytes in use (96.5 %)`.
    fn share(&self) -> String {
        let (Some(used), Some(size)) = (self.pool.allocated, self.pool.size) else {
            return String::new();
        };
        let (unit, share) = (text::pool_unit(self.pool.unit), text::share(used, size));
        format!(", now {} of {} {unit} in use ({share})", text::number(used), text::number(size))
    }

    fn amount(&self, value: f64) -> String {
        text::amount(value, if self.pool.unit == PoolUnit::Bytes { "byte" } else { "object" })
    }

    fn figures(&self, context: &PoolContext<'_>) -> Vec<Figure> {
        let (unit, per) = match self.pool.unit {
            PoolUnit::Bytes => (Unit::Bytes, Unit::BytesPerIteration),
            PoolUnit::Objects => (Unit::Objects, Unit::ObjectsPerIteration),
        };
        let mut figures = Vec::new();
        if let Some(rate) = self.judgement.rate.filter(|_| self.leaks()) {
            figures.push(words::figure(FigureKind::Growth, rate, per));
            if let Some(until) = forecast::iterations(self.pool, rate, self.demand) {
                figures.push(words::figure(FigureKind::UntilFull, until, Unit::Iterations));
                let time = context.duration.map(|each| until.scale(each));
                figures.extend(
                    time.map(|t| words::figure(FigureKind::UntilFull, t, Unit::Nanoseconds)),
                );
            }
        }
        let values = [
            (FigureKind::InUse, self.pool.allocated),
            (FigureKind::MostInUse, self.pool.max_allocated),
            (FigureKind::Size, self.pool.size),
            (FigureKind::LargestFreePiece, self.pool.largest_free),
            (FigureKind::MeanFreePiece, mean_piece(self.pool)),
        ];
        let plain = |(kind, value): (FigureKind, Option<u64>)| {
            Some(words::plain(kind, value? as f64, unit))
        };
        figures.extend(values.into_iter().filter_map(plain));
        let failures = self.pool.num_alloc_fail.filter(|failures| *failures > 0);
        let failures =
            failures.map(|n| words::plain(FigureKind::FailedAllocations, n as f64, Unit::Objects));
        figures.extend(failures);
        figures.extend(words::judgement_figures(&self.judgement, 0.0));
        figures.extend(words::excluded(self.judgement.excluded, per));
        figures
    }

    fn evidence(&self, context: &PoolContext<'_>) -> Vec<Evidence> {
        let mut texts = Vec::new();
        if let Some(shortage) = self.shortage {
            texts.push(shortage.reason());
            texts.extend(self.demand(shortage));
        }
        if self.failures > 0 {
            let total = self.pool.num_alloc_fail.unwrap_or(self.failures);
            texts.push(format!(
                "{} failed while it was observed: the count rose from {} to {}",
                text::count(self.failures, "allocation"),
                text::number(total.saturating_sub(self.failures)),
                text::number(total)
            ));
        }
        let thing = if self.pool.unit == PoolUnit::Bytes { "byte" } else { "object" };
        texts.push(words::reason(&self.judgement, &self.series.used, thing));
        if context.timeline.run {
            texts.push(words::idle(context.timeline.idle.len(), self.series.idle, thing));
        }
        let mut evidence: Vec<_> =
            texts.into_iter().map(|text| Evidence::Text(Arc::from(text))).collect();
        evidence.extend(words::series_evidence(&self.series.used, |at| {
            context.timeline.iteration(self.series.from + at)
        }));
        evidence.extend(self.oom.iter().flat_map(incidents::CoreHeapShortage::places));
        evidence
    }

    /// For a pool that was full but does not grow: whether it still is, or was so only at its peak.
    fn demand(&self, shortage: Shortage) -> Option<String> {
        if self.leaks() || shortage.full() != Some(true) {
            return None;
        }
        let (used, size) = (self.pool.allocated?, self.pool.size?);
        let peak = text::number(self.pool.max_allocated.unwrap_or(used));
        let nearly_full = used as f64 > NEARLY_FULL * size as f64;
        let (used, size) = (text::number(used), text::number(size));
        Some(if nearly_full {
            format!("{used} of {size} are still in use, without observed growth")
        } else {
            format!(
                "now {used} of {size} are in use, at most {peak} were: this was a peak of demand, \
                 not a leak"
            )
        })
    }

    fn next_step(&self) -> String {
        if let (PoolKind::TaHeap(ta), false) = (&self.pool.kind, self.explained) {
            return self.next_step_of_heap(*ta);
        }
        match (self.leaks(), self.shortage.as_ref().and_then(Shortage::full)) {
            (true, _) if self.explained => "fix the growth findings: they are what fills the pool",
            (true, _) if self.detailed => {
                "look for memory that malloc debug does not record: no allocation site grows"
            }
            (true, _) if self.pool.kind == PoolKind::Crypto => {
                "look in the crypto code of the TEE core for a big number that is not freed"
            }
            (true, _) => {
                "build OP-TEE with malloc debug and the leak_audit PTA to see which site grows"
            }
            (false, Some(false)) => {
                "allocate large pieces early and keep them, or make the pool larger"
            }
            (false, Some(true)) => "find who holds most of it, or make the pool larger",
            (false, None) if self.shortage.is_some_and(|shortage| shortage.is_impossible()) => {
                "find who asks for so much; tests do so on purpose"
            }
            (false, None) => "run more iterations, or read the pool figures when it fails",
        }
        .to_owned()
    }

    /// What to do about the heap of a TA, of which only figures are known.
    fn next_step_of_heap(&self, ta: TaName) -> String {
        let dump = "build that TA with CFG_TEE_TA_MALLOC_DEBUG=y and let it call mdbg_check(1)";
        match (self.leaks(), self.shortage.as_ref().and_then(Shortage::full)) {
            (true, _) => format!("to see which site of {ta} grows, {dump} after each round"),
            (false, Some(true)) => format!(
                "make it larger (TA_DATA_SIZE of {ta}), or find out what the TA keeps: {dump}"
            ),
            (false, Some(false)) => format!(
                "let {ta} allocate large pieces early and keep them, or make its TA_DATA_SIZE larger"
            ),
            (false, None) => format!("print the figures more often; to see the sites, {dump}"),
        }
    }
}
