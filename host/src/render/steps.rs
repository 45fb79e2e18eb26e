//! The calls that show a finding, in order, with those that are misplaced or missing.

use teeleak_analysis::model::{Evidence, Finding, Kind, StepRef, Time};

use super::place;

/// Position of a step relative to the expected order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    Right,
    Early,
    Late,
    /// The last step of a wrong sequence in which no single step is misplaced.
    Wrong,
}

impl Stand {
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
pub(crate) enum Drawn<'t> {
    Taken(&'t StepRef, Stand),
    /// A missing step.
    Missing(&'t str),
}

/// The sequence of a finding and the expected order.
pub(crate) fn of(finding: &Finding) -> Option<(&[StepRef], &str)> {
    let steps = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Sequence(steps) if !steps.is_empty() => Some(&**steps),
        _ => None,
    })?;
    let expected = finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Expected(order) => Some(&**order),
        _ => None,
    });
    Some((steps, expected.unwrap_or_default()))
}

/// Compares the steps with the expected order and inserts the missing steps where they belong.
/// A parent resource may be released without its children, so only the steps that the finding names
/// count as missing.
pub(crate) fn arrange<'t>(
    finding: &Finding,
    steps: &'t [StepRef],
    expected: &'t str,
) -> Vec<Drawn<'t>> {
    let kind = finding.kind;
    let order: Vec<&str> = expected.split('>').map(str::trim).filter(|s| !s.is_empty()).collect();
    let rank = |step: &StepRef| order.iter().position(|known| *known == &*step.step);
    let ranks: Vec<_> = steps.iter().map(rank).collect();
    let mut stands: Vec<_> = (0..steps.len()).map(|n| stand(n, &ranks)).collect();
    let wrong = kind == Kind::Order && stands.iter().all(|stand| *stand == Stand::Right);
    if let Some(last) = stands.last_mut().filter(|_| wrong) {
        *last = Stand::Wrong;
    }
    let taken = steps.iter().zip(stands);
    let mut drawn: Vec<_> = taken.map(|(step, stand)| Drawn::Taken(step, stand)).collect();
    if kind != Kind::Unpaired {
        return drawn;
    }
    let missing = finding.title.rsplit_once(": no ").map_or("", |(_, missing)| missing);
    let said: Vec<&str> = missing.split_whitespace().collect();
    let is_missing = |(at, name): &(usize, &&str)| {
        !ranks.contains(&Some(*at))
            && (said.is_empty() || name.split_whitespace().any(|one| said.contains(&one)))
    };
    for (at, name) in order.iter().enumerate().filter(is_missing) {
        let later = |one: &Drawn<'_>| match one {
            Drawn::Taken(step, _) => rank(step).is_some_and(|rank| rank > at),
            Drawn::Missing(_) => false,
        };
        // A release belongs before the first later step, or at the end.
        let place = drawn.iter().position(later).unwrap_or(drawn.len());
        drawn.insert(place, Drawn::Missing(name));
    }
    drawn
}

fn stand(n: usize, ranks: &[Option<usize>]) -> Stand {
    let Some(own) = ranks[n] else { return Stand::Right };
    if ranks[n + 1..].iter().flatten().any(|later| *later < own) {
        Stand::Early
    } else if ranks[..n].iter().flatten().any(|earlier| *earlier > own) {
        Stand::Late
    } else {
        Stand::Right
    }
}

/// Names of the lanes, in order of first appearance.
pub(crate) fn parties(drawn: &[Drawn<'_>]) -> Vec<String> {
    let mut parties = Vec::new();
    for one in drawn {
        if let Drawn::Taken(step, _) = one {
            let party = place::party(&step.event);
            if !parties.contains(&party) {
                parties.push(party);
            }
        }
    }
    parties
}

/// Nanoseconds between two times; `None` if their clocks differ.
pub(crate) fn after_ns(first: Option<Time>, this: Option<Time>) -> Option<u64> {
    let (first, this) = first.zip(this).filter(|(a, b)| a.clock == b.clock)?;
    Some(this.ns.saturating_sub(first.ns))
}
