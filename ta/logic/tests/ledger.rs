//! The ledger against one that has all the room it wants.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod fake;

use std::collections::BTreeMap;

use fake::{Fake, entry, send};
use proptest::{collection::vec, prelude::*};
use teeleak_proto::{
    Uuid,
    bind::{Bind, BindAction, BindResource, BindScope, BindStep, KeySource},
    event::EventRecordKind,
    ledger::{LedgerHead, LedgerRequest, OutstandingRecord, Violation},
    limits,
    note::StepNote,
    pta,
    record::{self, Record},
};
use teeleak_steps::{OrderRule, Slot, SlotKind, advance};
use teeleak_ta_logic::{Auditor, Caller, LEDGER_ROOM, Refusal, VIOLATIONS_ROOM};

/// open 0, map 1, unmap 2, close 3; the channel is value 0, the address values 2 and 3.
fn drm() -> Bind {
    let step = |resource, action, cmd, key, parent| BindStep {
        resource,
        action,
        kind: EventRecordKind::Invoke,
        uuid: Uuid([7; 16]),
        cmd,
        scope: BindScope::Instance,
        key,
        parent,
    };
    let (channel, address) = (KeySource::Value(0), KeySource::Wide(2));
    let resource = |parent| BindResource { parent, max_held: 1 };
    Bind {
        resources: [resource(None), resource(Some(0))].into_iter().collect(),
        steps: [
            step(0, BindAction::Acquire, 0, channel, KeySource::One),
            step(1, BindAction::Acquire, 1, address, channel),
            step(1, BindAction::Release, 2, address, channel),
            step(0, BindAction::Release, 3, channel, KeySource::One),
        ]
        .into_iter()
        .collect(),
    }
}

/// What a client did: command, channel, address, result.
type Call = (u32, u32, u32, u32);

fn invoke(seq: u64, (cmd, channel, address, result): Call) -> Vec<u8> {
    let (kind, instance, uuid) = (u64::from(pta::EVENT_INVOKE), 5, 7);
    let values = [seq, seq, 1, kind, 0, result.into(), cmd.into(), 1, 0, instance, 0, uuid];
    let mut event = entry::<pta::Event>(&values, "");
    let at = event.len() - 32;
    event[at..at + 4].copy_from_slice(&channel.to_le_bytes());
    event[at + 8..at + 12].copy_from_slice(&address.to_le_bytes());
    event
}

struct LedgerReply {
    head: LedgerHead,
    violations: Vec<Violation>,
    outstanding: Vec<OutstandingRecord>,
}

fn ask(auditor: &mut Auditor, pta: &mut Fake, size: usize) -> LedgerReply {
    let mut ledger = LedgerReply {
        head: LedgerHead { outstanding: 0, violations: 0, dropped: 0, lost: 0 },
        violations: Vec::new(),
        outstanding: Vec::new(),
    };
    let mut request = LedgerRequest { from: 0 };
    loop {
        let mut reply = vec![0; size];
        let used = send(auditor, pta, 7, &request, &mut reply).unwrap();
        let mut end = None;
        for record in record::read(&reply[..used]) {
            match record.unwrap() {
                Record::Ledger(head) => ledger.head = head,
                Record::Violation(violation) => ledger.violations.push(violation),
                Record::Outstanding(held) => ledger.outstanding.push(held),
                Record::End { next } => end = next,
                other => panic!("{other:?}"),
            }
        }
        match end {
            Some(cursor) => request.from = cursor.index,
            None => return ledger,
        }
    }
}

/// A ledger that watches `drm` while the calls are made, from the second event on.
fn watch(calls: &[Call], page: usize) -> LedgerReply {
    watch_from(2, calls, page)
}

/// The same from the first event on, or from a later one.
fn watch_from(first: u64, calls: &[Call], page: usize) -> LedgerReply {
    let mut auditor = Box::new(Auditor::new());
    // Something that happened before does not count.
    let before = (1..first).map(|seq| invoke(seq, (0, 99, 0, 0))).collect();
    let mut pta = Fake { events: before, ..Fake::default() };
    let mut reply = [0; 2048];
    send(&mut auditor, &mut pta, 6, &drm(), &mut reply).unwrap();
    pta.events.extend(calls.iter().zip(first..).map(|(call, seq)| invoke(seq, *call)));
    ask(&mut auditor, &mut pta, page)
}

#[derive(Default)]
struct Oracle {
    channels: BTreeMap<u32, Slot>,
    maps: BTreeMap<u32, (Slot, u32)>,
    violations: Vec<Violation>,
    /// Steps about what may have been acquired before.
    unknown: u64,
    /// Whether anything happened before.
    is_late: bool,
}

impl Oracle {
    fn take(&mut self, at: u64, (cmd, channel, address, result): Call) {
        let kind = SlotKind { max_held: 1, ends_with_parent: false };
        let action = if cmd < 2 { BindAction::Acquire } else { BindAction::Release };
        let step = teeleak_steps::AutomatonStep { action, ok: result == 0, at };
        let open = self.channels.get(&channel).copied().unwrap_or_default();
        let is_map = cmd == 1 || cmd == 2;
        let (resource, key, slot, parent) = if is_map {
            let (slot, _) = self.maps.get(&address).copied().unwrap_or_default();
            (1, address, slot, Some(open))
        } else {
            (0, channel, open, None)
        };
        let next = advance(kind, step, slot, parent);
        for rule in next.broken.iter() {
            if rule.says_never() && self.is_late {
                self.unknown += 1;
                continue;
            }
            let mut proof = rule.proof(slot, parent);
            if rule == OrderRule::ReleaseBeforeChildren {
                let held = self.maps.values().filter(|(map, of)| map.held > 0 && *of == channel);
                proof.add(held.map(|(map, _)| map.since).min().unwrap_or(0));
            }
            let proof = proof.as_slice().iter().chain([&at]).copied().collect();
            let (rule, key) = (rule.number(), key.into());
            self.violations.push(Violation { rule, resource, scope: 5, key, proof });
        }
        if is_map {
            let of = self.maps.get(&address).map_or(0, |(_, of)| *of);
            let of = if cmd == 1 && result == 0 { channel } else { of };
            self.maps.insert(address, (next.slot, of));
            self.channels.insert(channel, next.parent.unwrap());
        } else {
            self.channels.insert(channel, next.slot);
        }
    }

    fn outstanding(&self) -> Vec<OutstandingRecord> {
        let channels = self.channels.iter().map(|(key, slot)| (0, *key, *slot));
        let maps = self.maps.iter().map(|(key, (slot, _))| (1, *key, *slot));
        let held = channels.chain(maps).filter(|(.., slot)| slot.outstanding() > 0);
        held.map(|(resource, key, slot)| OutstandingRecord {
            resource,
            scope: 5,
            key: key.into(),
            held: slot.outstanding(),
            since: slot.since,
        })
        .collect()
    }
}

fn sorted(mut outstanding: Vec<OutstandingRecord>) -> Vec<OutstandingRecord> {
    outstanding.sort_by_key(|held| (held.resource, held.key));
    outstanding
}

#[test]
fn the_story_of_the_field_report() {
    let not_found = 0xffff_0008;
    let ledger =
        watch(&[(0, 1, 0, 0), (1, 1, 0x1000, 0), (3, 1, 0, 0), (2, 1, 0x1000, not_found)], 2048);
    let rules: Vec<_> = ledger
        .violations
        .iter()
        .map(|one| (OrderRule::from_number(one.rule), &one.proof[..]))
        .collect();
    assert_eq!(
        rules,
        [
            (Some(OrderRule::ReleaseBeforeChildren), [2, 3, 4].as_slice()),
            (Some(OrderRule::ReleaseAfterParent), &[2, 3, 4, 5]),
        ]
    );
    let held: Vec<_> = ledger.outstanding.iter().map(|held| (held.resource, held.key)).collect();
    assert_eq!(held, [(1, 0x1000)]);
}

#[test]
fn what_there_is_no_room_for_is_counted() {
    let room = LEDGER_ROOM as u32;
    let calls: Vec<_> = (0..room + 10).map(|n| (0, n, 0, 0)).collect();
    let ledger = watch(&calls, 4096);
    assert_eq!((ledger.head.outstanding, ledger.head.dropped), (room, 10));
    assert_eq!(ledger.outstanding.len(), LEDGER_ROOM);
}

#[test]
fn what_had_no_room_is_not_said_never_to_have_been_acquired() {
    let room = LEDGER_ROOM as u32;
    let opened = (0..room + 10).map(|n| (0, n, 0, 0));
    let closed = (0..room + 10).map(|n| (3, n, 0, 0));
    let ledger = watch_from(1, &opened.chain(closed).collect::<Vec<_>>(), 4096);
    assert_eq!((ledger.head.outstanding, ledger.head.violations, ledger.head.dropped), (0, 0, 20));
}

#[test]
fn what_is_not_held_makes_room() {
    let calls: Vec<_> =
        (0..1000).flat_map(|n| [(0, n, 0, 0), (1, n, n, 0), (2, n, n, 0), (3, n, 0, 0)]).collect();
    let ledger = watch(&calls, 4096);
    assert_eq!((ledger.head.outstanding, ledger.head.violations, ledger.head.dropped), (0, 0, 0));
}

#[test]
fn overwritten_events_are_counted() {
    let mut auditor = Box::new(Auditor::new());
    let mut pta = Fake::default();
    send(&mut auditor, &mut pta, 6, &drm(), &mut [0; 2048]).unwrap();
    pta.overwritten = 40;
    pta.events = vec![invoke(41, (0, 1, 0, 0))];
    let ledger = ask(&mut auditor, &mut pta, 2048);
    assert_eq!((ledger.head.lost, ledger.head.outstanding), (40, 1));
}

#[test]
fn notes_are_steps() {
    let bind = |uuid| {
        let step = |action| BindStep {
            resource: 0,
            action,
            kind: EventRecordKind::Note,
            uuid,
            cmd: 0,
            scope: BindScope::Global,
            key: KeySource::One,
            parent: KeySource::One,
        };
        let resource = BindResource { parent: None, max_held: 1 };
        let steps = [step(BindAction::Acquire), step(BindAction::Release)];
        Bind { resources: [resource].into_iter().collect(), steps: steps.into_iter().collect() }
    };
    let (ta, other) = (Caller::Ta(Uuid([1; 16])), Caller::Ta(Uuid([2; 16])));
    let mut auditor = Box::new(Auditor::new());
    let mut reply = [0; 2048];
    send(&mut auditor, &mut Fake::default(), 6, &bind(Uuid([1; 16])), &mut reply).unwrap();
    let mut note = |caller, step| {
        let note = postcard::to_allocvec(&StepNote { step, key: 9, parent: 0, result: 0 }).unwrap();
        auditor.handle(&mut Fake::default(), caller, 5, &note, &mut reply)
    };
    assert!(note(ta, 0).is_ok());
    assert_eq!(note(other, 0), Err(Refusal::AccessDenied));
    assert_eq!(note(ta, 2), Err(Refusal::BadParameters));
    assert!(note(Caller::Client, 1).is_ok());
    assert!(note(ta, 1).is_ok());
    let ledger = ask(&mut auditor, &mut Fake::default(), 2048);
    let rules: Vec<_> =
        ledger.violations.iter().map(|one| OrderRule::from_number(one.rule)).collect();
    assert_eq!((rules, ledger.head.outstanding), (vec![Some(OrderRule::DoubleRelease)], 0));
}

/// Makes a binding wrong.
type Spoil = fn(&mut Bind);

#[test]
fn bindings_that_do_not_hold_together_are_refused() {
    let cases: [(&str, Spoil); 8] = [
        ("a resource that belongs to itself", |bind| bind.resources[0].parent = Some(0)),
        ("a parent that comes later", |bind| bind.resources[0].parent = Some(1)),
        ("no such parent", |bind| bind.resources[1].parent = Some(9)),
        ("no such resource", |bind| bind.steps[0].resource = 2),
        ("a key of a parent that isn't", |bind| bind.steps[0].parent = KeySource::Value(1)),
        ("no such value", |bind| bind.steps[1].key = KeySource::Value(8)),
        ("half a wide value", |bind| bind.steps[1].key = KeySource::Wide(7)),
        ("a note of an instance", |bind| bind.steps[1].kind = EventRecordKind::Note),
    ];
    for (name, spoil) in cases {
        let mut bind = drm();
        spoil(&mut bind);
        let mut reply = [0; 2048];
        let refused = send(&mut Auditor::new(), &mut Fake::default(), 6, &bind, &mut reply);
        assert_eq!(refused, Err(Refusal::BadParameters), "{name}");
    }
}

#[test]
fn a_binding_that_needs_events_needs_the_ring() {
    let mut pta = Fake { refuses: Some((pta::CMD_EVENTS, 0xffff_000a)), ..Fake::default() };
    let refused = send(&mut Auditor::new(), &mut pta, 6, &drm(), &mut [0; 2048]);
    assert_eq!(refused, Err(Refusal::Pta(0xffff_000a)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_calls(
        calls in vec((0u32..4, 1u32..6, 0x1000u32..0x1010, prop_oneof![3 => Just(0), 1 => Just(1u32)]), 0..200),
        page in limits::REPLY_BYTES_MIN..6000,
        first in 1u64..3,
    ) {
        let mut oracle = Oracle { is_late: first > 1, ..Oracle::default() };
        calls.iter().zip(first..).for_each(|(call, at)| oracle.take(at, *call));
        let ledger = watch_from(first, &calls, page);
        prop_assert_eq!(ledger.head.violations as usize, oracle.violations.len());
        prop_assert_eq!((ledger.head.dropped, ledger.head.lost), (oracle.unknown, 0));
        oracle.violations.truncate(VIOLATIONS_ROOM);
        prop_assert_eq!(&ledger.violations, &oracle.violations);
        prop_assert_eq!(sorted(ledger.outstanding), sorted(oracle.outstanding()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn with_too_little_room_nothing_is_made_up(
        calls in vec((0u32..4, 0u32..600, 0u32..600), 0..2000),
    ) {
        let calls: Vec<_> = calls.into_iter().map(|(cmd, n, at)| (cmd, n, at, 0)).collect();
        let mut oracle = Oracle::default();
        calls.iter().zip(2..).for_each(|(call, at)| oracle.take(at, *call));
        let ledger = watch(&calls, 8192);
        let missing = oracle.outstanding().len().abs_diff(ledger.outstanding.len()) as u64;
        prop_assert!(missing <= ledger.head.dropped);
    }
}
