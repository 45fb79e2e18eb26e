//! `run` and the programs that it runs: hanging, interrupted and short ones, and what it does itself.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use teeleak::Exit;
use teeleak_proto::{Uuid, pta};
use teeleak_tests::{Answer, Event, Session, Site, Stock, Tee, World, client, preload};

use crate::support::{DRM, empty};

/// Epochs before the first warm-up iteration: the first one and the idle ones.
const EPOCHS_OF_IDLE: u32 = 1 + 3;

fn tee() -> Tee {
    Tee {
        tas: vec![Uuid::parse(DRM).unwrap()],
        sessions: vec![Session { id: 7, instance: 1 }],
        workload: Box::new(opened_and_closed),
        ..Tee::default()
    }
}

fn opened_and_closed(tee: &mut Tee, epoch: u32) {
    let event = Event { session: epoch, instance: 1, ..Event::default() };
    tee.events.extend([pta::EVENT_OPEN, pta::EVENT_CLOSE].map(|kind| Event { kind, ..event }));
}

/// A site that each of these epochs leaves an object of.
fn keep(tee: &mut Tee, epoch: u32) {
    let site = Site { file: "core/mm/mobj.c", line: 481, size: 56, owner: 0, epoch, count: 1 };
    tee.sites.push(site);
}

fn scratch(name: &str) -> PathBuf {
    let folder = empty("run-live", name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn report(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
}

#[test]
fn a_workload_that_hangs_is_recorded_and_ended() {
    let world = World::with(Tee { busy: vec![1], ..tee() });
    let capture = scratch("hang").join("loop.tlk").display().to_string();
    let began = Instant::now();
    let answer =
        world.run(&["run", "-n", "8", "--timeout", "1", "-o", &capture, "--", "sleep", "300"]);
    assert!(began.elapsed() < Duration::from_secs(60));
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    for text in [
        "warm-up iteration 1 did not end: it was still running after 1 second".to_owned(),
        format!("at that moment TA {DRM} (instance 1) was in a call"),
        format!("at that moment session 7 of TA {DRM} was open"),
    ] {
        assert!(answer.out.contains(&text), "{text}\n{}\n{}", answer.out, answer.err);
    }
    assert!(answer.err.contains("still running after 1 second and was ended"), "{}", answer.err);
    let again = world.run(&["report", &capture]);
    assert_eq!((again.exit, again.out), (answer.exit, answer.out));
}

#[test]
fn an_interrupted_iteration_does_not_count() {
    let mut world = World::with(tee());
    let interrupt = world.interrupt.clone();
    let at = EPOCHS_OF_IDLE + 2 + 5;
    world.tee = World::with(Tee {
        workload: Box::new(move |tee, epoch| {
            opened_and_closed(tee, epoch);
            if epoch == at {
                interrupt.set();
            }
        }),
        ..tee()
    })
    .tee;
    let answer = world.run(&["run", "-n", "9", "--json", "--", "sh", "-c", "sleep 0.6"]);
    let report = report(&answer);
    assert_eq!(report["coverage"]["n_measured"], 4, "{report:#}");
    assert!(answer.err.contains("the run ended early: interrupted"), "{}", answer.err);
    assert!(!answer.out.contains("the workload failed"), "{report:#}");
    assert_eq!(answer.exit, Exit::Blind);
}

#[test]
fn growth_of_idle_iterations_is_not_the_workloads() {
    let world = World::with(Tee {
        workload: Box::new(|tee, epoch| {
            opened_and_closed(tee, epoch);
            keep(tee, epoch);
        }),
        ..tee()
    });
    let answer = world.run(&["run", "-n", "9", "--", "true"]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    let title = "56 bytes per idle iteration stay allocated, so each call of any client leaks";
    assert!(answer.out.contains(title), "{}", answer.out);
    assert!(!answer.out.contains("56 bytes per iteration stay"), "{}", answer.out);
}

#[test]
fn a_rise_in_one_idle_iteration_accuses_no_client() {
    let world = World::with(Tee {
        workload: Box::new(|tee, epoch| {
            opened_and_closed(tee, epoch);
            if epoch == 3 || epoch > EPOCHS_OF_IDLE + 2 {
                keep(tee, epoch);
            }
        }),
        ..tee()
    });
    let answer = world.run(&["run", "-n", "9", "--", "true"]);
    assert!(!answer.out.contains("each call of any client"), "{}", answer.out);
}

/// Rings of recorded processes below the folder for memory: the files of this process.
fn rings() -> usize {
    let own = format!("teeleak-{}-", std::process::id());
    let folders = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    let folders = folders.filter(|entry| entry.file_name().to_string_lossy().starts_with(&own));
    folders.filter_map(|folder| Some(fs::read_dir(folder.path()).ok()?.count())).sum()
}

#[test]
fn rings_of_processes_that_ended_are_freed() {
    let script = format!("for n in 1 2 3 4 5; do {} threads 1 1 >/dev/null; done", client());
    let world = World { preload: Some(preload()), ..World::with(tee()) };
    let answer = world.run(&["run", "-n", "8", "--json", "--", "sh", "-c", &script]);
    let report = report(&answer);
    let n_processes = report["coverage"]["clients"]["processes"].as_array().map_or(0, Vec::len);
    assert!(n_processes >= 5 * 8, "{n_processes} processes: {report:#}");
    assert_eq!(rings(), 0);
}

#[test]
fn heaps_of_tas_come_with_the_audit() {
    let stock = Stock {
        tas: Some(vec![(Uuid::parse(DRM).unwrap(), 1, ("TA", [4_096, 8_192, 32_768, 0, 0, 0]))]),
        ..Stock::default()
    };
    let world = World { stats: World::stock(stock).stats, ..World::with(tee()) };
    let answer = world.run(&["snapshot", "--ta-stats", "--json"]);
    let snapshot = report(&answer);
    assert_eq!(snapshot["instances"][0]["heap"]["allocated"], 4_096, "{snapshot:#}");
    assert_eq!(snapshot["instances"][0]["regions"], serde_json::json!([]), "{snapshot:#}");
    let run = world.run(&["run", "-n", "5", "--ta-stats", "--json", "--", "true"]);
    assert_eq!(run.exit, Exit::Clean, "{}", run.out);
}

/// A tee-supplicant of a played system, with so many descriptors.
fn supplicant(root: &std::path::Path, fds: u32) {
    let folder = root.join("proc/812");
    fs::create_dir_all(folder.join("fd")).unwrap();
    let zeros = "0 ".repeat(18);
    fs::write(folder.join("comm"), "tee-supplicant\n").unwrap();
    fs::write(folder.join("stat"), format!("812 (tee-supplicant) S {zeros}4711 0 0\n")).unwrap();
    for fd in 0..fds {
        let _ = std::os::unix::fs::symlink("/var/lib/tee/x", folder.join(format!("fd/{fd}")));
    }
}

#[test]
fn a_descriptor_that_tee_supplicant_loses_is_seen_without_being_asked_for() {
    let root = scratch("supplicant");
    supplicant(&root, 4);
    let fds = root.join("proc/812/fd");
    let world = World { root: root.clone(), ..World::with(tee()) };
    let careful = world.run(&["run", "-n", "9", "--", "true"]);
    assert_eq!(careful.exit, Exit::Clean, "{}", careful.out);
    assert!(!careful.out.contains("tee-supplicant"), "{}", careful.out);
    let script = format!("ln -s /var/lib/tee/dirf.db {}/$$", fds.display());
    let answer = world.run(&["run", "-n", "9", "-v", "--", "sh", "-c", &script]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    for text in ["pid 812 (tee-supplicant): ", "1 more per iteration", "9 of /var/lib/tee/*"] {
        assert!(answer.out.contains(text), "{text}\n{}", answer.out);
    }
}

/// A recording that a kill cuts is short, not damaged, wherever it is cut.
#[test]
fn a_recording_that_is_cut_is_not_damaged() {
    let folder = scratch("cut");
    let whole = folder.join("whole.tlk").display().to_string();
    let answer = World::with(tee()).run(&["run", "-n", "5", "-o", &whole, "--", "true"]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.out);
    let bytes = fs::read(&whole).unwrap();
    let cut = folder.join("cut.tlk");
    let mut last = 0;
    // Each byte of the end, and some of the other ones.
    let ends = bytes.len() - 500..bytes.len();
    for length in (10..ends.start).step_by(7).chain(ends) {
        fs::write(&cut, &bytes[..length]).unwrap();
        let answer = World::without_tee().run(&["report", "--json", &cut.display().to_string()]);
        let report = report(&answer);
        assert_ne!(answer.exit, Exit::Clean, "cut at {length}: {report:#}");
        assert!(!answer.out.contains("damaged"), "cut at {length}: {report:#}");
        assert_eq!(report["coverage"]["input"]["rejected"], 0, "cut at {length}: {report:#}");
        let n = report["coverage"]["n_measured"].as_u64().unwrap();
        assert!(n == last || n == last + 1, "cut at {length}: {n} iterations after {last}");
        last = n;
    }
    assert_eq!(last, 5);
}
