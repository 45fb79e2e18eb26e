//! Sentences and figures common to all kinds of growth.

use crate::{
    growth::{Basis, Estimate, Judgement, Series},
    model::{Evidence, Figure, FigureKind, Severity, Unit, Verdict},
    text,
};

/// Severity of a verdict; `None` if there is nothing to report.
pub(crate) const fn severity(verdict: Verdict) -> Option<Severity> {
    match verdict {
        Verdict::Leak => Some(Severity::Failure),
        Verdict::Undecided => Some(Severity::Possible),
        Verdict::WarmUp | Verdict::Step => Some(Severity::Note),
        Verdict::Oscillation | Verdict::Clean => None,
    }
}

/// Whether to report a judged series: it grew, or may grow.
pub(crate) fn is_reportable(judgement: &Judgement, series: &Series, notes: bool) -> bool {
    match severity(judgement.verdict) {
        Some(Severity::Note) => notes && series.gain() > 0.0,
        Some(Severity::Possible) => series.gain() > 0.0,
        Some(Severity::Failure) => true,
        None => false,
    }
}

/// A figure, with its interval unless that is a single value.
pub(crate) fn figure(kind: FigureKind, rate: Estimate, unit: Unit) -> Figure {
    let interval = Some((rate.low, rate.high)).filter(|(low, high)| low < high);
    Figure { kind, value: rate.value, interval, unit }
}

/// A figure without an interval.
pub(crate) fn plain(kind: FigureKind, value: f64, unit: Unit) -> Figure {
    Figure::new(kind, value, unit)
}

/// Figures about the judgement itself.
pub(crate) fn judgement_figures(judgement: &Judgement, idle: f64) -> Vec<Figure> {
    let mut figures =
        vec![plain(FigureKind::Iterations, judgement.support.into(), Unit::Iterations)];
    let numbers = [
        (FigureKind::ToDecide, judgement.more),
        (FigureKind::GrowsSince, judgement.since),
        (FigureKind::StoppedAt, judgement.stopped),
    ];
    let known = numbers.into_iter().filter_map(|(kind, number)| Some((kind, number?)));
    figures.extend(known.map(|(kind, number)| plain(kind, number.into(), Unit::Iterations)));
    if idle > 0.0 {
        figures.push(plain(FigureKind::IdleGrowth, idle, Unit::ObjectsPerIteration));
    }
    figures
}

/// Growth above which is excluded, if known.
pub(crate) fn excluded(growth: Option<f64>, unit: Unit) -> Option<Figure> {
    growth.map(|growth| plain(FigureKind::ExcludedGrowth, growth, unit))
}

/// The basis of the verdict, as a sentence that can be checked by hand.
pub(crate) fn reason(judgement: &Judgement, series: &Series, thing: &str) -> String {
    let n = judgement.support;
    let mut text = match judgement.basis {
        Basis::Survivors { with, of } => survivors(thing, with, of, n),
        Basis::Exact { gain, period: 1, from } => {
            format!(
                "each of iterations {from} to {n} left exactly {} behind",
                text::amount(gain, thing)
            )
        }
        Basis::Exact { gain, period, from } => format!(
            "from iteration {from} to {n}, every {} left exactly {} behind",
            text::count(period.into(), "iteration"),
            text::amount(gain, thing)
        ),
        Basis::Staircase { rises } => {
            format!(
                "the number of {} rose {} times in {} and never fell",
                text::plural(thing),
                text::number(rises.into()),
                text::count(n.into(), "iteration")
            )
        }
        Basis::Statistics { margin, period } => {
            format!("{}; {}", thirds(series), statistics(judgement, margin, period))
        }
        Basis::TooShort => {
            format!("{} iterations are too few for this series", text::number(n.into()))
        }
        Basis::Gaps => "missing from too many snapshots".to_owned(),
        Basis::Constant => "the value never changed".to_owned(),
    };
    if judgement.verdict == Verdict::Undecided && always_rises(series) {
        text.push_str(RISING);
    }
    text.push_str(&limits(judgement));
    if judgement.verdict == Verdict::Undecided
        && judgement.more.is_none()
        && matches!(judgement.basis, Basis::Statistics { .. })
    {
        text.push_str(WAITING);
    }
    let missing = series.missing();
    if missing > 0 {
        let (missing, samples) = (missing as u64, series.values.len() as u64);
        text.push_str(&format!(
            "; missing from {} of {}",
            text::number(missing),
            text::count(samples, "snapshot")
        ));
    }
    text
}

/// What rises without a pause shows, and what it does not.
const RISING: &str = "; it rose in every iteration, which noise does not do, but a warm-up that is not over yet does";

/// Fewest rises in a row that noise has no share in: of n + 1 values in random order, one in (n + 1)! is sorted.
const FEWEST_RISES: usize = 6;

fn always_rises(series: &Series) -> bool {
    let values: Vec<_> = series.points().map(|(_, value)| value).collect();
    values.len() > FEWEST_RISES && values.windows(2).all(|pair| pair[1] > pair[0])
}

/// What helps where waiting does not.
const WAITING: &str = "; more iterations of this length will hardly decide, but less noise will: count objects instead of \
     memory in use, let an iteration be a whole cycle of the workload, or begin later with --warmup";

fn survivors(thing: &str, with: u32, of: u32, n: u32) -> String {
    let things = text::plural(thing);
    let mut text = format!(
        "{things} allocated in {} of {} are still live",
        text::number(with.into()),
        text::count(of.into(), "iteration")
    );
    let young = n.saturating_sub(of);
    if young > 0 {
        let young = text::amount(young.into(), "youngest iteration");
        text.push_str(&format!("; {young} do not count yet: their {things} may still be released"));
    }
    text
}

/// The means of the first and the last third of the series.
fn thirds(series: &Series) -> String {
    let values: Vec<f64> = series.points().map(|(_, value)| value).collect();
    let third = (values.len() / 3).max(1);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let (first, last) =
        (&values[..third.min(values.len())], &values[values.len().saturating_sub(third)..]);
    format!(
        "the first third of the values has a mean of {}, the last of {}",
        text::approximation(mean(first)),
        text::approximation(mean(last))
    )
}

fn statistics(judgement: &Judgement, margin: f64, period: Option<f64>) -> String {
    let n = text::count(judgement.support.into(), "iteration");
    let period = period.map_or_else(String::new, |period| {
        format!(", after removing a period of {} iterations", text::approximation(period))
    });
    let explanation = match judgement.verdict {
        Verdict::Leak => "steady growth fits the values better than any bounded change",
        Verdict::Undecided => "neither steady growth nor a bounded change clearly fits the values",
        _ => "a bounded change fits the values better than steady growth",
    };
    format!("over {n} {explanation} (log odds {margin:+.1}){period}")
}

/// When growth began or stopped, and how much of it is excluded.
fn limits(judgement: &Judgement) -> String {
    let since = judgement.since.map_or_else(String::new, |since| {
        format!("; it grows since iteration {}", text::number(since.into()))
    });
    let stopped = judgement.stopped.map_or_else(String::new, |stopped| {
        format!("; it stopped at iteration {}", text::number(stopped.into()))
    });
    let excluded = judgement.excluded.map_or_else(String::new, |growth| {
        format!("; growth above {} per iteration is excluded at 99 %", text::approximation(growth))
    });
    [since, stopped, excluded].concat()
}

/// The growth in idle iterations, in words.
pub(crate) fn idle(idle_samples: usize, idle: f64, thing: &str) -> String {
    let n = idle_samples.saturating_sub(1);
    let iterations = text::count(n as u64, "idle iteration");
    match n {
        0 => "no idle iterations were run: the growth caused by the measurement itself is unknown"
            .to_owned(),
        _ if idle == 0.0 => format!("{iterations} left nothing behind"),
        _ => format!(
            "{iterations} left {} behind each, which is subtracted",
            text::amount(idle, thing)
        ),
    }
}

/// The series itself, labelled with iterations, and the survivors if known.
pub(crate) fn evidence(series: &Series, first: u32) -> Vec<Evidence> {
    series_evidence(series, |at| first.saturating_add(u32::try_from(at).unwrap_or(u32::MAX)))
}

/// The same with the iteration of each value.
pub(crate) fn series_evidence(series: &Series, label: impl Fn(usize) -> u32) -> Vec<Evidence> {
    let value = |(at, value): (usize, f64)| (label(at), value);
    let mut evidence = vec![Evidence::Series(series.points().map(value).collect())];
    let survivor_counts: Vec<_> =
        series.survivors().into_iter().map(|(at, n)| (label(at as usize), n)).collect();
    if !survivor_counts.is_empty() {
        evidence.push(Evidence::Survivors(survivor_counts));
    }
    evidence
}
