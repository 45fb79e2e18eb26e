//! Sentences and figures that all kinds of growth have in common.

use crate::growth::{Basis, Estimate, Judgement, Series};
use crate::model::{Evidence, Figure, FigureKind, Severity, Unit, Verdict};

/// How much a verdict weighs; `None` where there is nothing to tell.
pub(crate) const fn severity(verdict: Verdict) -> Option<Severity> {
    match verdict {
        Verdict::Leak => Some(Severity::Failure),
        Verdict::Undecided => Some(Severity::Possible),
        Verdict::WarmUp | Verdict::Step => Some(Severity::Note),
        Verdict::Oscillation | Verdict::Clean => None,
    }
}

/// Whether a judged series is worth telling: it grew, or may grow.
pub(crate) fn tells(judgement: &Judgement, series: &Series, notes: bool) -> bool {
    match severity(judgement.verdict) {
        Some(Severity::Note) => notes && series.gained() > 0.0,
        Some(Severity::Possible) => series.gained() > 0.0,
        Some(Severity::Failure) => true,
        None => false,
    }
}

/// A number as a person writes it: whole where it is whole.
pub(crate) fn number(value: f64) -> String {
    if (value - value.round()).abs() < 5e-4 {
        format!("{}", value.round())
    } else if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// "1 region", "2 regions".
pub(crate) fn counted(value: f64, one: &str) -> String {
    let number = number(value);
    let s = if number == "1" { "" } else { "s" };
    format!("{number} {one}{s}")
}

/// A figure, with its interval where it has a width.
pub(crate) fn figure(kind: FigureKind, rate: Estimate, unit: Unit) -> Figure {
    let interval = Some((rate.low, rate.high)).filter(|(low, high)| low < high);
    Figure { kind, value: rate.value, interval, unit }
}

/// A figure without an interval.
pub(crate) fn plain(kind: FigureKind, value: f64, unit: Unit) -> Figure {
    Figure::new(kind, value, unit)
}

/// Figures about the judgement itself.
pub(crate) fn about(judgement: &Judgement, idle: f64) -> Vec<Figure> {
    let mut figures =
        vec![plain(FigureKind::Iterations, judgement.support.into(), Unit::Iterations)];
    if let Some(more) = judgement.more {
        figures.push(plain(FigureKind::ToDecide, more.into(), Unit::Iterations));
    }
    if idle > 0.0 {
        figures.push(plain(FigureKind::IdleGrowth, idle, Unit::ObjectsPerIteration));
    }
    figures
}

/// What the verdict rests on, as a sentence that can be checked by hand.
pub(crate) fn why(judgement: &Judgement, series: &Series, thing: &str) -> String {
    let n = judgement.support;
    let mut text = match judgement.basis {
        Basis::Survivors { with, of } => survivors(thing, with, of, n),
        Basis::Exact { gain, period: 1, from } => {
            format!("each of iterations {from} to {n} left exactly {}", counted(gain, thing))
        }
        Basis::Exact { gain, period, from } => format!(
            "from iteration {from} to {n}, every {period} iterations left exactly {}",
            counted(gain, thing)
        ),
        Basis::Staircase { rises } => {
            format!("the number of {thing}s rose {rises} times in {n} iterations and never fell")
        }
        Basis::Statistics { margin, period } => {
            format!("{}; {}", thirds(series), statistics(judgement, margin, period))
        }
        Basis::TooShort => format!("{n} iterations are too few for this series"),
        Basis::Gaps => "too many samples did not show it".to_owned(),
        Basis::Constant => "it never changed".to_owned(),
    };
    let missing = series.missing();
    if missing > 0 {
        text.push_str(&format!("; {missing} of {} samples did not show it", series.values.len()));
    }
    text
}

fn survivors(thing: &str, with: u32, of: u32, n: u32) -> String {
    let mut text = format!("{thing}s born in {with} of {of} iterations are still there");
    let young = n.saturating_sub(of);
    if young > 0 {
        let young = counted(young.into(), "youngest iteration");
        text.push_str(&format!("; {young} don't count yet, their {thing}s may still go"));
    }
    text
}

/// What anybody can work out from the series: how its end lies to its beginning.
fn thirds(series: &Series) -> String {
    let values: Vec<f64> = series.seen().map(|(_, value)| value).collect();
    let third = (values.len() / 3).max(1);
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let (first, last) =
        (&values[..third.min(values.len())], &values[values.len().saturating_sub(third)..]);
    format!(
        "the first third of the values has a mean of {}, the last of {}",
        number(mean(first)),
        number(mean(last))
    )
}

fn statistics(judgement: &Judgement, margin: f64, period: Option<f64>) -> String {
    let n = judgement.support;
    let period = period.map_or_else(String::new, |period| {
        format!(", after a period of {} iterations was taken out", number(period))
    });
    let said = match judgement.verdict {
        Verdict::Leak => "steady growth explains the values better than any bounded change",
        Verdict::Undecided => {
            "neither steady growth nor a bounded change explains the values alone"
        }
        _ => "a bounded change explains the values better than steady growth",
    };
    let limit = judgement
        .rate
        .filter(|_| judgement.verdict != Verdict::Leak)
        .map_or_else(String::new, |rate| {
            format!("; growth above {} per iteration is excluded", number(rate.high.max(0.0)))
        });
    format!("over {n} iterations {said} (log likelihood {margin:+.1}){period}{limit}")
}

/// What sampling itself was seen to do.
pub(crate) fn idle(idle_samples: usize, idle: f64, thing: &str) -> String {
    match idle_samples.saturating_sub(1) {
        0 => "no idle iterations were taken: what sampling itself does is not known".to_owned(),
        n if idle == 0.0 => format!("{n} idle iterations left none behind"),
        n => format!("{n} idle iterations left {} each, which is taken away", counted(idle, thing)),
    }
}

/// The series itself, labelled with iterations, and the survivors where they are known.
pub(crate) fn evidence(series: &Series, first: u32) -> Vec<Evidence> {
    let label = |at: u32| first.saturating_add(at);
    let value = |(at, value): (usize, f64)| (label(u32::try_from(at).unwrap_or(u32::MAX)), value);
    let mut evidence = vec![Evidence::Series(series.seen().map(value).collect())];
    let left: Vec<_> = series.left().into_iter().map(|(at, n)| (label(at), n)).collect();
    if !left.is_empty() {
        evidence.push(Evidence::Survivors(left));
    }
    evidence
}
