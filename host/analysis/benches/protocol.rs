//! Events per second of the protocol engine, on one core, events already typed.
//!
//! `player` is the trace of the property that RTLola is measured with: a channel's mappings must be
//! unmapped before it is closed; one channel in a hundred is closed too early. `crowd` holds a
//! hundred thousand regions at once, so that the table does not fit the caches. `foreign` has no
//! step at all.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use teeleak_analysis::{
    audit::Options,
    model::{Event, EventKind, Observation, Origin, Place},
    protocol::{Limits, Protocol, check},
};
use teeleak_proto::Uuid;

const EVENTS: u32 = 1_000_000;

const DRM: &str = r#"
[protocol.drm]
ta = "07070707-0707-0707-0707-070707070707"
resource.channel = { max_held = 1 }
resource.mapping = { parent = "channel" }
step.open_channel = { acquire = "channel", invoke = 0, key = "value 0.a" }
step.map = { acquire = "mapping", invoke = 1, key = "wide 1", parent_key = "value 0.a" }
step.unmap = { release = "mapping", invoke = 2, key = "wide 1", parent_key = "value 0.a" }
step.close_channel = { release = "channel", invoke = 3, key = "value 0.a" }
"#;

fn event(seq: u32, kind: EventKind, cmd: u32, keys: [u32; 2], place: &Place) -> Event {
    let [first, third] = keys;
    Event {
        origin: Origin::Tee,
        seq: u64::from(seq) + 1,
        lost_before: 0,
        time: None,
        duration_ns: None,
        place: place.clone(),
        iteration: Some(seq / 10_000),
        kind,
        result: Some(0),
        session: Some(1),
        opener: 0,
        instance: 1,
        uuid: Some(Uuid([7; 16])),
        cmd: Some(cmd),
        values: [first, 0, third, 0, 0, 0, 0, 0],
        keys: Vec::new(),
        by: None,
    }
}

fn observation(mut make: impl FnMut(u32, &Place) -> Event) -> Observation {
    let place = Place { source: "bench".into(), at: 1 };
    let events = (0..EVENTS).map(|seq| make(seq, &place)).collect();
    Observation { events, ..Observation::default() }
}

/// Open, four maps, four unmaps, close; over 64 channels.
fn player() -> Observation {
    observation(|seq, place| {
        let (round, step) = (seq / 10, seq % 10);
        let early = round % 100 == 7;
        let (cmd, buffer) = match step {
            0 => (0, 0),
            1..=4 => (1, step),
            5..=8 if !early => (2, step - 4),
            5 => (3, 0),
            6..=9 if early => (2, step - 5),
            _ => (3, 0),
        };
        event(seq, EventKind::Invoke, cmd, [round % 64, round * 16 + buffer], place)
    })
}

/// Maps a hundred thousand regions, then unmaps them, and again.
fn crowd() -> Observation {
    observation(|seq, place| {
        let (round, at) = (seq / 100_000, seq % 100_000);
        let kind = if round % 2 == 0 { EventKind::Map } else { EventKind::Unmap };
        event(seq, kind, 0, [at.wrapping_mul(4096), 0], place)
    })
}

fn foreign() -> Observation {
    observation(|seq, place| event(seq, EventKind::Invoke, 77, [seq, seq], place))
}

fn protocols(criterion: &mut Criterion) {
    let mut protocols = Options::default().protocols;
    protocols.extend(Protocol::read("drm.toml", DRM).unwrap_or_default());
    let mut group = criterion.benchmark_group("protocol");
    group.throughput(Throughput::Elements(u64::from(EVENTS))).sample_size(10);
    for (name, trace) in [("player", player()), ("crowd", crowd()), ("foreign", foreign())] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| check(black_box(&trace), &protocols, Limits::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, protocols);
criterion_main!(benches);
