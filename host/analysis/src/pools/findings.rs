//! Findings about pools.

use std::sync::Arc;

use super::{Shortage, forecast, incidents, mean_piece, reported};
use crate::{
    fingerprint::fingerprint,
    growth::{
        Judgement,
        collect::{PoolSeries, RunTimeline, pools},
        judge,
        report::words,
    },
    model::{
        Completeness, Evidence, Figure, FigureKind, Finding, FindingKind, Observation, Pool,
        PoolKind, PoolUnit, Sample, Severity, Subject, Unit, Verdict,
    },
    text,
};

/// Share in use from which a pool is nearly full.
const NEARLY_FULL: f64 = 0.9;

/// Findings about pools that fill up or ran out. `explained` are the growth findings of the same
/// observation.
#[must_use]
pub fn findings(observation: &Observation, explained: &[Finding]) -> Vec<Finding> {
    let timeline = RunTimeline::new(&observation.samples);
    let context = PoolContext {
        explained: explained
            .iter()
            .any(|finding| finding.severity == Severity::Failure && finding.kind.info().per_object),
        detailed: detailed(&timeline),
        duration: forecast::duration(&timeline),
        timeline,
    };
    let mut findings: Vec<_> = pools(&context.timeline)
        .iter()
        .filter_map(|series| {
            let oom = incidents::core_heap(observation)
                .filter(|_| series.last.kind == PoolKind::CoreHeap);
            PoolCase::new(series, oom).finding(&context)
        })
        .collect();
    let is_core_heap = |finding: &Finding| finding.subject == Subject::Pool(PoolKind::CoreHeap);
    if !findings.iter().any(is_core_heap) {
        findings.extend(incidents::core_heap(observation).map(|oom| oom.finding()));
    }
    findings.extend(reported::findings(observation));
    findings
}

/// Whether allocation sites were observed, which is better evidence than pools.
fn detailed(timeline: &RunTimeline<'_>) -> bool {
    let complete = |sample: &&Sample| matches!(sample.sites, Completeness::Complete(_));
    timeline.measured.iter().flatten().filter(|sample| complete(sample)).count() > 1
}

/// Data common to all pools.
struct PoolContext<'a> {
    timeline: RunTimeline<'a>,
    /// Whether a leak explains why pools grow.
    explained: bool,
    detailed: bool,
    /// Nanoseconds per iteration.
    duration: Option<f64>,
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
}

impl<'a> PoolCase<'a> {
    fn new(series: &'a PoolSeries<'a>, oom: Option<incidents::CoreHeapShortage<'a>>) -> Self {
        let pool = series.last;
        let failures = |pool: &Pool| pool.num_alloc_fail.unwrap_or(0);
        let printed_shortage = oom.as_ref().map(|oom| oom.shortage().in_pool(pool.size));
        Self {
            series,
            pool,
            judgement: judge(&series.used),
            shortage: printed_shortage.or_else(|| Shortage::of_pool(pool)),
            failures: failures(pool).saturating_sub(failures(series.first)),
            oom,
        }
    }

    fn leaks(&self) -> bool {
        self.judgement.verdict == Verdict::Leak
    }

    fn severity(&self, context: &PoolContext<'_>) -> Option<Severity> {
        let has_failed = self.failures > 0 || self.oom.is_some();
        match self.judgement.verdict {
            Verdict::Leak if context.explained => Some(Severity::Note),
            // All recorded objects are observed and none grows, so unrecorded memory does.
            Verdict::Leak if context.detailed => Some(Severity::Possible),
            Verdict::Leak => Some(Severity::Failure),
            _ if has_failed && context.explained => Some(Severity::Note),
            _ if has_failed => Some(Severity::Possible),
            Verdict::Undecided if !context.detailed && self.series.used.gain() > 0.0 => {
                Some(Severity::Possible)
            }
            _ if self.shortage.is_some() => Some(Severity::Note),
            _ => None,
        }
    }

    fn finding(&self, context: &PoolContext<'_>) -> Option<Finding> {
        let severity = self.severity(context)?;
        let subject = Subject::Pool(self.pool.kind.clone());
        Some(Finding {
            kind: FindingKind::PoolGrowth,
            severity,
            verdict: Some(self.judgement.verdict),
            title: self.title().into(),
            figures: self.figures(context),
            evidence: self.evidence(context),
            fingerprint: fingerprint(FindingKind::PoolGrowth, &subject, &[]),
            subject,
            cause: None,
            next_step: self.next_step(context).into(),
        })
    }

    fn title(&self) -> String {
        let name = self.pool.kind.label();
        let full = self.shortage.as_ref().and_then(Shortage::full);
        let rate = self.judgement.rate.filter(|_| self.leaks());
        let iterations_left = rate.and_then(|rate| forecast::iterations(self.pool, rate));
        let amount = rate.map(|rate| self.amount(rate.value)).unwrap_or_default();
        match (self.leaks(), self.shortage, iterations_left) {
            (true, Some(_), _) => format!("{name}: ran out; it grows by {amount} per iteration"),
            (true, None, Some(until)) => format!(
                "{name}: grows by {amount} per iteration and will be full after {} more iterations",
                text::approximation(until.value.floor())
            ),
            (true, None, None) => format!("{name}: grows by {amount} per iteration"),
            (false, Some(_), _) if full == Some(false) => {
                format!("{name}: ran out of large pieces; it is fragmented")
            }
            (false, Some(_), _) if full == Some(true) => format!("{name}: was full"),
            (false, Some(shortage), _) if shortage.is_impossible() => {
                format!("{name}: a request larger than the whole pool failed")
            }
            (false, Some(_), _) => format!("{name}: an allocation failed"),
            (false, None, _) => format!("{name}: may grow; inconclusive"),
        }
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
            if let Some(until) = forecast::iterations(self.pool, rate) {
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
        figures
    }

    fn evidence(&self, context: &PoolContext<'_>) -> Vec<Evidence> {
        let mut texts = Vec::new();
        if let Some(shortage) = self.shortage {
            texts.push(shortage.reason());
            texts.extend(self.demand(shortage));
        }
        if self.failures > 0 {
            texts.push(format!(
                "{} failed while it was observed",
                text::count(self.failures, "allocation")
            ));
        }
        let thing = if self.pool.unit == PoolUnit::Bytes { "byte" } else { "object" };
        texts.push(words::reason(&self.judgement, &self.series.used, thing));
        if context.timeline.run {
            texts.push(words::idle(context.timeline.idle.len(), self.series.idle, thing));
        }
        let mut evidence: Vec<_> =
            texts.into_iter().map(|text| Evidence::Text(Arc::from(text))).collect();
        evidence.extend(words::evidence(&self.series.used, context.timeline.first));
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

    fn next_step(&self, context: &PoolContext<'_>) -> &'static str {
        match (self.leaks(), self.shortage.as_ref().and_then(Shortage::full)) {
            (true, _) if context.explained => {
                "fix the growth findings: they are what fills the pool"
            }
            (true, _) if context.detailed => {
                "look for memory that malloc debug does not record: no allocation site grows"
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
    }
}
