use proptest::prelude::*;

use super::{
    document::{Suggestion, write},
    trace::{Action, Record, Trace},
};
use crate::protocol::Protocol;

/// A resource of a known protocol, with a child if it has one.
#[derive(Clone, Debug)]
struct Truth {
    /// Commands that acquire and release it and its child.
    commands: [u32; 4],
    has_child: bool,
    /// Places of the keys.
    places: (usize, usize),
}

fn action(command: u32) -> Action {
    Action { command, maps: None }
}

/// Runs the protocol: `rounds` handles, two at a time, each with `children`, and noise in between.
fn run(truth: &Truth, rounds: u64, children: u64, mut noise: u64) -> Trace {
    let ta = teeleak_proto::Uuid([7; 16]);
    let mut trace = Trace { ta, ..Trace::default() };
    trace.actions = (0..4).map(|at| action(truth.commands[at])).chain([action(99)]).collect();
    let mut record = |action: usize, handle: u64, child: u64| {
        let mut values = vec![0; 12];
        values[truth.places.0] = handle;
        values[truth.places.1] = child;
        trace.records.push(Record { action, values, failed: false });
        noise =
            noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut values = vec![0; 12];
        values[4] = noise >> 34 | 1;
        trace.records.push(Record { action: 4, values, failed: false });
    };
    for round in (0..rounds).step_by(2) {
        let handles = [round + 10, round + 11];
        handles.iter().for_each(|handle| record(0, *handle, 0));
        for handle in handles.iter().filter(|_| truth.has_child) {
            (0..children).for_each(|n| record(1, *handle, 0x4000_0000 + handle * 64 + n));
        }
        for handle in handles.iter().filter(|_| truth.has_child) {
            (0..children).for_each(|n| record(2, *handle, 0x4000_0000 + handle * 64 + n));
        }
        handles.iter().for_each(|handle| record(3, *handle, 0));
    }
    trace
}

fn truths() -> impl Strategy<Value = Truth> {
    let commands = Just([0_u32, 1, 2, 3, 4, 5, 6, 7]).prop_shuffle();
    let places = Just([4_usize, 5, 6, 7, 8, 9, 10, 11]).prop_shuffle();
    (commands, places, any::<bool>()).prop_map(|(commands, places, has_child)| Truth {
        commands: [commands[0], commands[1], commands[2], commands[3]],
        has_child,
        places: (places[0], places[1]),
    })
}

proptest! {
    #[test]
    fn a_protocol_is_found_and_nothing_else(
        truth in truths(), rounds in 4_u64..20, children in 1_u64..4, noise in any::<u64>(),
    ) {
        let suggestion = Suggestion::new(run(&truth, rounds, children, noise));
        let command = |(action, _): (usize, usize)| suggestion.actions[action].command;
        let pairs: Vec<_> = suggestion.proposals.iter()
            .map(|one| (command(one.acquire), command(one.release), one.parent.map(|parent| parent.0)))
            .collect();
        let [open, take, give, close] = truth.commands;
        let child = truth.has_child.then_some((take, give, Some(0)));
        let expected: Vec<_> = std::iter::once((open, close, None)).chain(child).collect();
        prop_assert_eq!(pairs, expected);
        prop_assert!(suggestion.proposals.iter().all(|one| one.support.percent == 100));
        let text = write(&[suggestion]);
        prop_assert!(Protocol::read("suggested.toml", &text).is_ok(), "{}", text);
    }

    #[test]
    fn chance_is_no_protocol(calls in prop::collection::vec((0_usize..4, 1_u64..1_000_000), 0..120)) {
        let mut trace = Trace { actions: (0..4).map(action).collect(), ..Trace::default() };
        let record = |(action, value): (usize, u64)| {
            let mut values = vec![0; 12];
            values[4] = value;
            Record { action, values, failed: false }
        };
        trace.records = calls.into_iter().map(record).collect();
        let suggestion = Suggestion::new(trace);
        prop_assert!(suggestion.proposals.iter().all(|one| one.support.percent < 95));
    }
}
