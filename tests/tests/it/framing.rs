//! `teeleak analyze` on texts as people pass them on: wrapped, quoted, stamped, in archives.

use std::fs;

use teeleak::Exit;
use teeleak_tests::{Answer, teeleak};

use crate::support::{fixture, folder};

fn analyze(file: &str) -> Answer {
    teeleak(&["analyze", file])
}

fn log(name: &str) -> Answer {
    analyze(&fixture(&format!("log/{name}")))
}

#[track_caller]
fn assert_has(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(answer.out.contains(text), "expected {text:?} in\n{}\n{}", answer.out, answer.err);
    }
}

#[test]
fn lines_that_a_form_or_a_mailer_broke_are_joined() {
    let answer = log("4.2.lines-cut-by-a-form-and-by-a-mailer.log");
    assert_has(
        &answer,
        &[
            "Memory allocation failed: size 3344, about a91d0c3e-52f7-4b1e-8f0a-6c7e21d4b955",
            "Memory allocation failed: size 1216, about os_test",
            "17 lines continued the line before and were joined to it",
            "22 lines had mail quotes, which were removed",
            "52 read, 48 used, 4 unrelated, 0 damaged",
        ],
    );
    // Each stack ends with its own incident.
    let mut stacks = answer.out.split("TA panicked with code 0xffff000c").skip(1);
    let first = stacks.next().and_then(|rest| rest.split("Memory allocation").next());
    assert!(first.is_some_and(|stack| !stack.contains("core+0x")), "{}", answer.out);
}

#[test]
fn what_apps_print_about_buffers_is_unrelated() {
    let answer = log("4.6.what-apps-print-about-buffers.log");
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert_has(&answer, &["core/tee/tee_svc_storage.c:212 (96 bytes)", "0 damaged"]);
    assert!(!answer.out.contains("queue.c"), "{}", answer.out);
}

#[test]
fn pool_tables_are_read_behind_any_stamp() {
    let answer = log("4.7.pool-tables-behind-stamps.log");
    assert_has(
        &answer,
        &[
            "fragmentation: a request of 24,576 bytes failed although 130,560 bytes were free",
            "42 read, 37 used",
        ],
    );
}

#[test]
fn archives_are_opened() {
    for archive in ["report.zip", "report.tgz"] {
        let answer = analyze(&fixture(&format!("archive/{archive}")));
        assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
        let skipped =
            format!("1 file in {} skipped: not text", fixture(&format!("archive/{archive}")));
        assert_has(&answer, &["core/mm/mobj.c:101", &skipped]);
    }
}

#[test]
fn a_damaged_archive_is_no_clean_log() {
    let bytes = fs::read(fixture("archive/report.zip")).unwrap();
    let path = folder("framing/damaged").join("cut.zip");
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let answer = analyze(&path.display().to_string());
    assert_eq!(answer.exit, Exit::Usage, "{}", answer.out);
    assert!(answer.err.contains("cannot list the archive"), "{}", answer.err);
}

#[test]
fn a_file_of_the_other_kind_is_answered_with_its_command() {
    let capture = fixture("capture/4.10.0.close-before-unmap-2.tlk");
    let answer = analyze(&capture);
    assert!(answer.err.contains(&format!("type `teeleak report {capture}`")), "{}", answer.err);
    let log = fixture("log/2.4.sect-lines.log");
    let answer = teeleak(&["report", &log]);
    assert!(answer.err.contains(&format!("type `teeleak analyze {log}`")), "{}", answer.err);
}
