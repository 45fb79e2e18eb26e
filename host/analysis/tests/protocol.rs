//! Protocols over whole traces: the field report's, and what must not be mistaken for it.

use teeleak_analysis::{
    model::{
        Event, EventKind, Evidence, Finding, FindingKind, Keys, Observation, Origin, Severity,
        SourceLocation, Verdict,
    },
    protocol::{Limits, Protocol, ProtocolReport, check},
};
use teeleak_proto::Uuid;

const TA: &str = "11111111-2222-3333-4444-555555555555";

const DRM: &str = r#"
[protocol.drm]
ta = "11111111-2222-3333-4444-555555555555"
[protocol.drm.resource]
channel = { max_held = 1 }
mapping = { parent = "channel" }
[protocol.drm.step]
open_channel = { acquire = "channel", invoke = 0, key = "value 0.a" }
map = { acquire = "mapping", invoke = 1, key = "wide 1", parent_key = "value 0.a" }
unmap = { release = "mapping", invoke = 2, key = "wide 1", parent_key = "value 0.a" }
close_channel = { release = "channel", invoke = 3, key = "value 0.a" }
"#;

const OPEN: u32 = 0;
const MAP: u32 = 1;
const UNMAP: u32 = 2;
const CLOSE: u32 = 3;

const NOT_FOUND: u32 = 0xffff_0008;

#[derive(Default)]
struct Trace {
    events: Vec<Event>,
    iteration: Option<u32>,
    seq: u64,
}

impl Trace {
    fn from(seq: u64) -> Self {
        Self { seq, ..Self::default() }
    }

    fn call(&mut self, cmd: u32, channel: u32, va: u32, result: u32) -> &mut Self {
        self.seq += 1;
        let mut values = [0; 8];
        values[0] = channel;
        values[2] = va;
        self.events.push(Event {
            origin: Origin::Tee,
            seq: self.seq,
            lost_before: 0,
            time: None,
            duration_ns: None,
            place: SourceLocation { source: "test".into(), at: self.seq },
            iteration: self.iteration,
            kind: EventKind::Invoke,
            result: Some(result.into()),
            session: Some(cmd),
            opener: 0,
            instance: 7,
            uuid: Uuid::parse(TA),
            cmd: Some(cmd),
            values,
            keys: Keys::default(),
            by: None,
        });
        self
    }

    fn check(&self) -> ProtocolReport {
        let observation = Observation { events: self.events.clone(), ..Observation::default() };
        check(&observation, &drm(), Limits::default())
    }

    fn iterations(n: u32, play: impl Fn(&mut Self, u32)) -> Self {
        let mut trace = Self::default();
        for iteration in 1..=n {
            trace.iteration = Some(iteration);
            play(&mut trace, iteration);
        }
        trace
    }
}

fn drm() -> Vec<Protocol> {
    Protocol::read("drm.toml", DRM).unwrap_or_default()
}

fn sequence(finding: &Finding) -> Vec<String> {
    let steps = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Sequence(steps) => Some(steps),
        _ => None,
    });
    steps.flatten().map(|step| format!("{} {}", step.step, step.keys)).collect()
}

#[test]
fn right_order_gives_nothing() {
    let trace = Trace::iterations(20, |trace, n| {
        trace.call(OPEN, 3, 0, 0).call(MAP, 3, n << 12, 0);
        trace.call(UNMAP, 3, n << 12, 0).call(CLOSE, 3, 0, 0);
    });
    let checked = trace.check();
    assert_eq!(checked.findings, []);
    assert_eq!(checked.steps, 80);
}

#[test]
fn close_before_unmap_is_an_order_that_explains_what_stays() {
    let trace = Trace::iterations(20, |trace, n| {
        trace.call(OPEN, 3, 0, 0).call(MAP, 3, n << 12, 0);
        trace.call(CLOSE, 3, 0, 0).call(UNMAP, 3, n << 12, NOT_FOUND);
    });
    let checked = trace.check();
    let [order, unpaired] = &checked.findings[..] else { panic!("{:#?}", checked.findings) };
    assert_eq!((order.kind, order.severity), (FindingKind::Order, Severity::Failure));
    assert_eq!(
        &*order.title,
        format!("drm: close_channel came before unmap of TA {TA}, 20 times, 1.0 per iteration")
    );
    assert_eq!(
        sequence(order),
        [
            "open_channel channel 3",
            "map mapping at 0x1000 of channel 3",
            "close_channel channel 3",
            "unmap mapping at 0x1000 of channel 3",
        ]
    );
    let expected = Evidence::Expected("open_channel > map > unmap > close_channel".into());
    assert!(order.evidence.contains(&expected));
    let fingerprint = format!("v1:order:drm:mapping:release-after-parent:{TA}");
    assert_eq!(&*order.fingerprint.0, fingerprint);
    assert_eq!((unpaired.kind, unpaired.severity), (FindingKind::Unpaired, Severity::Failure));
    assert_eq!(unpaired.verdict, Some(Verdict::Leak));
    assert_eq!(unpaired.cause.as_ref().map(|cause| &cause.0), Some(&order.fingerprint));
    assert_eq!(checked.ties[0].acquires.len(), 20);
}

#[test]
fn same_address_each_time_still_counts_each() {
    let trace = Trace::iterations(20, |trace, _| {
        trace.call(OPEN, 3, 0, 0).call(MAP, 3, 0x1000, 0);
        trace.call(CLOSE, 3, 0, 0).call(UNMAP, 3, 0x1000, NOT_FOUND);
    });
    let checked = trace.check();
    assert_eq!(checked.findings.len(), 2);
    assert_eq!(checked.ties[0].held, 20);
}

#[test]
fn forgotten_unmap_is_no_matter_of_order() {
    let trace = Trace::iterations(20, |trace, n| {
        trace.call(OPEN, 3, 0, 0).call(MAP, 3, n << 12, 0).call(CLOSE, 3, 0, 0);
    });
    let checked = trace.check();
    let [unpaired] = &checked.findings[..] else { panic!("{:#?}", checked.findings) };
    assert_eq!((unpaired.kind, unpaired.severity), (FindingKind::Unpaired, Severity::Failure));
    assert_eq!(unpaired.cause, None);
    assert_eq!(
        sequence(unpaired),
        [
            "open_channel channel 3",
            "map mapping at 0x14000 of channel 3",
            "close_channel channel 3"
        ]
    );
}

#[test]
fn double_unmap_is_reported_once_with_a_count() {
    let trace = Trace::iterations(5, |trace, n| {
        trace.call(OPEN, 3, 0, 0).call(MAP, 3, n << 12, 0).call(UNMAP, 3, n << 12, 0);
        trace.call(UNMAP, 3, n << 12, NOT_FOUND).call(CLOSE, 3, 0, 0);
    });
    let checked = trace.check();
    let [order] = &checked.findings[..] else { panic!("{:#?}", checked.findings) };
    assert_eq!(order.kind, FindingKind::Order);
    assert!(
        order.title.contains("unmap of a mapping that was already released"),
        "{}",
        order.title
    );
    assert_eq!(order.figures[0].value, 5.0);
}

#[test]
fn steps_that_a_filter_left_out_are_no_fault() {
    let text = r#"
        [protocol.kmem]
        ta = "11111111-2222-3333-4444-555555555555"
        resource.object = { partial = true }
        step.alloc = { acquire = "object", invoke = 0, key = "value 0.a" }
        step.free = { release = "object", invoke = 3, key = "value 0.a" }
    "#;
    let trace = Trace::iterations(6, |trace, _| {
        // An alloc is missing between the two frees, and a free between the allocs.
        trace.call(OPEN, 1, 0, 0).call(CLOSE, 1, 0, 0).call(CLOSE, 1, 0, 0);
        trace.call(OPEN, 1, 0, 0).call(OPEN, 1, 0, 0).call(CLOSE, 1, 0, 0);
    });
    let observation = Observation { events: trace.events, ..Observation::default() };
    let check_text = |text: &str| {
        check(&observation, &Protocol::read("kmem.toml", text).unwrap(), Limits::default())
    };
    let checked = check_text(text);
    assert_eq!(checked.findings, []);
    assert_eq!(checked.gaps.iter().map(|gap| gap.lost).sum::<u64>(), 12);
    assert!(!check_text(&text.replace("partial = true", "")).findings.is_empty());
}

#[test]
fn what_was_held_before_the_run_is_not_blamed() {
    let mut trace = Trace::from(1000);
    trace.call(OPEN, 1, 0, 0).call(MAP, 1, 0x9000, 0);
    for n in 1..=20 {
        trace.iteration = Some(n);
        // Channel 2 was opened before anything was recorded.
        trace.call(MAP, 1, n << 12, 0).call(UNMAP, 1, n << 12, 0);
    }
    trace.call(CLOSE, 2, 0, 0);
    let checked = trace.check();
    assert_eq!(checked.findings, []);
    assert_eq!(checked.unknown, 1);
}

#[test]
fn cache_and_single_acquires_are_notes() {
    let trace = Trace::iterations(20, |trace, n| {
        trace.call(OPEN, n, 0, 0);
        if n > 3 {
            trace.call(CLOSE, n, 0, 0);
        }
    });
    let checked = trace.check();
    assert_eq!(checked.findings[0].severity, Severity::Note);
    assert_eq!(checked.findings[0].verdict, Some(Verdict::WarmUp));
}

#[test]
fn lost_events_make_it_possible_only() {
    let mut trace = Trace::iterations(3, |trace, n| {
        trace.call(OPEN, 3, 0, 0).call(MAP, 3, n << 12, 0);
        trace.call(CLOSE, 3, 0, 0).call(UNMAP, 3, n << 12, NOT_FOUND);
    });
    for event in trace.events.iter_mut().filter(|event| event.cmd == Some(UNMAP)) {
        event.lost_before = 2;
    }
    let checked = trace.check();
    assert!(checked.findings.iter().all(|finding| finding.severity == Severity::Possible));
    assert_eq!(checked.findings.len(), 2);
}

#[test]
fn a_little_disorder_is_put_right() {
    let mut trace = Trace::iterations(20, |trace, n| {
        trace.call(OPEN, 3, 0, 0).call(MAP, 3, n << 12, 0);
        trace.call(UNMAP, 3, n << 12, 0).call(CLOSE, 3, 0, 0);
    });
    for four in trace.events.chunks_mut(4) {
        four.reverse();
    }
    assert_eq!(trace.check().findings, []);
}

#[test]
fn memory_is_bounded_and_what_it_costs_is_reported() {
    let mut trace = Trace::default();
    for n in 0..1000 {
        trace.call(OPEN, n, 0, 0);
    }
    let observation = Observation { events: trace.events, ..Observation::default() };
    let checked = check(&observation, &drm(), Limits { window: 8, resources: 100 });
    assert!(checked.gaps.iter().any(|gap| gap.lost >= 900), "{:?}", checked.gaps);
}
