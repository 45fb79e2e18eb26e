//! Every command, against a simulated TEE core and its recordings.

use std::{
    fs,
    path::{Path, PathBuf},
};

use teeleak::{Exit, Interrupt};
use teeleak_proto::{Uuid, pta};
use teeleak_tests::{
    Answer, Event, Region, Session, Site, Stock, Tee, World, golden, teeleak, tracefs,
};

use crate::support::{DRM, DRM_PLAYER, FOLDER, capture, fixture, folder};

/// Epochs before the workload first runs: the one that the run begins with, and idle iterations.
const EPOCHS_BEFORE: u32 = 1 + 3;

fn boot_sites() -> Vec<Site> {
    let core = Site {
        file: "core/kernel/tee_ta_manager.c",
        line: 650,
        size: 184,
        owner: 0,
        epoch: 0,
        count: 3,
    };
    let ta = Site { file: "core/mm/mobj.c", line: 481, size: 56, owner: 1, epoch: 0, count: 4 };
    vec![core, ta]
}

/// A client opens a session to the TA and closes it: what every workload does.
fn session(tee: &mut Tee, epoch: u32) {
    let event = Event { session: epoch, instance: 1, ..Event::default() };
    tee.events.extend([
        Event { kind: pta::EVENT_OPEN, ..event },
        Event { kind: pta::EVENT_INVOKE, cmd: 1, ..event },
        Event { kind: pta::EVENT_CLOSE, ..event },
    ]);
}

/// A TA with a mapping, a session, and some allocations.
fn quiet() -> Tee {
    Tee {
        workload: Box::new(session),
        tas: vec![Uuid::parse(DRM).unwrap()],
        sites: boot_sites(),
        regions: vec![Region { instance: 1, va: 0x4000_0000, size: 0x2000 }],
        sessions: vec![Session { id: 1, instance: 1 }],
        ..Tee::default()
    }
}

/// Each iteration maps a page and forgets it.
fn forgetful() -> Tee {
    let workload = |tee: &mut Tee, epoch: u32| {
        // Two warm-up iterations, eight measured ones; the last epoch belongs to nothing.
        if epoch <= EPOCHS_BEFORE || epoch > EPOCHS_BEFORE + 2 + 8 {
            return;
        }
        let site =
            |line, size| Site { file: "core/mm/mobj.c", line, size, owner: 1, epoch, count: 1 };
        tee.sites.extend([site(481, 56), site(530, 32)]);
        let va = 0x5000_0000 + epoch * 0x1000;
        tee.regions.push(Region { instance: 1, va: va.into(), size: 0x1000 });
        let values = [va, 0, 0x1000, 0, 0, 0, 0, 0];
        session(tee, epoch);
        tee.events.push(Event { kind: pta::EVENT_MAP, instance: 1, values, ..Event::default() });
    };
    Tee { workload: Box::new(workload), ..quiet() }
}

fn scratch(name: &str) -> PathBuf {
    folder("cli").join(name)
}

fn touch(root: &Path, file: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

fn run(world: &World, more: &[&str]) -> Answer {
    let arguments = ["run", "-n", "8"].iter().chain(more).copied();
    world.run(&arguments.chain(["--", "true"]).collect::<Vec<_>>())
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn help_names_all_commands_and_exit_codes() {
    let answer = teeleak(&["--help"]);
    assert_eq!(answer.exit, Exit::Clean);
    golden("help.txt", &answer.out);
}

#[test]
fn every_command_explains_itself() {
    for command in ["doctor", "snapshot", "diff", "run", "report", "watch", "completions", "man"] {
        let answer = teeleak(&[command, "--help"]);
        assert_eq!(answer.exit, Exit::Clean, "{command}");
        assert!(answer.out.contains("Example"), "{command} has no example");
    }
}

#[test]
fn shells_and_man_know_all_commands() {
    let commands = ["analyze", "doctor", "dump", "report", "run", "snapshot", "trace", "watch"];
    for shell in ["bash", "zsh", "fish"] {
        let script = teeleak(&["completions", shell]).out;
        assert!(commands.iter().all(|command| script.contains(command)), "{shell}");
    }
    let folder = scratch("man");
    assert_eq!(teeleak(&["man", folder.to_str().unwrap()]).exit, Exit::Clean);
    for command in commands {
        let page = fs::read_to_string(folder.join(format!("teeleak-{command}.1"))).unwrap();
        assert!(page.contains("Examples:") || page.contains("EXTRA"), "{command}");
    }
    assert_eq!(teeleak(&["man", "/proc/none"]).exit, Exit::Usage);
}

#[test]
fn wrong_usage_is_distinguished() {
    let wrong: [&[&str]; 5] =
        [&["leak"], &["run"], &["run", "-n", "0", "--", "true"], &["diff", "one"], &[]];
    for arguments in wrong {
        let answer = teeleak(arguments);
        assert_eq!(answer.exit, Exit::Usage, "{arguments:?}");
        assert!(answer.out.is_empty(), "{arguments:?}");
    }
}

#[test]
fn doctor_of_a_full_build() {
    let root = scratch("root-of-doctor");
    let plugin = "usr/lib/tee-supplicant/plugins/5b7f0a52-6e1d-4c38-9f04-d1c2b8e7a396.plugin";
    for file in ["usr/lib/libteec.so.2", "usr/bin/strace", plugin] {
        touch(&root, file);
    }
    tracefs(&root, "");
    let world = World { root, preload: Some("library".into()), ..World::with(quiet()) };
    let answer = world.run(&["doctor"]);
    assert_eq!(answer.exit, Exit::Clean);
    golden("doctor.full.txt", &answer.out);
    golden("doctor.full.json", &world.run(&["doctor", "--json"]).out);
}

#[test]
fn doctor_of_a_stock_build_names_every_flag() {
    let world = World::stock(Stock::default());
    let answer = world.run(&["doctor"]);
    assert_eq!(answer.exit, Exit::Blind);
    for flag in ["CFG_LEAK_AUDIT=y", "CFG_TEE_CORE_MALLOC_DEBUG=y", "CFG_LEAK_AUDIT_EVENTS="] {
        assert!(answer.out.contains(flag), "{flag} is not named");
    }
    golden("doctor.stock.txt", &answer.out);
}

#[test]
fn doctor_without_a_tee() {
    let answer = teeleak(&["doctor"]);
    assert_eq!(answer.exit, Exit::Blind);
    golden("doctor.no-tee.txt", &answer.out);
}

#[test]
fn a_refused_client_is_asked_to_be_root() {
    let world = World { tee: Err(0xffff_0001), ..World::stock(Stock::default()) };
    let answer = world.run(&["snapshot"]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.err.contains("run as root"), "{}", answer.err);
}

#[test]
fn snapshot_says_what_is_alive() {
    let world = World::with(quiet());
    let answer = world.run(&["snapshot"]);
    assert_eq!(answer.exit, Exit::Clean);
    golden("snapshot.txt", &answer.out);
    golden("snapshot.json", &world.run(&["snapshot", "--json"]).out);
}

#[test]
fn snapshot_says_what_was_busy_and_what_is_not_built() {
    let tee = Tee { busy: vec![1], features: pta::FEATURE_POOLS, ..quiet() };
    let answer = World::with(tee).run(&["snapshot"]);
    assert_eq!(answer.exit, Exit::Clean);
    golden("snapshot.partial.txt", &answer.out);
}

#[test]
fn the_auditor_leaves_itself_out() {
    let tee = Tee { tas: vec![teeleak_proto::command::TA_UUID], busy: vec![1], ..Tee::default() };
    let census = json(&World::with(tee).run(&["snapshot", "--json"]).out);
    assert_eq!(census["instances"], json("[]"));
    assert_eq!(census["not_observed"], json("[]"));
}

#[test]
fn large_censuses_take_many_pages() {
    let mut tee = quiet();
    tee.regions = (0..1000).map(|n| Region { instance: 1, va: n << 12, size: 4096 }).collect();
    let site = |line| Site { file: "core/mm/fobj.c", line, size: 8, owner: 1, epoch: 0, count: 1 };
    tee.sites = (1..=4000).map(site).collect();
    let census = json(&World::with(tee).run(&["snapshot", "--json"]).out);
    assert_eq!(census["sites"].as_array().unwrap().len(), 4000);
    assert_eq!(census["instances"][0]["regions"].as_array().unwrap().len(), 1000);
    assert_eq!(census["not_observed"].as_array().unwrap().len(), 0, "{}", census["not_observed"]);
}

#[test]
fn a_quiet_run_is_clean() {
    let answer = run(&World::with(quiet()), &[]);
    assert_eq!(answer.exit, Exit::Clean, "{}{}", answer.out, answer.err);
    assert!(
        answer.out.starts_with("clean: no growth, nothing outstanding (8 iterations of `true`")
    );
}

#[test]
fn a_leaking_run_names_ta_and_sites() {
    let answer = run(&World::with(forgetful()), &[]);
    assert_eq!(answer.exit, Exit::Leak, "{}{}", answer.out, answer.err);
    let ta = format!("TA {DRM}");
    for part in [&*ta, "core/mm/mobj.c:481", "core/mm/mobj.c:530", "1 region", "no unmap"] {
        assert!(answer.out.contains(part), "{part} is not named:\n{}", answer.out);
    }
}

/// Recordings of `e2e_run` in QEMU, each with the exit code that its name stands for.
#[test]
fn recordings_of_a_real_tee_are_reported() {
    let recordings = [
        ("4.10.0.none", Exit::Clean),
        ("4.10.0.none-2", Exit::Clean),
        ("4.10.0.forget-unmap", Exit::Leak),
        ("4.10.0.close-before-unmap-2", Exit::Order),
        ("4.10.0.leak-session", Exit::Leak),
    ];
    for (name, exit) in recordings {
        let file = fixture(&format!("capture/{name}.tlk"));
        let answer = teeleak(&["report", "--protocol", DRM_PLAYER, &file]);
        assert_eq!(answer.exit, exit, "{name}: {}{}", answer.out, answer.err);
        golden(&format!("report.{name}.txt"), &answer.out.replace(FOLDER, ""));
    }
    let file = capture("leak-session");
    let answer = teeleak(&["report", "--json", "--protocol", DRM_PLAYER, &file]);
    golden("report.4.10.0.leak-session.json", &answer.out.replace(FOLDER, ""));
}

#[test]
fn a_capture_gives_the_same_report() {
    let file = scratch("same.tlk");
    let file = file.to_str().unwrap();
    for format in [&[][..], &["--json"]] {
        let live = run(&World::with(forgetful()), &[&["-o", file], format].concat());
        let again = teeleak(&[&["report", file], format].concat());
        assert_eq!(live.exit, again.exit);
        assert_eq!(live.out, again.out.replace(file, "/dev/tee0"));
    }
}

#[test]
fn a_capture_cut_anywhere_is_read() {
    let file = scratch("whole.tlk");
    let answer = run(&World::with(forgetful()), &["-o", file.to_str().unwrap()]);
    assert_eq!(answer.exit, Exit::Leak);
    let whole = fs::read(&file).unwrap();
    let cut = scratch("cut.tlk");
    for at in (10..whole.len()).step_by(whole.len() / 50) {
        fs::write(&cut, &whole[..at]).unwrap();
        let answer = teeleak(&["report", "--json", cut.to_str().unwrap()]);
        let input = &json(&answer.out)["coverage"]["input"];
        let parts = ["parsed", "ignored", "rejected"].map(|name| input[name].as_u64().unwrap());
        assert_eq!(input["read"].as_u64(), Some(parts.iter().sum()), "cut at {at}");
        assert_ne!(answer.exit, Exit::Clean, "cut at {at}");
    }
}

#[test]
fn a_capture_with_any_bit_flipped_is_read() {
    let file = scratch("sound.tlk");
    assert_eq!(run(&World::with(forgetful()), &["-o", file.to_str().unwrap()]).exit, Exit::Leak);
    let sound = fs::read(&file).unwrap();
    let damaged = scratch("damaged.tlk");
    for bit in (80..sound.len() * 8).step_by(sound.len() * 8 / 50) {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&damaged, bytes).unwrap();
        let answer = teeleak(&["report", "--json", damaged.to_str().unwrap()]);
        assert_eq!(json(&answer.out)["coverage"]["input"]["rejected"], 1, "bit {bit}");
    }
}

#[test]
fn a_dead_canary_is_never_clean() {
    let answer = run(&World::with(Tee { canary_works: false, ..quiet() }), &[]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.out.contains("the canary was found in 0 of"), "{}", answer.out);
}

#[test]
fn overwritten_events_are_counted() {
    let workload = |tee: &mut Tee, epoch: u32| {
        if epoch == EPOCHS_BEFORE + 3 {
            tee.events.extend([Event { kind: pta::EVENT_CLOSE, ..Event::default() }; 30]);
            tee.overwritten = 20;
        }
    };
    let answer = run(&World::with(Tee { workload: Box::new(workload), ..quiet() }), &[]);
    assert!(answer.out.contains("events: overwritten"), "{}", answer.out);
}

#[test]
fn a_failing_workload_stops_the_run() {
    let world = World::with(quiet());
    let answer = world.run(&["run", "-n", "4", "--", "false"]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.err.contains("failed with status 1"), "{}", answer.err);
    let answer = world.run(&["run", "-n", "4", "--keep-going", "--", "false"]);
    assert!(answer.out.contains("the workload failed in 6 iterations"), "{}", answer.out);
}

#[test]
fn an_interrupt_ends_a_run_with_what_there_is() {
    let interrupt = Interrupt::default();
    let signal = interrupt.clone();
    let workload = move |tee: &mut Tee, epoch: u32| {
        session(tee, epoch);
        if epoch == EPOCHS_BEFORE + 2 + 3 {
            signal.set();
        }
    };
    let tee = Tee { workload: Box::new(workload), ..quiet() };
    let answer = run(&World { interrupt, ..World::with(tee) }, &["--json"]);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert!(answer.err.contains("interrupted"), "{}", answer.err);
    assert_eq!(json(&answer.out)["coverage"]["n_measured"], 3);
}

#[test]
fn a_missing_workload_is_bad_input() {
    let answer = World::with(quiet()).run(&["run", "--", "/nonexistent"]);
    assert_eq!(answer.exit, Exit::Usage, "{}", answer.err);
    assert!(answer.err.contains("cannot run \"/nonexistent\""), "{}", answer.err);
}

fn snapshot_to(tee: Tee, name: &str) -> String {
    let file = scratch(name).to_str().unwrap().to_owned();
    assert_eq!(World::with(tee).run(&["snapshot", "-o", &file]).exit, Exit::Clean);
    file
}

#[test]
fn diff_speaks_of_growth() {
    let before = snapshot_to(quiet(), "before.tlk");
    let mut tee = quiet();
    tee.sites[1].count = 9;
    tee.regions.push(Region { instance: 1, va: 0x5000_0000, size: 0x1000 });
    tee.sessions.push(Session { id: 2, instance: 1 });
    let after = snapshot_to(tee, "after.tlk");
    let answer = teeleak(&["diff", &before, &after]);
    assert_eq!(answer.exit, Exit::Clean);
    assert!(!answer.out.contains("leak"));
    golden("diff.txt", &answer.out);
    golden("diff.json", &teeleak(&["diff", "--json", &before, &after]).out);
}

#[test]
fn diff_refuses_two_boots_unless_asked() {
    let before = snapshot_to(quiet(), "boot-1.tlk");
    let after = snapshot_to(Tee { boot: 2, ..quiet() }, "boot-2.tlk");
    let answer = teeleak(&["diff", &before, &after]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("--across-boots"), "{}", answer.err);
    assert_eq!(teeleak(&["diff", "--across-boots", &before, &after]).exit, Exit::Clean);
}

#[test]
fn other_files_are_refused() {
    let file = scratch("log.txt");
    fs::write(&file, "D/TC:0 0 boot\n").unwrap();
    let file = file.to_str().unwrap();
    let missing = teeleak(&["diff", "/nonexistent", file]);
    assert_eq!(missing.exit, Exit::Usage);
    assert!(missing.err.starts_with("teeleak: cannot read"), "{}", missing.err);
    let log = teeleak(&["report", file]);
    assert_eq!(log.exit, Exit::Usage);
    assert!(log.err.ends_with(&format!("type `teeleak analyze {file}`\n")), "{}", log.err);
}
