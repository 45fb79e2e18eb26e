//! By how much a finding grows faster than the same one of a good build.

use teeleak_analysis::{
    growth::{Estimate, FEWEST_TO_COMPARE, MeasuredRate, RateDifference, difference},
    model::{Evidence, Figure, FigureKind, Finding, Unit},
    text,
};

/// Fraction of the good build's growth that this build must grow faster by to count as worse.
const WORSE: f64 = 0.05;

/// Standard errors of a 95 % interval.
const ERRORS: f64 = 1.96;

/// Standard errors beyond which growth is excluded, at 99 % (one-sided).
const ERRORS_EXCLUDED: f64 = 2.33;

/// Units of growth, the preferred one first.
const UNITS: [Unit; 2] = [Unit::BytesPerIteration, Unit::ObjectsPerIteration];

/// The growth of a finding beside that of the good build.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum GrowthComparison {
    /// One of the runs has too few iterations: how many.
    TooFew(u32),
    /// The difference, with what the good build grows by.
    Difference { unit: Unit, good: f64, difference: RateDifference },
    /// The good build reports nothing there, so nothing is known of its growth.
    NothingToCompare,
}

impl GrowthComparison {
    /// `None` if the finding has no growth, or none that that of the good build can be compared with.
    pub(crate) fn new(finding: &Finding, good: Option<&Finding>) -> Option<Self> {
        let Some(good) = good else {
            return UNITS
                .iter()
                .any(|unit| measured(finding, *unit).is_some())
                .then_some(Self::NothingToCompare);
        };
        let (unit, run, good) = rates(finding, good)?;
        let Some(difference) = difference(run, good) else {
            return Some(Self::TooFew(run.iterations.min(good.iterations)));
        };
        Some(Self::Difference { unit, good: good.rate.value, difference })
    }

    /// Whether this build is worse: it surely grows faster, and by more than next to nothing.
    pub(crate) fn is_worse(&self) -> bool {
        match self {
            Self::TooFew(_) | Self::NothingToCompare => false,
            Self::Difference { good, difference, .. } => {
                difference.is_faster() && difference.rate.value > WORSE * good.abs()
            }
        }
    }

    /// The comparison in words.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::TooFew(iterations) => format!(
                "its growth can't be compared with that of the good build: {}, expected {FEWEST_TO_COMPARE} or more",
                text::count((*iterations).into(), "iteration")
            ),
            Self::Difference { unit, difference, .. } => sentence(*unit, difference),
            Self::NothingToCompare => {
                "the good build reports nothing there, so the difference has no interval".to_owned()
            }
        }
    }
}

fn sentence(unit: Unit, difference: &RateDifference) -> String {
    let Estimate { value, low, high } = difference.rate;
    if difference.is_exact() && value == 0.0 {
        return "exactly the growth of the good build".to_owned();
    }
    let amount = text::quantity(rounded(value.abs()), unit);
    let more = if value < 0.0 { "less" } else { "more" };
    if difference.is_exact() {
        return format!("exactly {amount} {more} than the good build");
    }
    let bounds = [low, high].map(text::approximation);
    format!(
        "{amount} {more} than the good build (95 % of the difference: {} to {}); {} sure that this build is worse",
        bounds[0],
        bounds[1],
        percent(difference.confidence)
    )
}

/// A value as it is shown: no digits that its error makes meaningless.
fn rounded(value: f64) -> f64 {
    if value >= 100.0 { value.round() } else { value }
}

/// A confidence in percent; none is beyond doubt.
fn percent(confidence: f64) -> String {
    match 100.0 * confidence {
        percent if percent > 99.9 => "more than 99.9 %".to_owned(),
        percent if percent < 0.1 => "less than 0.1 %".to_owned(),
        percent => format!("{percent:.1} %"),
    }
}

/// Growth per iteration of both, in bytes if known, else in objects. Of a good build without growth, what its
/// series leaves room for counts.
fn rates(finding: &Finding, good: &Finding) -> Option<(Unit, MeasuredRate, MeasuredRate)> {
    let good = |unit| measured(good, unit).or_else(|| possible(good, unit));
    UNITS.into_iter().find_map(|unit| Some((unit, measured(finding, unit)?, good(unit)?)))
}

/// No growth, as uncertain as the growth that its series excludes.
fn possible(finding: &Finding, unit: Unit) -> Option<MeasuredRate> {
    let is_excluded =
        |figure: &&Figure| figure.kind == FigureKind::ExcludedGrowth && figure.unit == unit;
    let excluded = finding.figures.iter().find(is_excluded)?.value;
    let half = ERRORS / ERRORS_EXCLUDED * excluded;
    let rate = Estimate { value: 0.0, low: -half, high: half };
    Some(MeasuredRate { rate, iterations: iterations(finding)? })
}

/// The growth of a finding in this unit, unless it was derived from another one and its error is unknown.
fn measured(finding: &Finding, unit: Unit) -> Option<MeasuredRate> {
    let is_growth = |figure: &&Figure| matches!(figure.kind, FigureKind::Growth | FigureKind::Rate);
    let growth = || finding.figures.iter().filter(is_growth);
    let figure = growth().find(|figure| figure.unit == unit)?;
    let rate = match (figure.kind, figure.interval) {
        (_, Some((low, high))) => Estimate { value: figure.value, low, high },
        (FigureKind::Rate, None) => counted(finding, figure.value)?,
        (_, None) if growth().all(|other| other.interval.is_none()) => {
            Estimate::exact(figure.value)
        }
        _ => return None,
    };
    Some(MeasuredRate { rate, iterations: iterations(finding)? })
}

/// A rate that was counted: as uncertain as a count of events that come at random is.
fn counted(finding: &Finding, rate: f64) -> Option<Estimate> {
    let count = finding.figure(FigureKind::Count)?.value;
    let half = ERRORS * rate / count.max(1.0).sqrt();
    Some(Estimate { value: rate, low: rate - half, high: rate + half })
}

/// Iterations of the finding's series; of one without, those that were judged or that it was seen in.
fn iterations(finding: &Finding) -> Option<u32> {
    let series = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Series(values) => u32::try_from(values.len().saturating_sub(1)).ok(),
        _ => None,
    });
    let figure = |kind| finding.figure(kind).map(|figure| figure.value);
    let figure = figure(FigureKind::Iterations).or_else(|| figure(FigureKind::SeenIn));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    series.or_else(|| figure.map(|value| value as u32))
}

#[cfg(test)]
mod tests {
    use teeleak_analysis::model::{FindingKind, Fingerprint, PoolKind, Severity, Subject};

    use super::*;

    fn difference_of(value: f64, half: f64, confidence: f64) -> RateDifference {
        let rate = Estimate { value, low: value - half, high: value + half };
        RateDifference { rate, confidence }
    }

    #[test]
    fn sentences_say_how_sure_it_is() {
        let say = |difference| sentence(Unit::BytesPerIteration, &difference);
        assert_eq!(
            say(difference_of(12.0, 4.0, 0.99999)),
            "12 bytes per iteration more than the good build (95 % of the difference: 8 to 16); more than 99.9 % \
             sure that this build is worse"
        );
        assert_eq!(
            say(difference_of(-0.5, 1.0, 0.163)),
            "0.50 bytes per iteration less than the good build (95 % of the difference: -1.50 to 0.50); 16.3 % \
             sure that this build is worse"
        );
        assert_eq!(
            say(difference_of(1.0, 0.0, 1.0)),
            "exactly 1 byte per iteration more than the good build"
        );
        assert_eq!(say(difference_of(0.0, 0.0, 0.0)), "exactly the growth of the good build");
    }

    fn grows(kind: FigureKind, value: f64, interval: Option<(f64, f64)>) -> Finding {
        let figure = |kind, value, unit| Figure::new(kind, value, unit);
        let growth = Figure { interval, ..figure(kind, value, Unit::BytesPerIteration) };
        let iterations = figure(FigureKind::Iterations, 60.0, Unit::Iterations);
        Finding {
            kind: FindingKind::PoolGrowth,
            severity: Severity::Failure,
            verdict: None,
            subject: Subject::Pool(PoolKind::CoreHeap),
            title: "title".into(),
            headline: None,
            figures: vec![growth, iterations],
            evidence: Vec::new(),
            fingerprint: Fingerprint("v1:title".into()),
            cause: None,
            blame: None,
            next_step: "look".into(),
        }
    }

    #[test]
    fn growth_that_the_good_build_excludes_has_an_interval() {
        let finding = grows(FigureKind::Growth, 12.0, Some((10.0, 14.0)));
        let good = grows(FigureKind::ExcludedGrowth, 2.33, None);
        let compared = GrowthComparison::new(&finding, Some(&good)).unwrap();
        let GrowthComparison::Difference { difference, .. } = compared else {
            panic!("{compared:?}")
        };
        let half = (2.0_f64.powi(2) + 1.96_f64.powi(2)).sqrt();
        assert!((difference.rate.high - 12.0 - half).abs() < 0.05, "{difference:?}");
        assert!(compared.is_worse());
    }

    #[test]
    fn growth_without_a_counterpart_is_said_to_have_no_interval() {
        let finding = grows(FigureKind::Growth, 12.0, Some((10.0, 14.0)));
        let alone = GrowthComparison::new(&finding, None).unwrap();
        assert_eq!(alone, GrowthComparison::NothingToCompare);
        assert!(alone.sentence().contains("no interval"));
        let full = grows(FigureKind::Count, 12.0, None);
        assert_eq!(GrowthComparison::new(&full, None), None);
    }

    #[test]
    fn a_sure_but_tiny_difference_is_not_worse() {
        let compared = |good| GrowthComparison::Difference {
            unit: Unit::BytesPerIteration,
            good,
            difference: difference_of(1.0, 0.1, 0.9999),
        };
        assert!(compared(10.0).is_worse());
        assert!(!compared(100.0).is_worse());
        assert!(!GrowthComparison::TooFew(5).is_worse());
    }
}
