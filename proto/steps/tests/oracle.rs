//! The automaton against an oracle that keeps every single hold in a list.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use teeleak_proto::bind::BindAction;
use teeleak_steps::{AutomatonStep, OrderRule, Slot, SlotKind, advance};

/// A step of the test: on parent `parent`, or on its child `child`.
#[derive(Clone, Copy, Debug)]
struct Move {
    parent: u8,
    child: Option<u8>,
    action: BindAction,
    ok: bool,
}

type Key = (u8, Option<u8>);

/// Everything that was acquired and not released, one entry each, and whether its parent is gone.
#[derive(Default)]
struct Oracle {
    holds: Vec<(Key, bool)>,
    released: HashSet<Key>,
}

impl Oracle {
    fn count(&self, key: Key, orphan: bool) -> usize {
        self.holds.iter().filter(|hold| **hold == (key, orphan)).count()
    }

    fn remove(&mut self, key: Key, orphan: bool) {
        if let Some(at) = self.holds.iter().position(|hold| *hold == (key, orphan)) {
            self.holds.remove(at);
        }
    }

    fn broken(&mut self, kind: SlotKind, step: Move) -> Vec<OrderRule> {
        let key = (step.parent, step.child);
        match step.action {
            BindAction::Acquire => self.acquire(kind, key, step.ok),
            BindAction::Use => self.misuse(
                key,
                [
                    OrderRule::UseWithoutAcquire,
                    OrderRule::UseAfterRelease,
                    OrderRule::UseAfterParent,
                ],
            ),
            BindAction::Release => self.release(kind, key, step.ok),
        }
    }

    fn misuse(&self, key: Key, [never, before, orphan]: [OrderRule; 3]) -> Vec<OrderRule> {
        if self.count(key, false) > 0 {
            vec![]
        } else if self.count(key, true) > 0 {
            vec![orphan]
        } else if self.released.contains(&key) {
            vec![before]
        } else {
            vec![never]
        }
    }

    fn acquire(&mut self, kind: SlotKind, key: Key, ok: bool) -> Vec<OrderRule> {
        let mut broken = vec![];
        let parent = (key.0, None);
        if key.1.is_some() && self.count(parent, false) == 0 {
            broken.push(if self.released.contains(&parent) {
                OrderRule::AcquireAfterParent
            } else {
                OrderRule::AcquireWithoutParent
            });
        }
        if !ok {
            return broken;
        }
        if kind.ends_with_parent && self.count(key, true) > 0 {
            self.holds.retain(|hold| *hold != (key, true));
            self.released.insert(key);
        }
        if kind.max_held != 0 && self.count(key, false) >= kind.max_held as usize {
            broken.push(OrderRule::AcquireBeyondLimit);
        }
        self.holds.push((key, false));
        broken
    }

    fn release(&mut self, kind: SlotKind, key: Key, ok: bool) -> Vec<OrderRule> {
        let mut broken = self.misuse(
            key,
            [
                OrderRule::ReleaseWithoutAcquire,
                OrderRule::DoubleRelease,
                OrderRule::ReleaseAfterParent,
            ],
        );
        let held = self.count(key, false);
        if !ok {
            if held > 0 {
                broken.push(OrderRule::ReleaseFailed);
            }
            return broken;
        }
        if held > 0 {
            self.remove(key, false);
        } else if self.count(key, true) > 0 {
            self.remove(key, true);
        }
        if held > 1 || held == 0 && self.count(key, true) > 0 {
            return broken;
        }
        self.released.insert(key);
        if key.1.is_none() {
            let children = self
                .holds
                .iter_mut()
                .filter(|(at, orphan)| at.0 == key.0 && at.1.is_some() && !orphan);
            let orphaned = children.map(|hold| hold.1 = true).count();
            if orphaned > 0 && !kind.ends_with_parent {
                broken.push(OrderRule::ReleaseBeforeChildren);
            }
        }
        broken
    }
}

fn any_move() -> impl Strategy<Value = Move> {
    let action =
        prop_oneof![Just(BindAction::Acquire), Just(BindAction::Release), Just(BindAction::Use)];
    (0..2u8, proptest::option::weighted(0.6, 0..2u8), action, proptest::bool::weighted(0.8))
        .prop_map(|(parent, child, action, ok)| Move { parent, child, action, ok })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_oracle(
        trace in proptest::collection::vec(any_move(), 1..40),
        max_held in 0..3u32,
        ends_with_parent: bool,
    ) {
        let kind = SlotKind { max_held, ends_with_parent };
        let mut slots: HashMap<Key, Slot> = HashMap::new();
        let mut oracle = Oracle::default();
        for (at, step) in (1..).zip(trace) {
            let key = (step.parent, step.child);
            let slot = slots.get(&key).copied().unwrap_or_default();
            let parent_key = (step.parent, None);
            let parent = step.child.map(|_| slots.get(&parent_key).copied().unwrap_or_default());
            let moved = advance(kind, AutomatonStep { action: step.action, ok: step.ok, at }, slot, parent);
            let mut expected = oracle.broken(kind, step);
            expected.sort_unstable();
            prop_assert_eq!(moved.broken.iter().collect::<Vec<_>>(), expected, "{:?}", step);
            for rule in moved.broken.iter() {
                let proof = rule.proof(slot, parent);
                prop_assert!(proof.as_slice().iter().all(|earlier| (1..at).contains(earlier)));
            }
            slots.insert(key, moved.slot);
            if let Some(parent) = moved.parent {
                slots.insert(parent_key, parent);
            }
            let held = oracle.count(key, false) + oracle.count(key, true);
            prop_assert_eq!(slots[&key].outstanding() as usize, held, "{:?}", step);
        }
    }
}
