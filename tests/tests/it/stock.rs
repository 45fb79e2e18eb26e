//! An OP-TEE without our PTA, simulated: what its statistics PTA reports, and what it prints.

use std::{fs, path::PathBuf};

use teeleak::Exit;
use teeleak_proto::Uuid;
use teeleak_tests::{Answer, Printed, Stock, World, golden, teeleak};

use crate::support::{DRM, folder};

/// Dumps before the first iteration that counts: one is thrown away, one is before everything, three
/// are idle, two warm up.
const DUMPS_BEFORE: u32 = 1 + 1 + 3 + 2;

/// An empty file of its own for each test.
fn scratch(name: &str) -> PathBuf {
    let path = folder("stock").join(name);
    fs::write(&path, "").unwrap();
    path
}

fn heap(lost: u32) -> Vec<Printed> {
    vec![
        ("core/mm/mobj.c", 377, 56, 4 + 2 * lost),
        ("core/mm/tee_mm.c", 231, 32, 7 + lost),
        ("lib/libutils/isoc/bget_malloc.c", 936, 16, 1),
    ]
}

/// Prints to a file; each measured iteration loses two allocations at one site and one at another.
fn leaking(console: &std::path::Path) -> Stock {
    let heap = |dump: u32| heap(dump.saturating_sub(DUMPS_BEFORE));
    Stock { console: Some(console.into()), heap: Some(Box::new(heap)), ..Stock::default() }
}

fn run(stock: Stock, console: &std::path::Path, more: &[&str]) -> Answer {
    let arguments =
        [&["run", "-n", "12", "--console", console.to_str().unwrap()], more, &["--", "true"]];
    World::stock(stock).run(&arguments.concat())
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.out).unwrap_or_else(|_| panic!("{}{}", answer.out, answer.err))
}

#[test]
fn counters_of_both_struct_sizes_are_shown() {
    for element_bytes in [56, 64] {
        let answer = World::stock(Stock { element_bytes, ..Stock::default() }).run(&["snapshot"]);
        assert_eq!(answer.exit, Exit::Blind, "{}", answer.err);
        golden("snapshot.stock.txt", &answer.out);
        assert!(answer.err.contains("--console"), "{}", answer.err);
    }
    let answer = World::stock(Stock { element_bytes: 72, ..Stock::default() }).run(&["snapshot"]);
    assert!(answer.out.contains("uses 72 bytes per pool"), "{}", answer.out);
}

#[test]
fn a_ta_that_was_not_asked_has_no_heap_of_zero() {
    let uuid = Uuid::parse(DRM).unwrap();
    let other = Uuid::parse("23fe83ec-2b7b-4b16-a872-7b927e6e4557").unwrap();
    let tas = vec![(uuid, 1, ("", [1_000, 2_000, 32_768, 0, 0, 0])), (other, 0, ("", [0; 6]))];
    for element_bytes in [56, 64] {
        let stock = Stock { element_bytes, tas: Some(tas.clone()), ..Stock::default() };
        let answer = World::stock(stock).run(&["snapshot", "--ta-stats"]);
        assert_eq!(answer.exit, Exit::Blind, "{}", answer.err);
        golden("snapshot.ta-stats.txt", &answer.out);
    }
}

#[test]
fn a_dump_on_the_console_is_a_census() {
    let console = scratch("census");
    let name = console.to_str().unwrap();
    let stock = Stock {
        console: Some(console.clone()),
        heap: Some(Box::new(|_| heap(0))),
        ..Stock::default()
    };
    let world = World::stock(stock);
    let answer = world.run(&["snapshot", "--console", name]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    golden("snapshot.console.txt", &answer.out);
    golden("snapshot.console.json", &world.run(&["snapshot", "--json", "--console", name]).out);
}

#[test]
fn a_leak_is_found_on_the_console_and_again_in_the_capture() {
    let console = scratch("leak");
    let capture = scratch("leak.tlk");
    let capture = capture.to_str().unwrap();
    let answer = run(leaking(&console), &console, &["-o", capture]);
    assert_eq!(answer.exit, Exit::Leak, "{}{}", answer.out, answer.err);
    golden("run.console.txt", &answer.out);
    let again = teeleak(&["report", capture]);
    assert_eq!(again.exit, Exit::Leak);
    assert_eq!(again.out.replace(capture, "/dev/tee0"), answer.out);
}

#[test]
fn nothing_lost_is_clean_and_says_what_was_not_seen() {
    let console = scratch("clean");
    let stock = Stock { heap: Some(Box::new(|_| heap(0))), ..leaking(&console) };
    let answer = run(stock, &console, &[]);
    assert_eq!(answer.exit, Exit::Clean, "{}{}", answer.out, answer.err);
    for unseen in ["sessions", "regions", "events", "owners and epochs"] {
        assert!(answer.out.contains(unseen), "{unseen} is not reported as unseen:\n{}", answer.out);
    }
}

#[test]
fn without_malloc_debug_nothing_is_clean() {
    let console = scratch("no-mdbg");
    let answer = run(Stock { heap: None, ..leaking(&console) }, &console, &[]);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert!(answer.out.contains("CFG_TEE_CORE_MALLOC_DEBUG=y"), "{}", answer.out);
}

#[test]
fn a_console_without_marks_is_read_until_it_is_silent() {
    let console = scratch("no-marks");
    let stock = Stock { marks: false, heap: Some(Box::new(|_| heap(0))), ..leaking(&console) };
    let answer =
        World::stock(stock).run(&["snapshot", "--json", "--console", console.to_str().unwrap()]);
    let census = json(&answer);
    assert_eq!(census["sites"].as_array().unwrap().len(), 3);
    assert!(
        census["not_observed"]
            .as_array()
            .unwrap()
            .iter()
            .all(|gap| gap["what"] != "allocation sites")
    );
}

#[test]
fn another_console_is_reported() {
    let (console, other) = (scratch("printed"), scratch("other"));
    let answer =
        World::stock(leaking(&console)).run(&["snapshot", "--console", other.to_str().unwrap()]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.out.contains("did not arrive in time"), "{}", answer.out);
    assert!(answer.out.contains("check that OP-TEE prints to this console"), "{}", answer.out);
}

#[test]
fn damaged_lines_and_other_trouble_are_reported() {
    let console = scratch("damaged");
    let noise = "I/TC: buffer: 56 byt\nE/TC:0 0 print_oom:181 Memory allocation failed: size 64 context 0xe1\n";
    let stock = Stock { noise, heap: Some(Box::new(|_| heap(0))), ..leaking(&console) };
    let answer = run(stock, &console, &["--json"]);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    let report = json(&answer);
    let unseen = report["not_observed"].as_array().unwrap();
    let sites = unseen.iter().find(|gap| gap["what"] == "allocation sites").unwrap();
    assert_eq!(sites["n_lost"], 1 + 3 + 2 + 12, "{sites:#}");
    assert!(answer.out.contains("Memory allocation failed"), "{}", answer.out);
}

#[test]
fn lines_that_cannot_be_read_are_not_taken_for_none() {
    let console = scratch("unreadable");
    let noise = "I/TC: buffer: 56 byt\n";
    let stock = Stock { noise, heap: Some(Box::new(|_| Vec::new())), ..leaking(&console) };
    let answer = World::stock(stock).run(&["snapshot", "--console", console.to_str().unwrap()]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.out.contains("the input is damaged here, 1 object lost"), "{}", answer.out);
}

#[test]
fn a_capture_cut_anywhere_invents_nothing() {
    let console = scratch("cut");
    let whole = scratch("cut.whole.tlk");
    let stock = Stock { heap: Some(Box::new(|_| heap(0))), ..leaking(&console) };
    let answer = run(stock, &console, &["-o", whole.to_str().unwrap()]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.out);
    let bytes = fs::read(&whole).unwrap();
    let cut = scratch("cut.tlk");
    for at in (10..bytes.len()).step_by(bytes.len() / 100) {
        fs::write(&cut, &bytes[..at]).unwrap();
        let answer = teeleak(&["report", "--json", cut.to_str().unwrap()]);
        assert_eq!(answer.exit, Exit::Blind, "cut at {at}: {}", answer.out);
        let input = &json(&answer)["coverage"]["input"];
        let parts = ["parsed", "ignored", "rejected"].map(|name| input[name].as_u64().unwrap());
        assert_eq!(input["read"].as_u64(), Some(parts.iter().sum()), "cut at {at}");
    }
}

#[test]
fn doctor_tries_the_console() {
    let console = scratch("doctor");
    let name = console.to_str().unwrap();
    let world = World::stock(leaking(&console));
    let answer = world.run(&["doctor", "--console", name, "--ta-stats"]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.out);
    golden("doctor.console.txt", &answer.out);
    let world = World::stock(Stock { heap: None, ..leaking(&console) });
    let answer = world.run(&["doctor", "--console", name]);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.out.contains("marks, but no allocations between them"), "{}", answer.out);
}

#[test]
fn a_console_that_is_none_is_bad_input() {
    let answer = World::stock(Stock::default()).run(&["snapshot", "--console", "/nonexistent"]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("cannot read the console /nonexistent"), "{}", answer.err);
}

#[test]
fn without_a_statistics_pta_the_switch_is_named() {
    let console = scratch("no-stats");
    let arguments = ["snapshot", "--console", console.to_str().unwrap()];
    let answer = World { node: true, ..World::without_tee() }.run(&arguments);
    assert_eq!(answer.exit, Exit::Blind);
    assert!(answer.err.contains("CFG_WITH_STATS=y"), "{}", answer.err);
}
