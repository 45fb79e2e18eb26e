//! `teeleak analyze` on text of strace, recorded in front of a real OP-TEE.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{fs, path::Path};

use teeleak::Exit;
use teeleak_tests::{Answer, golden, teeleak};

fn path(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("fixtures").join(name).display().to_string()
}

fn analyze(arguments: &[&str], name: &str) -> Answer {
    let trace = path(&format!("strace/{name}.strace"));
    let mut answer = teeleak(&[&["analyze"], arguments, &[&*trace]].concat());
    answer.out = answer.out.replace(&path("strace/"), "");
    answer
}

fn compare(arguments: &[&str], name: &str, exit: Exit) {
    let answer = analyze(arguments, name);
    assert_eq!(answer.exit, exit, "{}", answer.err);
    golden(&format!("strace.{name}.txt"), &answer.out);
}

#[test]
fn the_order_of_calls_names_both_processes() {
    let protocol = path("../leaky-ta/player/drm-player.toml");
    let arguments = ["--protocol", &protocol];
    compare(&arguments, "7.2.two-processes-close-before-unmap", Exit::Order);
}

#[test]
fn what_is_not_closed_is_told_with_its_process() {
    compare(&[], "7.2.dups-that-are-never-closed", Exit::Blind);
}

#[test]
fn a_client_that_is_killed_leaves_its_session_to_the_kernel() {
    compare(&[], "7.2.killed-within-a-session", Exit::Blind);
}

#[test]
fn undecoded_ioctls_still_show_descriptors() {
    compare(&[], "7.2.ioctls-shown-as-numbers", Exit::Blind);
}

#[test]
fn what_made_a_task_need_not_be_traced() {
    compare(&[], "7.2.without-clone-and-exec", Exit::Blind);
}

#[test]
fn a_trace_and_a_console_go_together() {
    let log = path("log/4.10.qemu-dumps-of-a-region-leak.log");
    let alone = teeleak(&["analyze", "--json", &log]);
    let trace = path("strace/7.2.two-processes-close-before-unmap.strace");
    let both = teeleak(&["analyze", "--json", &log, "--strace", &trace]);
    assert_eq!((alone.exit, both.exit), (Exit::Leak, Exit::Leak), "{}", both.err);
    assert!(both.out.contains("\"strace\"") && !alone.out.contains("\"strace\""));
}

#[test]
fn files_of_several_tasks_are_read_by_time() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("strace-ff");
    fs::create_dir_all(&folder).unwrap();
    let trace = fs::read_to_string(path("strace/7.2.two-processes-close-before-unmap.strace"));
    let trace = trace.unwrap();
    let mut tasks: Vec<&str> = trace.lines().filter_map(|line| line.split(' ').next()).collect();
    tasks.sort_unstable();
    tasks.dedup();
    for task in tasks {
        let own = trace.lines().filter_map(|line| line.strip_prefix(task));
        let text: String = own.map(|line| format!("{}\n", line.trim_start())).collect();
        fs::write(folder.join(format!("calls.{task}")), text).unwrap();
    }
    let protocol = path("../leaky-ta/player/drm-player.toml");
    let folder = folder.display().to_string();
    let answer = teeleak(&["analyze", "--protocol", &protocol, &folder]);
    assert_eq!(answer.exit, Exit::Order, "{}", answer.out);
    assert!(answer.out.contains("of 2 processes (from strace)"), "{}", answer.out);
}
