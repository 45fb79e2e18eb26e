//! `teeleak dump`, where all is there and where next to nothing is.

use std::{cell::RefCell, fs, path::Path, path::PathBuf, rc::Rc};

use teeleak::Exit;
use teeleak_proto::Uuid;
use teeleak_tests::{Answer, Region, Session, Simulated, Site, Stock, Tee, World, golden};

use crate::support::{DRM, empty, fixture};

const OUT_OF_MEMORY: u32 = 0xffff_000c;

/// An empty folder of its own for each test.
fn scratch(name: &str) -> PathBuf {
    empty("dump", name)
}

fn site(line: u16, size: u32, count: u32, owner: u16) -> Site {
    Site { file: "core/mm/mobj.c", line, size, owner, epoch: 0, count }
}

fn quiet() -> Tee {
    Tee {
        tas: vec![Uuid::parse(DRM).unwrap()],
        sites: vec![site(481, 56, 40, 1), site(650, 184, 300, 0)],
        regions: vec![Region { instance: 1, va: 0x4000_0000, size: 0x2000 }],
        sessions: vec![Session { id: 1, instance: 1 }],
        ..Tee::default()
    }
}

/// Loses 8 KiB per epoch until nothing is left.
fn exhausting() -> Tee {
    let workload = |tee: &mut Tee, epoch: u32| {
        let used: u64 = tee.sites.iter().map(|site| u64::from(site.size * site.count)).sum();
        if used + 8192 > tee.heap {
            tee.failures = (tee.failures.0 + 1, 8192);
        } else {
            tee.sites.push(Site { epoch, ..site(530, 8192, 1, 1) });
        }
    };
    Tee { workload: Box::new(workload), ..quiet() }
}

fn dump(world: &World, folder: &Path, more: &[&str]) -> Answer {
    let answer = world.run(&[&["dump", "--dir", folder.to_str().unwrap()], more].concat());
    let plain = |text: &str| text.replace(folder.to_str().unwrap(), "DIR");
    Answer { exit: answer.exit, out: plain(&answer.out), err: plain(&answer.err) }
}

/// Watches until the heap was exhausted for a while, and is killed as by SIGKILL: `then` is called with
/// the folder as it is at that moment.
fn watched(folder: &Path, killed: &Path, seconds: u64) -> Rc<RefCell<Tee>> {
    let mut world = World::with(exhausting());
    let tee = Rc::clone(world.tee.as_ref().unwrap());
    let interrupt = world.interrupt.clone();
    let (from, to) = (folder.to_owned(), killed.to_owned());
    world.time = Some(Simulated::new(move |now| {
        if now.as_secs() >= 3600 + seconds && !interrupt.is_set() {
            fs::create_dir_all(&to).unwrap();
            for entry in fs::read_dir(&from).unwrap().flatten() {
                let _ = fs::copy(entry.path(), to.join(entry.file_name()));
            }
            interrupt.set();
        }
    }));
    let answer = world.run(&["watch", "--dir", folder.to_str().unwrap()]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    assert!(answer.err.contains("alarm: core heap: 1 allocation failed"), "{}", answer.err);
    tee
}

#[test]
fn without_a_watch_the_ta_is_asked() {
    let folder = scratch("direct");
    let answer = dump(&World::with(quiet()), &folder, &[]);
    assert_eq!(answer.exit, Exit::Clean, "{}{}", answer.out, answer.err);
    golden("dump.direct.txt", &answer.out);
}

#[test]
fn an_exhausted_heap_without_a_history_is_not_decided() {
    let folder = scratch("exhausted");
    let mut tee = quiet();
    tee.sites.push(site(530, 8192, 16, 1));
    tee.failures = (3, 8192);
    let answer = dump(&World::with(tee), &folder, &[]);
    assert_eq!(answer.exit, Exit::Blind, "{}{}", answer.out, answer.err);
    golden("dump.exhausted.txt", &answer.out);
}

#[test]
fn the_console_says_by_whom_memory_was_asked_for() {
    let folder = scratch("console");
    let mut tee = quiet();
    tee.sites.push(site(530, 8192, 16, 1));
    tee.failures = (3, 8192);
    let world = World::with(tee);
    let logs = fixture("log/");
    let log = |name: &str| format!("{logs}{name}.log");
    let answer = dump(&world, &folder, &["--log", &log("3.11.vendor-oom-with-call-stack")]);
    golden("dump.console.txt", &answer.out.replace(&logs, ""));
    let quiet = dump(&world, &folder, &["--log", &log("2.0.word-prefix-with-thread")]);
    assert!(quiet.out.contains("console log"), "{}", quiet.out);
    assert!(quiet.out.contains("it shows no failed allocation"), "{}", quiet.out);
    assert_eq!(dump(&world, &folder, &["--log", "/nowhere.log"]).exit, Exit::Usage);
}

#[test]
fn what_a_killed_watch_left_says_leak_site_and_ta() {
    let folder = scratch("killed");
    let killed = scratch("killed-copy");
    let tee = watched(&folder, &killed, 20 * 60);
    let world = World { tee: Ok(tee), ..World::with(quiet()) };
    let answer = dump(&world, &killed, &[]);
    assert_eq!(answer.exit, Exit::Leak, "{}{}", answer.out, answer.err);
    assert!(answer.out.starts_with("core heap ran out: 8,192 bytes requested, "));
    golden("dump.killed.txt", &answer.out);
    golden("dump.killed.json", &dump(&world, &killed, &["--json"]).out);
}

#[test]
fn a_report_of_a_dump_says_which_pool_ran_out() {
    let folder = scratch("report");
    watched(&folder, &scratch("report-copy"), 20 * 60);
    let dumps = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut dumps: Vec<_> =
        dumps.filter(|path| path.to_str().unwrap().contains("alloc-failed")).collect();
    dumps.sort();
    let file = dumps[0].to_str().unwrap();
    let answer = World::without_tee().run(&["report", file]);
    assert_eq!(answer.exit, Exit::Leak, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("core heap ran out: 8,192 bytes requested"), "{}", answer.out);
    let answer = World::without_tee().run(&["report", "--json", file]);
    let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(json["out_of_memory"]["pools"][0]["why"], "leak");
    assert_eq!(json["out_of_memory"]["holders_by_site"][0]["line"], 530);
}

#[test]
fn where_the_ta_can_not_be_opened_the_rest_is_shown_with_reasons() {
    let folder = scratch("closed");
    let killed = scratch("closed-copy");
    watched(&folder, &killed, 20 * 60);
    let pools = vec![("Heap", [188_512, 188_512, 196_608, 9, 8192, 188_512])];
    let stock = Stock { pools, ..Stock::default() };
    let world = World { tee: Err(OUT_OF_MEMORY), ..World::stock(stock) };
    let answer = dump(&world, &killed, &[]);
    assert_eq!(answer.exit, Exit::Leak, "{}{}", answer.out, answer.err);
    assert!(answer.out.contains("OUT_OF_MEMORY (0xffff000c)"), "{}", answer.out);
    golden("dump.closed.txt", &answer.out);
}

#[test]
fn where_nothing_can_be_had_each_reason_is_shown() {
    let folder = scratch("nothing");
    let answer = dump(&World::without_tee(), &folder, &[]);
    assert_eq!(answer.exit, Exit::Blind, "{}{}", answer.out, answer.err);
    golden("dump.nothing.txt", &answer.out);
}

#[test]
fn a_ta_that_dies_while_it_is_dumped_leaves_what_the_statistics_show() {
    let folder = scratch("dies");
    let tee = Tee { refusal: 0xffff_3024, ..quiet() };
    let answer = dump(&World::with(tee), &folder, &[]);
    assert_eq!(answer.exit, Exit::Blind, "{}", answer.out);
    assert!(answer.out.contains("TARGET_DEAD"), "{}", answer.out);
    assert!(answer.out.contains("pool counters only"), "{}", answer.out);
}

#[test]
fn the_memory_of_tas_is_shown_by_ta() {
    let folder = scratch("ta-ram");
    let tee = Tee { ta_ram: (1 << 20, 1_000_000), ..quiet() };
    let answer = dump(&World::with(tee), &folder, &[]);
    assert!(answer.out.starts_with("no pool ran out: the fullest is TA memory"), "{}", answer.out);
}

#[test]
fn help_is_printed() {
    golden("dump.help.txt", &World::without_tee().run(&["dump", "--help"]).out);
}
