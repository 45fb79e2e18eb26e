//! Files of the user's own: rules, protocols and messages that fit nothing, and results in words.

use std::fs;

use serde_json::Value;
use teeleak::Exit;
use teeleak_tests::{Answer, teeleak};

use crate::support::folder;

const RULES: &str = r"
[[rule]]
step = 'map'
pattern = 'buf_map: ch (?<channel>\d+) pa (?<pa>0x[0-9a-f]+) ret \[(?<result>[^\]]*)\]'
[[rule]]
step = 'unmap'
pattern = 'buf_unmap: ch (?<channel>\d+) pa (?<pa>0x[0-9a-f]+) ret \[(?<result>[^\]]*)\]'
";

const PROTOCOL: &str = "
[protocol.buffers.resource]
mapping = { scope = 'global' }
[protocol.buffers.step]
map = { acquire = 'mapping', key = 'named pa' }
unmap = { release = 'mapping', key = 'named pa' }
";

/// Analyses a text with files of the user's own.
fn analyze(name: &str, text: &str, files: &[(&str, &str)], further: &[&str]) -> Answer {
    let folder = folder(&format!("user-files/{name}"));
    let write = |file: &str, text: &str| {
        let path = folder.join(file);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut arguments = vec!["analyze".to_owned(), write("uart.log", text)];
    for (option, text) in files {
        arguments.push(format!("--{option}"));
        arguments.push(write(&format!("{option}.toml"), text));
    }
    arguments.extend(further.iter().map(ToString::to_string));
    teeleak(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn rules_that_fit_nothing_show_the_nearest_lines() {
    let text =
        "booting\n[  10.1] video: buf_map: channel 3 pa=0x5a000000 ret=0\n[  10.2] clock: on\n";
    let answer = analyze("near", text, &[("rules", RULES)], &["--protocol", "secure-video"]);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    for wanted in [
        "rules.toml: no line matches any of its patterns",
        "uart.log:2 [  10.1] video: buf_map: channel 3 pa=0x5a000000 ret=0",
        "next change a pattern so that it matches such a line",
        "protocol secure-video: no event is one of its steps",
        "next turn such lines into its steps (close_channel, map, open_channel and unmap) with",
    ] {
        assert!(answer.out.contains(wanted), "{wanted}\n{}", answer.out);
    }
    assert!(!answer.out.contains("clock: on"), "{}", answer.out);
}

#[test]
fn a_log_of_equal_dumps_is_not_clean_if_a_protocol_was_not_checked() {
    let dump = "I/TC: buffer: 40 bytes core/kernel/user_ta.c:390\n\
                I/TC: buffer: 88 bytes core/tee/tee_obj.c:77\n";
    let text: String = (0..12).map(|round| format!("{dump}D/TC: round {round}\n")).collect();
    let mark = ["--mark", "round"];
    let answer = analyze("equal", &text, &[], &mark);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.out);
    let answer =
        analyze("equal", &text, &[], &[&mark[..], &["--protocol", "secure-video"]].concat());
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    let headline = "inconclusive: protocol secure-video: no event is one of its steps";
    assert!(answer.out.starts_with(headline), "{}", answer.out);
}

#[test]
fn messages_that_fit_nothing_are_listed_and_no_doubt() {
    let messages = "component = 'player'\nlines = ['normal']\n[[message]]\n\
                    pattern = 'player: no buffers left'\nwhat = 'error'\nmeans = 'all are in use'\n";
    let text = "player: no more buffers\n";
    let answer = analyze("messages", text, &[("messages", messages)], &["--json"]);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    let unused = &report["unused_files"][0];
    assert_eq!((&unused["kind"], &unused["nearest"][0]["at"]), (&"messages".into(), &1.into()));
    let doubts = report["doubts"].as_array().unwrap();
    assert!(doubts.iter().all(|doubt| !doubt.as_str().unwrap().contains("messages")), "{doubts:?}");
    let fitting =
        analyze("fit", "player: no buffers left\n", &[("messages", messages)], &["--json"]);
    let report: Value = serde_json::from_str(&fitting.out).unwrap();
    assert!(report.get("unused_files").is_none(), "{}", fitting.out);
}

#[test]
fn a_result_in_words_is_shown_in_words() {
    let mut text = String::new();
    for (at, result) in ["out of memory", "TEE_ERROR_BUSY", "-12", "ffff000c"].iter().enumerate() {
        text += &format!("buf_map: ch 3 pa {:#x} ret [ok]\n", (at + 1) << 12);
        text += &format!("buf_unmap: ch 3 pa {:#x} ret [{result}]\n", (at + 1) << 12);
    }
    let files = [("rules", RULES), ("protocol", PROTOCOL)];
    let answer = analyze("words", &text, &files, &["-v"]);
    assert!(answer.out.contains("first with \"out of memory\""), "{}", answer.out);
    assert!(
        !answer.out.contains("GENERIC") && !answer.out.contains("0xffff0000"),
        "{}",
        answer.out
    );
    let answer = analyze("words-json", &text, &files, &["--json"]);
    let report: Value = serde_json::from_str(&answer.out).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let evidence = findings.iter().flat_map(|one| one["evidence"].as_array().unwrap());
    let steps: Vec<_> = evidence.filter_map(|one| one["steps"].as_array()).flatten().collect();
    let failed = steps.iter().find(|step| step["result"] == "out of memory");
    assert!(failed.is_none_or(|step| step["result_code"].is_null()), "{steps:?}");
}
