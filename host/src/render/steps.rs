//! The calls that show a finding, in order, with those that are misplaced or missing.

use std::sync::Arc;

use teeleak_analysis::model::{Evidence, Finding, FindingKind, StepRef, Time};

use super::place;

/// Position of a step relative to the expected order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepOrder {
    Right,
    Early,
    Late,
    /// The last step of a wrong sequence in which no single step is misplaced.
    Wrong,
}

impl StepOrder {
    /// Short description; `None` for a step in the right place.
    pub(crate) fn words(self) -> Option<&'static str> {
        match self {
            Self::Right => None,
            Self::Early => Some("too early"),
            Self::Late => Some("too late"),
            Self::Wrong => Some("out of order"),
        }
    }
}

/// A step of the drawing.
pub(crate) enum LaneStep<'t> {
    Taken(&'t StepRef, StepOrder),
    /// A missing step.
    Missing(&'t str),
}

/// The sequence of a finding and the expected order.
pub(crate) fn sequence(finding: &Finding) -> Option<(&[StepRef], &str)> {
    let steps = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Sequence(steps) if !steps.is_empty() => Some(&**steps),
        _ => None,
    })?;
    let order = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Expected(order) => Some(&**order),
        _ => None,
    });
    Some((steps, order.unwrap_or_default()))
}

/// Compares the steps with the expected order and inserts the missing steps where they belong.
/// A parent resource may be released without its children, so only the steps that the finding names
/// count as missing.
pub(crate) fn arrange<'t>(
    finding: &Finding,
    steps: &'t [StepRef],
    expected: &'t str,
) -> Vec<LaneStep<'t>> {
    let kind = finding.kind;
    let order: Vec<&str> = expected.split('>').map(str::trim).filter(|s| !s.is_empty()).collect();
    let rank = |step: &StepRef| order.iter().position(|known| *known == &*step.step);
    let ranks: Vec<_> = steps.iter().map(rank).collect();
    let mut stands: Vec<_> = (0..steps.len()).map(|n| stand(n, &ranks)).collect();
    let wrong = kind == FindingKind::Order && stands.iter().all(|stand| *stand == StepOrder::Right);
    if let Some(last) = stands.last_mut().filter(|_| wrong) {
        *last = StepOrder::Wrong;
    }
    let pairs = steps.iter().zip(stands);
    let mut cells: Vec<_> = pairs.map(|(step, stand)| LaneStep::Taken(step, stand)).collect();
    if kind != FindingKind::Unpaired {
        return cells;
    }
    let missing = missing(finding);
    let is_missing = |(at, entry): &(usize, &&str)| {
        !ranks.contains(&Some(*at))
            && alternatives(entry).any(|one| missing.iter().any(|step| **step == *one))
    };
    for (at, name) in order.iter().enumerate().filter(is_missing) {
        let later = |one: &LaneStep<'_>| match one {
            LaneStep::Taken(step, _) => rank(step).is_some_and(|rank| rank > at),
            LaneStep::Missing(_) => false,
        };
        // A release belongs before the first later step, or at the end.
        let place = cells.iter().position(later).unwrap_or(cells.len());
        cells.insert(place, LaneStep::Missing(name));
    }
    cells
}

/// The steps that an entry of an order stands for: `(unmap or free | use)` for three.
fn alternatives(entry: &str) -> impl Iterator<Item = &str> {
    let parts = entry.split(['(', '|', ')']);
    parts.flat_map(|part| part.split(" or ")).map(str::trim)
}

/// The steps that the finding says never came.
fn missing(finding: &Finding) -> &[Arc<str>] {
    let steps = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Missing(steps) => Some(&**steps),
        _ => None,
    });
    steps.unwrap_or_default()
}

fn stand(n: usize, ranks: &[Option<usize>]) -> StepOrder {
    let Some(own) = ranks[n] else { return StepOrder::Right };
    if ranks[n + 1..].iter().flatten().any(|later| *later < own) {
        StepOrder::Early
    } else if ranks[..n].iter().flatten().any(|earlier| *earlier > own) {
        StepOrder::Late
    } else {
        StepOrder::Right
    }
}

/// Names of the lanes, by first appearance.
pub(crate) fn parties(drawn: &[LaneStep<'_>]) -> Vec<String> {
    let mut parties = Vec::new();
    for one in drawn {
        if let LaneStep::Taken(step, _) = one {
            let party = place::party(&step.event);
            if !parties.contains(&party) {
                parties.push(party);
            }
        }
    }
    parties
}

/// Nanoseconds from the first to this one, by the same clock.
pub(crate) fn after_ns(first: Option<Time>, this: Option<Time>) -> Option<u64> {
    let (first, this) = first.zip(this).filter(|(a, b)| a.clock == b.clock)?;
    Some(this.ns.saturating_sub(first.ns))
}

#[cfg(test)]
mod tests {
    use teeleak_analysis::model::{
        Event, EventKind, Fingerprint, Keys, Origin, Severity, SourceLocation, Subject,
    };
    use teeleak_proto::Uuid;

    use crate::render::steps::*;

    fn step(name: &str) -> StepRef {
        let event = Event {
            origin: Origin::Tee,
            seq: 1,
            lost_before: 0,
            time: None,
            duration_ns: None,
            place: SourceLocation { source: "capture".into(), at: 1 },
            iteration: None,
            kind: EventKind::Invoke,
            result: None,
            session: None,
            opener: 0,
            instance: 0,
            uuid: None,
            cmd: None,
            values: [0; 8],
            keys: Keys::default(),
            by: None,
        };
        StepRef { step: name.into(), keys: "".into(), event }
    }

    /// A resource that was acquired and not released, by any of these.
    fn unpaired(title: &str, release: &[&str]) -> Finding {
        Finding {
            kind: FindingKind::Unpaired,
            severity: Severity::Failure,
            verdict: None,
            subject: Subject::Ta(Uuid([1; 16])),
            title: title.into(),
            headline: None,
            figures: Vec::new(),
            evidence: vec![Evidence::Missing(release.iter().map(|step| (*step).into()).collect())],
            fingerprint: Fingerprint("v1:x".into()),
            cause: None,
            blame: None,
            next_step: "look".into(),
        }
    }

    fn drawn_as_missing(finding: &Finding, steps: &[StepRef], expected: &str) -> Vec<String> {
        let drawn = arrange(finding, steps, expected);
        let name = |one: &LaneStep<'_>| match one {
            LaneStep::Missing(name) => Some((*name).to_owned()),
            LaneStep::Taken(..) => None,
        };
        drawn.iter().filter_map(name).collect()
    }

    #[test]
    fn only_what_releases_is_missing() {
        let steps = [step("open")];
        let finding =
            unpaired("files: 1 file never released: no close or free", &["close", "free"]);
        let expected = "open or create > read or write > close or free";
        assert_eq!(drawn_as_missing(&finding, &steps, expected), ["close or free"]);
        let reworded = unpaired("1 file is still open", &["close", "free"]);
        assert_eq!(drawn_as_missing(&reworded, &steps, expected), ["close or free"]);
    }
}
