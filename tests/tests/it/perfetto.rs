//! `--perfetto`: what a decoder that did not write it reads by Perfetto's own schema.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::LazyLock};

use protobuf::{
    Message as _, MessageDyn,
    descriptor::FileDescriptorProto,
    reflect::{FileDescriptor, ReflectFieldRef, ReflectValueRef},
};
use serde_json::{Map, Value};
use teeleak_analysis::model::{Owner, OwnerId, Pool, PoolKind, Sample};
use teeleak_proto::Uuid;
use teeleak_tests::{Answer, Site, Tee, World, golden, large};

use crate::support::{DRM_PLAYER, FOLDER, capture, fixture, folder, observed};

const CAPTURES: [&str; 5] =
    ["leak-session", "close-before-unmap-2", "forget-unmap", "none", "none-2"];

static SCHEMA: LazyLock<FileDescriptor> = LazyLock::new(|| {
    let bytes = fs::read(fixture("perfetto/perfetto_trace.v59.1.desc")).unwrap();
    let schema = FileDescriptorProto::parse_from_bytes(&bytes).unwrap();
    FileDescriptor::new_dynamic(schema, &[]).unwrap()
});

fn scratch(name: &str) -> PathBuf {
    folder("perfetto").join(name)
}

/// Runs with `--perfetto`; gives the file, too.
fn traced(name: &str, world: &World, arguments: &[&str]) -> (Answer, Vec<u8>) {
    let path = scratch(&format!("{name}.pftrace"));
    let (command, rest) = arguments.split_first().unwrap();
    let answer = world.run(&[&[*command, "--perfetto", path.to_str().unwrap()], rest].concat());
    (answer, fs::read(path).unwrap())
}

fn report(name: &str) -> Vec<u8> {
    let arguments = ["report", "--protocol", DRM_PLAYER, &capture(name)];
    traced(name, &World::without_tee(), &arguments).1
}

/// A message as JSON. A field or a value that the schema does not know fails.
fn plain(message: &dyn MessageDyn) -> Value {
    let schema = message.descriptor_dyn();
    assert_eq!(message.unknown_fields_dyn().iter().next(), None, "{}", schema.name());
    let mut fields = Map::new();
    for field in schema.fields() {
        let value = match field.get_reflect(message) {
            ReflectFieldRef::Optional(value) => value.value().map(|value| one(&value)),
            ReflectFieldRef::Repeated(all) => {
                let all: Vec<_> = (0..all.len()).map(|at| one(&all.get(at))).collect();
                (!all.is_empty()).then(|| all.into())
            }
            ReflectFieldRef::Map(_) => panic!("{} is a map", field.name()),
        };
        fields.extend(value.map(|value| (field.name().to_owned(), value)));
    }
    fields.into()
}

fn one(value: &ReflectValueRef<'_>) -> Value {
    match value {
        ReflectValueRef::U32(number) => (*number).into(),
        ReflectValueRef::U64(number) => (*number).into(),
        ReflectValueRef::I32(number) => (*number).into(),
        ReflectValueRef::I64(number) => (*number).into(),
        ReflectValueRef::String(text) => (*text).into(),
        ReflectValueRef::Enum(names, number) => {
            names.value_by_number(*number).expect("a value of the schema").name().into()
        }
        ReflectValueRef::Message(message) => plain(&**message),
        other => panic!("{other:?}"),
    }
}

fn packets(file: &[u8]) -> Vec<Value> {
    let trace = SCHEMA.message_by_full_name(".perfetto.protos.Trace").unwrap();
    let mut trace = plain(&*trace.parse_from_bytes(file).unwrap());
    let Value::Array(packets) = trace["packet"].take() else { panic!("no packets") };
    packets
}

/// A track with what is on it.
#[derive(Debug, Default)]
struct Track {
    name: String,
    parent: u64,
    descriptor: Value,
    events: Vec<(u64, Value)>,
}

/// All tracks by their numbers; each is described before anything is on it.
fn tracks(packets: &[Value]) -> BTreeMap<u64, Track> {
    let mut tracks: BTreeMap<u64, Track> = BTreeMap::new();
    for packet in packets {
        assert_eq!(packet["trusted_packet_sequence_id"], 1);
        if let Some(descriptor) = packet.get("track_descriptor") {
            let parent = descriptor["parent_uuid"].as_u64().unwrap_or(0);
            assert!(parent == 0 || tracks.contains_key(&parent), "{descriptor}");
            let process = descriptor["process"]["process_name"].as_str();
            let name = process.or(descriptor["name"].as_str()).unwrap().to_owned();
            let descriptor = descriptor.clone();
            let uuid = descriptor["uuid"].as_u64().unwrap();
            let track = Track { name, parent, descriptor, events: Vec::new() };
            assert!(uuid != 0 && tracks.insert(uuid, track).is_none(), "{uuid} is there twice");
        }
        if let Some(event) = packet.get("track_event") {
            let track = tracks.get_mut(&event["track_uuid"].as_u64().unwrap()).unwrap();
            track.events.push((packet["timestamp"].as_u64().unwrap(), event.clone()));
        }
    }
    tracks
}

fn named<'t>(tracks: &'t BTreeMap<u64, Track>, name: &str) -> &'t Track {
    let mut found = tracks.values().filter(|track| track.name.starts_with(name));
    let track = found.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(found.next().is_none(), "{name} is there twice");
    track
}

fn values(track: &Track) -> Vec<u64> {
    let value = |(_, event): &(u64, Value)| {
        assert_eq!(event["type"], "TYPE_COUNTER");
        event["counter_value"].as_u64().unwrap()
    };
    track.events.iter().map(value).collect()
}

#[test]
fn the_counters_are_those_of_the_capture() {
    for name in CAPTURES {
        let (tracks, seen) = (tracks(&packets(&report(name))), observed(name));
        let pools: Vec<_> =
            seen.samples.iter().map(|sample| sample.pools.value().unwrap()).collect();
        for (kind, what) in [(PoolKind::CoreHeap, "core heap"), (PoolKind::TaRam, "TA memory")] {
            let figures = |figure: fn(&Pool) -> Option<u64>| {
                let of = |pools: &&Vec<Pool>| {
                    figure(pools.iter().find(|pool| pool.kind == kind).unwrap())
                };
                pools.iter().filter_map(of).collect::<Vec<_>>()
            };
            let track = named(&tracks, &format!("{what}: in use"));
            assert_eq!(track.descriptor["counter"]["unit"], "UNIT_SIZE_BYTES");
            assert_eq!(values(track), figures(|pool| pool.allocated));
            let free = named(&tracks, &format!("{what}: largest free"));
            assert_eq!(values(free), figures(|pool| pool.largest_free));
        }
        let failed = named(&tracks, "core heap: failed allocations");
        assert_eq!(failed.descriptor["counter"]["unit"], "UNIT_COUNT");
        assert!(values(failed).len() == seen.samples.len(), "{name}");
    }
}

#[test]
fn sites_in_findings_come_first_and_the_rest_is_counted() {
    let (tracks, seen) = (tracks(&packets(&report("forget-unmap"))), observed("forget-unmap"));
    let (group, _) = tracks.iter().find(|(_, one)| one.name.starts_with("allocation")).unwrap();
    assert!(tracks[group].name.contains("24 of 38; 14"), "{}", tracks[group].name);
    let mut sites: Vec<_> = tracks.values().filter(|track| track.parent == *group).collect();
    sites.sort_by_key(|site| site.descriptor["sibling_order_rank"].as_u64());
    let found: Vec<_> = sites.iter().map(|site| site.name.ends_with("finding 2)")).collect();
    assert_eq!(found, [[true; 4].as_slice(), &[false; 20]].concat());
    let vm = sites.iter().find(|site| site.name.starts_with("core/mm/vm.c:309")).unwrap();
    let live = |sample: &Sample| {
        let owners = sample.owners.value().unwrap();
        let is_its = |site: &&teeleak_analysis::model::Site| {
            let number = |owner: &&Owner| OwnerId::Number(owner.number) == site.owner;
            let uuid = owners.iter().find(number).and_then(|owner| owner.uuid);
            (&*site.file, site.line) == ("core/mm/vm.c", 309)
                && uuid.is_some_and(|uuid| vm.name.contains(&uuid.to_string()))
        };
        let sites = sample.sites.value().unwrap().iter().filter(is_its);
        sites.map(|site| site.count * site.size).sum::<u64>()
    };
    let expected: Vec<_> = seen.samples.iter().map(live).collect();
    assert!(expected.last() > expected.first());
    assert_eq!(values(vm), expected);
}

/// Nothing ends that did not begin, nothing on a track overlaps, and times of such a track only rise.
fn nests(tracks: &BTreeMap<u64, Track>) {
    let is_instant =
        |track: &&Track| track.events.iter().all(|(_, one)| one["type"] == "TYPE_INSTANT");
    for track in tracks.values().filter(|track| !is_instant(track)) {
        let mut open = 0;
        let mut last = 0;
        for (ns, event) in &track.events {
            assert!(*ns >= last, "{track:?}");
            last = *ns;
            match event["type"].as_str().unwrap() {
                "TYPE_SLICE_BEGIN" => open += 1,
                "TYPE_SLICE_END" => open -= 1,
                _ => {}
            }
            assert!((0..=1).contains(&open), "{track:?}");
        }
    }
}

#[test]
fn sessions_and_mappings_begin_and_end() {
    for name in CAPTURES {
        let tracks = tracks(&packets(&report(name)));
        nests(&tracks);
        let begun = |on: &str| {
            let lanes = tracks.values().filter(|track| track.name == on);
            let events = lanes.flat_map(|lane| &lane.events).map(|(_, event)| event);
            events.filter_map(|event| event["name"].as_str()).collect::<Vec<_>>()
        };
        let unended = |on| begun(on).iter().filter(|one| one.ends_with(", not closed")).count();
        let expected = match name {
            "forget-unmap" => (0, 22),
            "leak-session" => (22, 0),
            "close-before-unmap-2" => (0, 44),
            // A TA that stays loaded keeps its session to a PTA.
            "none" => (1, 0),
            _ => (0, 0),
        };
        assert_eq!((unended("sessions"), unended("mappings")), expected, "{name}");
        assert!(begun("sessions").len() >= 22, "{name}");
    }
}

#[test]
fn findings_are_instants_where_they_show() {
    let tracks = tracks(&packets(&report("close-before-unmap-2")));
    let findings = &named(&tracks, "findings").events;
    let is_order = |event: &Value| {
        let notes = event["debug_annotations"].as_array().unwrap();
        notes.iter().any(|note| note["name"] == "kind" && note["string_value"] == "order")
    };
    let (ns, order) = findings.iter().find(|(_, event)| is_order(event)).unwrap();
    assert_eq!(order["type"], "TYPE_INSTANT");
    let iterations = named(&tracks, "iterations; times of the secure world's counter");
    assert_eq!(iterations.events.len(), 26);
    let span = (iterations.events[0].0, iterations.events[25].0);
    assert!((span.0..=span.1).contains(ns), "{ns} is within the run");
}

#[test]
fn processes_have_tracks_and_the_clock_is_recorded() {
    let trace = fixture("strace/7.2.two-processes-close-before-unmap.strace");
    let arguments = ["analyze", "--protocol", DRM_PLAYER, &trace];
    let (_, file) = traced("strace", &World::without_tee(), &arguments);
    let packets = packets(&file);
    nests(&tracks(&packets));
    golden("perfetto.two-processes-close-before-unmap.json", &lines(&packets));
    let again = traced("again", &World::without_tee(), &arguments).1;
    assert!(file == again, "the same gives the same bytes");
}

/// One packet to a line.
fn lines(packets: &[Value]) -> String {
    packets.iter().map(|packet| format!("{packet}\n").replace(FOLDER, "")).collect()
}

#[test]
fn without_times_each_sample_takes_a_second() {
    let log = fixture("log/3.18.dumps-back-to-back.log");
    let (_, file) = traced("no-times", &World::without_tee(), &["analyze", &log]);
    let packets = packets(&file);
    let tracks = tracks(&packets);
    let iterations = named(&tracks, "iterations; no times recorded: one second per snapshot");
    let times: Vec<_> = iterations.events.iter().map(|(ns, _)| ns / 1_000_000_000).collect();
    assert_eq!(times, (1..=times.len() as u64).collect::<Vec<_>>());
    assert!(packets.iter().all(|packet| packet.get("clock_snapshot").is_none()));
}

const HOSTILE: &str = "=\"x\",'\u{1b}[31m\u{202e}\u{7}\r\n<b>";

#[test]
fn names_stay_text() {
    let workload = |tee: &mut Tee, epoch| {
        tee.sites.push(Site { file: HOSTILE, line: 7, size: 64, owner: 1, epoch, count: 1 });
    };
    let tee = Tee { workload: Box::new(workload), tas: vec![Uuid([0x42; 16])], ..Tee::default() };
    let arguments = ["run", "-n", "8", "--", "true"];
    let (_, file) = traced("hostile", &World::with(tee), &arguments);
    let tracks = tracks(&packets(&file));
    let shown = "=\"x\",'\\u{1b}[31m\\u{202e}\\u{7}\\u{d}\\u{a}<b>:7 (64 bytes each";
    assert_eq!(values(named(&tracks, shown)).last(), Some(&(64 * 13)));
}

#[test]
fn much_stays_small() {
    let (_, file) = traced("large", &large(), &["run", "-n", "20", "--", "true"]);
    nests(&tracks(&packets(&file)));
    assert!(file.len() < 1_000_000, "{} bytes", file.len());
    eprintln!("{} bytes", file.len());
}

#[test]
fn a_trace_that_cannot_be_written_is_reported() {
    for path in ["/dev/full", "/proc/none/x"] {
        let answer = teeleak_tests::teeleak(&["report", "--perfetto", path, &capture("none")]);
        assert_eq!(answer.exit, teeleak::Exit::Usage);
        assert!(answer.err.contains(&format!("cannot write {path}")), "{}", answer.err);
    }
}
