//! Random worlds rendered from a known truth: a side that is said to be certain is never wrong, and
//! calls that are named explain what stays.

use proptest::prelude::*;
use teeleak_analysis::model::{CallOutcome, Certainty, EventKind, Side};

use crate::{
    report, stories,
    world::{OTHER, PTA, Place, PlaceOwner, TA, World},
};

/// Who leaks, and what it shows.
#[derive(Clone, Copy, Debug)]
enum Culprit {
    /// The core, for instances that end.
    CoreForEnded,
    /// The core, for a TA that lives.
    CoreForLiving,
    /// The core, when it refuses a session.
    CoreRefusing,
    /// A PTA.
    Pta,
    /// A TA that forgets its objects.
    TaHandles,
}

impl Culprit {
    const ALL: [Self; 5] =
        [Self::CoreForEnded, Self::CoreForLiving, Self::CoreRefusing, Self::Pta, Self::TaHandles];

    fn side(self) -> Side {
        match self {
            Self::Pta => Side::Pta(Some(PTA)),
            Self::TaHandles => Side::Ta(Some(TA)),
            _ => Side::Core,
        }
    }

    fn place(self) -> Place {
        let (file, owner) = match self {
            Self::CoreForEnded => ("core/mm/fobj.c", PlaceOwner::Gone),
            Self::CoreForLiving => ("core/kernel/notif.c", PlaceOwner::Alive),
            Self::CoreRefusing => ("core/kernel/notif.c", PlaceOwner::Core),
            Self::Pta => ("core/pta/scmi.c", PlaceOwner::Alive),
            Self::TaHandles => ("core/tee/tee_obj.c", PlaceOwner::Alive),
        };
        Place { file, line: 12, owner, served: matches!(self, Self::Pta) }
    }
}

/// The truth behind a world.
#[derive(Clone, Debug)]
struct Truth {
    culprit: Culprit,
    result: u32,
    every: u64,
    objects: u64,
    /// The leaking calls of each iteration, then how many others there are of each kind.
    calls: Vec<(u64, u64, u64)>,
}

fn truth() -> impl Strategy<Value = Truth> {
    let culprit = prop::sample::select(Culprit::ALL.to_vec());
    let result = prop::sample::select(vec![0, 0xffff_0006, 0xffff_000c]);
    let calls = prop::collection::vec((0_u64..5, 0_u64..5, 0_u64..5), 12..24);
    (culprit, result, 1_u64..5, 1_u64..4, calls).prop_map(
        |(culprit, result, every, objects, calls)| {
            let is_refusal = matches!(culprit, Culprit::CoreRefusing);
            let result = if is_refusal { 0xffff_0001 } else { result };
            Truth { culprit, result, every, objects, calls }
        },
    )
}

fn called(culprit: Culprit) -> teeleak_proto::Uuid {
    if matches!(culprit, Culprit::Pta) { PTA } else { TA }
}

fn leaking_call(world: &mut World, truth: &Truth) {
    match truth.culprit {
        Culprit::CoreRefusing => world.open(TA, 0, truth.result),
        culprit => world.call(called(culprit), 3, truth.result),
    }
}

fn world(truth: &Truth) -> World {
    let mut n_calls = 0;
    let iterations = u32::try_from(truth.calls.len()).unwrap();
    World::new().run(iterations, |world, iteration| {
        let (leaking, others, failing) = truth.calls[iteration as usize - 1];
        for _ in 0..leaking {
            leaking_call(world, truth);
            n_calls += 1;
            if n_calls % truth.every == 0 {
                world.leak(truth.culprit.place(), truth.objects);
            }
        }
        for _ in 0..others {
            world.call(TA, 4, 0);
            world.call(OTHER, 3, 0);
        }
        for _ in 0..failing {
            world.call(called(truth.culprit), 3, 0xffff_0009);
            world.open(TA, 0, 0xffff_0008);
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_certain_side_is_never_wrong(truth in truth()) {
        let report = report(world(&truth));
        for story in stories(&report) {
            let Some(blame) = &story.blame else { continue };
            if blame.certainty == Certainty::Certain {
                prop_assert_eq!(blame.side(), Some(truth.culprit.side()), "{:#?}", blame);
            }
            if let Some(side) = blame.side() {
                prop_assert_eq!(side, truth.culprit.side(), "{:#?}", blame);
            } else {
                prop_assert!(blame.certainty < Certainty::Likely);
            }
            check_calls(&truth, &blame.calls)?;
        }
    }
}

/// The true call is among those that are named, unless numbers that happen to fit are better.
fn check_calls(
    truth: &Truth,
    calls: &[teeleak_analysis::model::BlamedCall],
) -> Result<(), TestCaseError> {
    let is_true = |call: &teeleak_analysis::model::BlamedCall| {
        let is_outcome = match call.outcome {
            CallOutcome::Any => true,
            CallOutcome::Result(result) => result == truth.result,
        };
        let is_refusal = matches!(truth.culprit, Culprit::CoreRefusing);
        let is_call = if is_refusal {
            call.kind == EventKind::Open
        } else {
            (call.kind.clone(), call.cmd, call.uuid)
                == (EventKind::Invoke, Some(3), called(truth.culprit))
        };
        // Two objects in every fourth call and one in every second leave the same where the calls come in fours, and
        // so do two in every second and one in each.
        let is_often = call.every.is_multiple_of(truth.every);
        let comes_in_rounds = truth.calls.iter().all(|(n, ..)| n.is_multiple_of(truth.every));
        let is_whole = (truth.objects * call.every).is_multiple_of(truth.every);
        is_call && is_outcome && (is_often || comes_in_rounds && is_whole)
    };
    let total: u64 = truth.calls.iter().map(|(leaking, ..)| leaking).sum();
    // Few births fit other calls by chance.
    let is_enough = total / truth.every >= 16;
    prop_assert!(!is_enough || calls.is_empty() || calls.iter().any(is_true), "{calls:#?}");
    Ok(())
}
