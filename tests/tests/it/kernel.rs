//! `teeleak trace --kernel` in front of a tracefs that is but files, with what a real one printed.

use std::{
    fs,
    path::{Path, PathBuf},
    process,
};

use teeleak::Exit;
use teeleak_tests::{Answer, World, golden, tracefs};

use crate::support::{empty, fixture};

/// No process has this number (`PID_MAX_LIMIT` of Linux include/linux/threads.h is smaller).
const DEAD: u32 = 999_999_999;

fn trace(name: &str) -> String {
    fs::read_to_string(fixture(&format!("kernel/{name}.trace"))).unwrap()
}

fn scratch(name: &str) -> PathBuf {
    empty("kernel", name)
}

fn run(root: &Path, arguments: &[&str]) -> Answer {
    let world = World { root: root.to_owned(), ..World::without_tee() };
    world.run(&[&["trace", "--kernel"], arguments, &["--", "true"]].concat())
}

#[test]
fn a_client_that_is_killed_leaves_its_session_to_the_kernel() {
    let root = scratch("killed");
    tracefs(&root, &trace("6.12.killed-within-a-session"));
    let answer = run(&root, &[]);
    golden("kernel.6.12.killed-within-a-session.txt", &answer.out);
    let json = run(&root, &["--json"]);
    golden("kernel.6.12.killed-within-a-session.json", &json.out);
    // A folder of files can't be removed as an instance can.
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("cannot remove"), "{}", answer.err);
}

#[test]
fn what_the_kernel_lost_is_said() {
    let root = scratch("lost");
    let whole = trace("6.12.killed-within-a-session");
    let cut = whole.lines().count() / 2;
    let (before, after): (Vec<_>, Vec<_>) = whole.lines().enumerate().partition(|(n, _)| *n < cut);
    let join =
        |lines: Vec<(usize, &str)>| lines.iter().map(|line| line.1).collect::<Vec<_>>().join("\n");
    let text = format!("{}\nCPU:1 [LOST 7 EVENTS]\n{}\n", join(before), join(after));
    tracefs(&root, &text);
    let answer = run(&root, &[]);
    let sum = answer.out.lines().last().unwrap();
    assert!(!sum.contains(" 0 lost") && sum.contains("from kernel probes"), "{sum}");
}

#[test]
fn probes_go_when_it_ends_and_those_of_the_dead_before_it_begins() {
    let root = scratch("stale");
    tracefs(&root, "");
    let place = root.join("sys/kernel/tracing");
    let left = place.join(format!("instances/teeleak.{DEAD}"));
    fs::create_dir_all(&left).unwrap();
    let events = place.join("kprobe_events");
    let stale = format!("p:teeleak_{DEAD}/tee_close optee_close_session session=$arg2:u32\n");
    fs::write(&events, format!("p:kprobes/mine do_exit\n{stale}")).unwrap();
    let answer = run(&root, &[]);
    assert_eq!(answer.exit, Exit::Usage, "{}", answer.err);
    let written = fs::read_to_string(&events).unwrap();
    let group = format!("teeleak_{}", process::id());
    assert!(!left.exists());
    assert!(written.contains(&format!("-:teeleak_{DEAD}/tee_close\n")), "{written}");
    assert!(!written.contains("-:kprobes"), "{written}");
    let count = |what: &str| written.lines().filter(|line| line.starts_with(what)).count();
    assert_eq!(count(&format!("p:{group}/")), 5, "{written}");
    assert_eq!(count(&format!("r256:{group}/")), 5, "{written}");
    assert!(count(&format!("-:{group}/tee_")) >= 10, "{written}");
}

#[test]
fn what_is_missing_is_said_with_what_brings_it() {
    let root = scratch("missing");
    let place = root.join("sys/kernel/tracing");
    let expect = |brings: &str| {
        let answer = run(&root, &[]);
        assert_eq!(answer.exit, Exit::Blind, "{}", answer.err);
        assert!(answer.err.contains(brings), "{brings}: {}", answer.err);
    };
    expect("mount -t tracefs");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("trace"), "").unwrap();
    expect("CONFIG_KPROBE_EVENTS=y");
    tracefs(&root, "");
    fs::write(place.join("README"), "$stack, $retval, $comm, $arg<N>,\n").unwrap();
    expect("Linux 6.9");
    tracefs(&root, "");
    // Where the probes are refused, as the kernel does without the driver.
    fs::remove_file(place.join("kprobe_events")).unwrap();
    fs::create_dir(place.join("kprobe_events")).unwrap();
    expect("is not locked down");
    fs::write(root.join("proc/kallsyms"), "0 t optee_open_session\t[optee]\n").unwrap();
    expect("modprobe optee");
}
