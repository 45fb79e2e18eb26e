//! `teeleak.toml`: defaults of options, where they come from, and what is said of mistakes.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use teeleak::{Exit, Places};
use teeleak_tests::{Answer, Tee, World, golden};

use crate::support::{DRM_PLAYER, capture, empty, fixture};

/// An empty folder that nothing above is looked at for.
fn scratch(name: &str) -> PathBuf {
    let folder = empty("config", name);
    fs::create_dir_all(folder.join(".git")).unwrap();
    folder
}

fn put(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// Runs in a folder.
fn run_in(folder: &Path, arguments: &[&str]) -> Answer {
    let places = Places { folder: Some(folder.to_owned()), ..Places::default() };
    World { places, ..World::with(Tee::default()) }.run(arguments)
}

fn measured(answer: &Answer) -> u64 {
    let report: Value = serde_json::from_str(&answer.out).expect(&answer.err);
    report["coverage"]["n_measured"].as_u64().unwrap()
}

const RUN: [&str; 4] = ["run", "--json", "--", "true"];

#[test]
fn a_file_gives_defaults_and_the_command_line_wins() {
    let folder = scratch("defaults");
    put(&folder, "teeleak.toml", "[run]\niterations = 3\nwarmup = 0\n");
    assert_eq!(measured(&run_in(&folder, &RUN)), 3);
    assert_eq!(measured(&run_in(&folder, &["run", "--json", "-n", "2", "--", "true"])), 2);
    assert_eq!(measured(&run_in(&folder, &["--no-config", "run", "--json", "--", "true"])), 10);
    let other = put(&folder, "other.toml", "run.iterations = 4");
    let named = ["run", "--json", "--config", other.to_str().unwrap(), "--", "true"];
    assert_eq!(measured(&run_in(&folder, &named)), 4);
}

#[test]
fn a_file_is_found_above_up_to_the_repository() {
    let folder = scratch("above");
    let below = folder.join("a/b");
    fs::create_dir_all(&below).unwrap();
    put(&folder, "teeleak.toml", "[run]\niterations = 3");
    assert_eq!(measured(&run_in(&below, &RUN)), 3);
    fs::create_dir(folder.join("a/.git")).unwrap();
    assert_eq!(measured(&run_in(&below, &RUN)), 10);
}

#[test]
fn the_project_goes_before_the_user_and_one_command_before_all() {
    let folder = scratch("user");
    put(
        &folder,
        "home/.config/teeleak/teeleak.toml",
        "[run]\niterations = 3\nwarmup = 0\nidle = 1",
    );
    let project = folder.join("home/project");
    put(&project, "teeleak.toml", "iterations = 9\n[run]\niterations = 4");
    let home = folder.join("home");
    let user = Some(home.join(".config"));
    let places = Places { folder: Some(project), home: Some(home), user };
    let world = World { places, ..World::with(Tee::default()) };
    let report: Value = serde_json::from_str(&world.run(&RUN).out).unwrap();
    let coverage =
        ["n_measured", "n_warmup", "n_idle"].map(|name| report["coverage"][name].clone());
    assert_eq!(coverage.map(|n| n.as_u64().unwrap()), [4, 0, 1]);
}

#[test]
fn files_are_found_from_the_file_that_names_them() {
    let folder = scratch("paths");
    let below = folder.join("below");
    fs::create_dir_all(&below).unwrap();
    let player = fs::read_to_string(DRM_PLAYER).unwrap();
    put(&folder, "packs/player.toml", &player);
    put(&folder, "teeleak.toml", "protocol = ['packs/player.toml', 'secure-video']");
    let capture = capture("close-before-unmap-2");
    let answer = run_in(&below, &["report", &capture]);
    assert_eq!(answer.exit, Exit::Order, "{}", answer.err);
    let replaced = run_in(&below, &["report", "--protocol", "secure-video", &capture]);
    assert_eq!(replaced.exit, Exit::Leak, "a list of the command line goes in its place");
    put(&folder, "teeleak.toml", "protocol = 'packs/none.toml'");
    let answer = run_in(&below, &["report", &capture]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("paths/packs/none.toml"), "{}", answer.err);
}

#[test]
fn what_counts_can_be_set() {
    let folder = scratch("counts");
    let capture = capture("leak-session");
    put(&folder, "teeleak.toml", "fail-on = ['order']");
    assert_eq!(run_in(&folder, &["report", &capture]).exit, Exit::Clean);
    put(&folder, "teeleak.toml", "fail-on = 'leak'\n[report.max-bytes-per-iter]\n'core/no.c' = 64");
    let answer = run_in(&folder, &["report", &capture]);
    assert_eq!(answer.exit, Exit::Leak);
    assert!(answer.out.contains("64 bytes per iteration for core/no.c"), "{}", answer.out);
}

/// All that can be given, of each command that has it.
#[test]
fn every_option_can_be_given() {
    let folder = scratch("every");
    put(&folder, "accepted.toml", "suppress = []");
    put(&folder, "notes.toml", "fixed = []");
    let text = "\
        protocol = ['secure-video']\nrules = 'secure-video'\nsuppress = 'accepted.toml'\nbaseline = []\n\
        notes = ['notes.toml']\nstrict = true\nfail-on = ['leak', 'order']\nmark = 'loop'\n\
        max-bytes-per-iter = { 'core/mm/mobj.c' = 64, 'core heap' = 1 }\n\
        iterations = 5\nuntil-decided = 6\nwarmup = 1\nidle = 2\nkeep-going = false\n\
        poll = 2\ncensus = 30\nlow-water = 5\nmax-bytes = '32MiB'\n";
    put(&folder, "teeleak.toml", text);
    let capture = capture("none");
    let log = fixture("log/3.18.dumps-back-to-back.log");
    let dir = folder.join("window");
    let lines: [&[&str]; 5] = [
        &["report", &capture],
        &["diff", &capture, &capture],
        &["analyze", &log],
        &RUN,
        &["dump", "--dir", dir.to_str().unwrap()],
    ];
    for line in lines {
        let answer = run_in(&folder, line);
        assert_ne!(answer.exit, Exit::Usage, "{line:?}: {}", answer.err);
    }
    let doctor = run_in(&folder, &["doctor"]).out;
    let config_line = doctor.lines().find(|line| line.contains("config ")).unwrap().to_owned();
    golden("config.doctor.txt", &config_line.replace(folder.to_str().unwrap(), "FOLDER"));
}

#[test]
fn mistakes_are_shown_with_their_place() {
    let folder = scratch("mistaken");
    let text = "\
        protocols = ['drm.toml']\n\
        strict = 1\n\
        fail-on = ['leaks', 'order']\n\
        max-bytes-per-iter = 'core/mm/mobj.c=64'\n\n\
        [run]\n\
        iterations = 0\n\
        warm-up = 3\n\
        idle = 1.5\n\
        on-alarm = 'reboot'\n\n\
        [wtach]\n\
        poll = 2\n";
    put(&folder, "teeleak.toml", text);
    let answer = run_in(&folder, &["doctor"]);
    assert_eq!((answer.exit, &*answer.out), (Exit::Usage, ""));
    golden("config.mistaken.txt", &answer.err.replace(folder.to_str().unwrap(), "FOLDER"));
    put(&folder, "teeleak.toml", "[run\niterations = 3");
    let answer = run_in(&folder, &["doctor"]);
    golden("config.no-toml.txt", &answer.err.replace(folder.to_str().unwrap(), "FOLDER"));
    put(&folder, "teeleak.toml", "\u{202e}\u{1b}[31m\u{7f} = 1\n\"\u{1b}[2J\" = 1");
    assert_eq!(run_in(&folder, &["doctor"]).exit, Exit::Usage);
}

#[test]
fn what_anybody_could_have_written_is_left_alone() {
    let folder = scratch("anybody");
    let file = put(&folder, "teeleak.toml", "[run]\niterations = 3");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let answer = run_in(&folder, &RUN);
    assert_eq!(measured(&answer), 10);
    assert!(
        answer.err.contains("teeleak.toml ignored because it is world-writable"),
        "{}",
        answer.err
    );
    let named = ["run", "--json", "--config", file.to_str().unwrap(), "--", "true"];
    assert_eq!(measured(&run_in(&folder, &named)), 3);
}

#[test]
fn a_file_that_is_named_and_not_there_is_reported() {
    let answer = run_in(&scratch("none"), &["doctor", "--config", "/nonexistent.toml"]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("cannot read configuration /nonexistent.toml"), "{}", answer.err);
}
