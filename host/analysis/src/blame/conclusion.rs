//! What several clues together conclude.

use std::{collections::BTreeSet, sync::Arc};

use super::rules::Clue;
use crate::model::{Certainty, Side};

/// The sides that the clues leave, how sure that is, and the evidence for it.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct SideConclusion {
    pub(super) sides: Vec<Side>,
    pub(super) certainty: Certainty,
    pub(super) evidence: Vec<Arc<str>>,
}

/// The surest clues decide; weaker ones only choose among what those leave. Clues of equal weight that
/// contradict each other leave all their sides, which is unsure.
pub(super) fn conclude(mut clues: Vec<Clue>) -> SideConclusion {
    clues.sort_by_key(|clue| std::cmp::Reverse(clue.certainty));
    let surest = clues.first().map_or(Certainty::Possible, |clue| clue.certainty);
    let (strong, weak) = clues.split_at(clues.partition_point(|clue| clue.certainty == surest));
    let agreed_sides = strong.iter().map(sides).reduce(|a, b| &a & &b).unwrap_or_default();
    let agree = !agreed_sides.is_empty();
    let mut left = if agree { agreed_sides } else { strong.iter().flat_map(sides).collect() };
    for clue in weak.iter().filter(|_| agree) {
        let narrowed = &left & &sides(clue);
        left = if narrowed.is_empty() { left } else { narrowed };
    }
    let certainty = if agree && left.len() == 1 { surest } else { Certainty::Possible };
    let supports = |clue: &&Clue| clue.sides.iter().any(|side| left.contains(side));
    let mut seen = BTreeSet::new();
    let evidence = clues.iter().filter(supports).map(|clue| clue.evidence.clone());
    let evidence = evidence.filter(|text| seen.insert(text.clone())).collect();
    SideConclusion { sides: left.into_iter().collect(), certainty, evidence }
}

fn sides(clue: &Clue) -> BTreeSet<Side> {
    clue.sides.iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use crate::blame::conclusion::*;
    use Certainty::{Certain, Likely, Possible};
    use Side::{Client, Core, Kernel};

    fn concluded(clues: &[(&[Side], Certainty)]) -> (Vec<Side>, Certainty) {
        let clue = |(sides, certainty): &(&[Side], Certainty)| Clue {
            sides: sides.to_vec(),
            certainty: *certainty,
            evidence: "it is so".into(),
        };
        let conclusion = conclude(clues.iter().map(clue).collect());
        (conclusion.sides, conclusion.certainty)
    }

    #[test]
    fn the_surest_decide_and_contradictions_are_said() {
        assert_eq!(concluded(&[(&[Client], Likely), (&[Core], Certain)]), (vec![Core], Certain));
        assert_eq!(
            concluded(&[(&[Client], Likely), (&[Core], Likely)]),
            (vec![Core, Client], Possible)
        );
        assert_eq!(concluded(&[(&[Core, Kernel], Likely)]), (vec![Core, Kernel], Possible));
        assert_eq!(
            concluded(&[(&[Core, Kernel], Likely), (&[Core], Likely)]),
            (vec![Core], Likely)
        );
        assert_eq!(concluded(&[]), (vec![], Possible));
    }
}
