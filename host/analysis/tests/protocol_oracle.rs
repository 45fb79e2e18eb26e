//! The engine against an oracle that keeps every single hold in a list and forgets nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use teeleak_analysis::{
    model::{
        Event, EventKind, Evidence, FindingKind, Keys, Observation, Origin, SourceLocation,
        Subject, Unit,
    },
    protocol::{Limits, Protocol, check},
};
use teeleak_proto::Uuid;

/// Commands 0 to 2 acquire, use, release a channel, 3 to 5 a mapping.
const PROTOCOL: &str = r#"
[protocol.p]
ta = "07070707-0707-0707-0707-070707070707"
resource.channel = { max_held = MAX }
resource.mapping = { parent = "channel", max_held = MAX }
step.open = { acquire = "channel", invoke = 0, key = "value 0.a" }
step.poke = { use = "channel", invoke = 1, key = "value 0.a" }
step.close = { release = "channel", invoke = 2, key = "value 0.a" }
step.map = { acquire = "mapping", invoke = 3, key = "value 0.b", parent_key = "value 0.a" }
step.peek = { use = "mapping", invoke = 4, key = "value 0.b" }
step.unmap = { release = "mapping", invoke = 5, key = "value 0.b" }
"#;

/// A resource: a channel or a mapping.
type Key = (bool, u32);

/// Rules broken, by resource and name, with their count.
type Broken = BTreeMap<(&'static str, &'static str), f64>;

#[derive(Default)]
struct Oracle {
    max_held: usize,
    /// Every acquire without a release, and whether its parent is gone.
    holds: Vec<(Key, bool)>,
    parents: HashMap<Key, Key>,
    released: BTreeSet<Key>,
    broken: Broken,
}

impl Oracle {
    fn count(&self, key: Key, orphan: bool) -> usize {
        self.holds.iter().filter(|hold| **hold == (key, orphan)).count()
    }

    fn fail(&mut self, key: Key, rule: &'static str) {
        *self.broken.entry((name(key), rule)).or_default() += 1.0;
    }

    fn step(&mut self, event: &Event) {
        let (cmd, ok) = (event.cmd.unwrap_or(0), event.code() == Some(0));
        let [channel, mapping, ..] = event.values;
        let key = if cmd < 3 { (false, channel) } else { (true, mapping) };
        match cmd % 3 {
            0 => self.acquire(key, (false, channel), ok),
            1 => self.misuse(key, ["use-without-acquire", "use-after-release", "use-after-parent"]),
            _ => self.release(key, ok),
        }
    }

    fn acquire(&mut self, key: Key, channel: Key, ok: bool) {
        let held = self.count(key, false);
        let parent = if held > 0 { self.parents.get(&key).copied() } else { None };
        let parent = parent.unwrap_or(channel);
        if key.0 && self.count(parent, false) == 0 {
            let after = self.released.contains(&parent);
            self.fail(key, if after { "acquire-after-parent" } else { "acquire-without-parent" });
        }
        if ok {
            if self.max_held > 0 && held >= self.max_held {
                self.fail(key, "acquire-beyond-limit");
            }
            self.parents.insert(key, parent);
            self.holds.push((key, false));
        }
    }

    fn misuse(&mut self, key: Key, [never, after, orphan]: [&'static str; 3]) {
        if self.count(key, false) > 0 {
        } else if self.count(key, true) > 0 {
            self.fail(key, orphan);
        } else {
            self.fail(key, if self.released.contains(&key) { after } else { never });
        }
    }

    fn release(&mut self, key: Key, ok: bool) {
        self.misuse(key, ["release-without-acquire", "double-release", "release-after-parent"]);
        if !ok {
            return;
        }
        let which = self.count(key, false) == 0;
        if let Some(at) = self.holds.iter().rposition(|hold| *hold == (key, which)) {
            self.holds.remove(at);
        }
        if self.count(key, false) == 0 {
            if self.count(key, true) == 0 || !which {
                self.released.insert(key);
            }
            let parents = &self.parents;
            let children = self.holds.iter_mut().filter(|hold| hold.0.0 && !key.0);
            children
                .filter(|hold| parents.get(&hold.0) == Some(&key))
                .for_each(|hold| hold.1 = true);
        }
    }
}

fn name(key: Key) -> &'static str {
    if key.0 { "mapping" } else { "channel" }
}

fn event(seq: u64, cmd: u32, channel: u32, mapping: u32, ok: bool) -> Event {
    Event {
        origin: Origin::Tee,
        seq,
        lost_before: 0,
        time: None,
        duration_ns: None,
        place: SourceLocation { source: "oracle".into(), at: seq },
        iteration: None,
        kind: EventKind::Invoke,
        result: Some(if ok { 0 } else { 0xffff_0008 }.into()),
        session: Some(1),
        opener: 0,
        instance: 1,
        uuid: Some(Uuid([7; 16])),
        cmd: Some(cmd),
        values: [channel, mapping, 0, 0, 0, 0, 0, 0],
        keys: Keys::default(),
        by: None,
    }
}

fn trace() -> impl Strategy<Value = Vec<Event>> {
    let step = (0..6u32, 0..2u32, 0..3u32, proptest::bool::weighted(0.85));
    proptest::collection::vec(step, 1..60).prop_map(|steps| {
        let numbered = (1..).zip(steps);
        numbered.map(|(seq, (cmd, one, two, ok))| event(seq, cmd, one, two, ok)).collect()
    })
}

fn run(oracle_for: usize, events: &[Event]) -> Oracle {
    let mut oracle = Oracle { max_held: oracle_for, ..Oracle::default() };
    events.iter().for_each(|event| oracle.step(event));
    oracle
}

proptest! {
    #![proptest_config(ProptestConfig {
        // PROPTEST_CASES=1000000 for a long run.
        cases: ProptestConfig::default().cases.max(2_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn engine_agrees_with_the_oracle(events in trace(), max_held in 0..3usize) {
        compare(events, max_held)?;
    }
}

/// A mapping acquired twice, the second time by a step that names another channel, of which one
/// acquire is left when the first channel is gone.
#[test]
fn the_acquire_that_set_the_parent_is_shown() {
    let steps = [
        (3, 0, true),
        (3, 1, true),
        (3, 0, true),
        (3, 0, true),
        (5, 0, true),
        (5, 0, true),
        (2, 0, true),
        (3, 1, false),
        (5, 0, true),
        (4, 0, false),
    ];
    let events = (1..).zip(steps).map(|(seq, (cmd, channel, ok))| event(seq, cmd, channel, 2, ok));
    compare(events.collect(), 0).unwrap();
}

fn compare(events: Vec<Event>, max_held: usize) -> Result<(), TestCaseError> {
    let text = PROTOCOL.replace("MAX", &max_held.to_string());
    let protocols = Protocol::read("p.toml", &text).unwrap_or_default();
    let oracle = run(max_held, &events);
    let observation = Observation { events, ..Observation::default() };
    let checked = check(&observation, &protocols, Limits::default());
    let mut violations = Broken::new();
    let mut held = BTreeMap::new();
    for finding in &checked.findings {
        let Subject::Resource { resource, .. } = &finding.subject else { continue };
        let count = finding
            .figures
            .iter()
            .find(|figure| [Unit::Objects, Unit::Calls].contains(&figure.unit));
        let count = count.map_or(0.0, |figure| figure.value);
        let key = (&**resource == "mapping", 0);
        if finding.kind == FindingKind::Unpaired {
            held.insert(name(key), count);
            continue;
        }
        let rule = finding.fingerprint.0.split(':').nth(4).unwrap_or_default();
        let known = oracle.broken.keys().find(|known| **known == (name(key), rule));
        prop_assert!(known.is_some(), "{} is not broken", finding.fingerprint);
        violations.extend(known.map(|known| (*known, count)));
        // The shortest sequence alone must break the same rule.
        let proof = finding.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Sequence(steps) => Some(steps),
            _ => None,
        });
        let proof: Vec<_> = proof.into_iter().flatten().map(|step| step.event.clone()).collect();
        prop_assert!(!proof.is_empty() && proof.len() <= 10);
        let replayed = run(max_held, &proof);
        prop_assert!(
            replayed.broken.contains_key(&(name(key), rule)),
            "{rule} is not shown by {proof:#?}"
        );
    }
    prop_assert_eq!(violations, oracle.broken);
    for key in ["channel", "mapping"] {
        let left = oracle.holds.iter().filter(|hold| name(hold.0) == key).count();
        prop_assert_eq!(held.get(key).copied().unwrap_or(0.0), left as f64, "{} left", key);
    }
    Ok(())
}
