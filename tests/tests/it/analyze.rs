//! `teeleak analyze` on the logs of `tests/fixtures/log`.

use std::fs;

use teeleak::Exit;
use teeleak_tests::{Answer, teeleak};

use crate::support::{fixture, folder};

fn log(name: &str) -> String {
    fixture(&format!("log/{name}"))
}

fn analyze(arguments: &[&str]) -> Answer {
    teeleak(&[&["analyze"], arguments].concat())
}

#[test]
fn the_field_report_is_solved_by_its_log() {
    let log = log("3.11.vendor-channel-switches.log");
    let words =
        ["--mark", "switch-channel: loop", "--rules", "secure-video", "--protocol", "secure-video"];
    let answer = analyze(&[&words[..], &[&log]].concat());
    assert_eq!(answer.exit, Exit::Order, "{}", answer.out);
    assert!(answer.out.contains("close_channel came before unmap"), "{}", answer.out);
    assert!(answer.out.contains("core/arch/arm/mm/mobj.c:168"), "{}", answer.out);
}

#[test]
fn dumps_alone_show_a_leak() {
    let answer = analyze(&[&log("3.18.dumps-back-to-back.log")]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert!(answer.out.contains("core/mm/mobj.c:101"), "{}", answer.out);
}

#[test]
fn recordings_of_a_real_optee_say_what_leaked() {
    let answer = analyze(&[&log("4.10.qemu-dumps-of-a-region-leak.log")]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert!(answer.out.contains("320 bytes per iteration stay allocated"), "{}", answer.out);
    // Every session of that workload is closed.
    assert!(!answer.out.contains("session of sessions"), "{}", answer.out);
    let answer = analyze(&[&log("4.10.qemu-sessions-that-a-ta-leaks.log")]);
    let leaked =
        "5 sessions of TA f375a27f-9f12-45e4-982d-bc6a4a3227f8 acquired and never released";
    assert!(answer.out.contains(leaked), "{}", answer.out);
}

#[test]
fn a_log_without_records_is_not_clean() {
    for name in ["3.11.vendor-nine-regions.log", "3.11.sessions-that-leak.log"] {
        let answer = analyze(&[&log(name)]);
        assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
        assert!(answer.out.contains("CFG_TEE_CORE_MALLOC_DEBUG=y"), "{}", answer.out);
    }
}

#[test]
fn an_incident_is_shown_with_its_call_stack() {
    let answer = analyze(&[&log("3.11.vendor-oom-with-call-stack.log")]);
    assert!(answer.out.contains("Memory allocation failed: size 7689"), "{}", answer.out);
    assert!(answer.out.contains("0x24b0a149 core+0xa149"), "{}", answer.out);
}

#[test]
fn every_line_is_accounted_for() {
    let rejected = folder("analyze/rejected").join("lines");
    let path = rejected.display().to_string();
    let answer = analyze(&["--json", "--rejected", &path, &log("4.8.shared-uart.log")]);
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let input = &report["coverage"]["input"];
    let of = |name: &str| input[name].as_u64().unwrap();
    assert_eq!(of("read"), of("parsed") + of("ignored") + of("rejected"));
    let lines = fs::read_to_string(rejected).unwrap();
    assert_eq!(lines.lines().count() as u64, of("rejected"));
    assert!(lines.contains("4.8.shared-uart.log:7: message is garbled"), "{lines}");
}

#[test]
fn any_number_of_threads_says_the_same() {
    let all = log("");
    let answers: Vec<_> =
        ["1", "2", "5"].map(|n| analyze(&["--json", "--threads", n, &all]).out).into();
    assert!(answers[0].len() > 1000);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[test]
fn mistakes_say_where_they_are() {
    let rules = folder("analyze/mistakes").join("rules.toml");
    fs::write(&rules, "[[rule]]\nstep = 'map'\npattern = '('\n").unwrap();
    let path = rules.display().to_string();
    let answer = analyze(&["--rules", &path, &log("4.8.shared-uart.log")]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(
        answer.err.contains("mistakes in rules\n  x not a valid regular expression"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("rules.toml:3:11]\n"), "{}", answer.err);
    assert!(answer.err.contains("\n 3 | pattern = '('\n   :           ^^^\n"), "{}", answer.err);
    let protocol = folder("analyze/mistakes").join("protocol.toml");
    fs::write(&protocol, "[protocol.p]\nresource.r = {}\nstep.s = { acquire = 'R' }\n").unwrap();
    let path = protocol.display().to_string();
    let answer = analyze(&["--protocol", &path, &log("4.8.shared-uart.log")]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("x unknown resource `R`\n"), "{}", answer.err);
    assert!(answer.err.contains("protocol.toml:3:22]\n"), "{}", answer.err);
    assert!(answer.err.contains("  help: did you mean `r`?\n"), "{}", answer.err);
    let answer = analyze(&["--mark", "(", &log("4.8.shared-uart.log")]);
    assert_eq!(answer.exit, Exit::Usage);
    let answer = analyze(&["no-such-file.log"]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("cannot open no-such-file.log"), "{}", answer.err);
}
