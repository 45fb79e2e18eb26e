//! `teeleak watch` on a simulated TEE, by a simulated clock.

use std::{
    cell::{Cell, RefCell},
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    rc::Rc,
    thread,
    time::Duration,
};

use teeleak::{Exit, Interrupt};
use teeleak_proto::{Uuid, pta};
use teeleak_tests::{Answer, Event, Region, Session, Simulated, Site, Tee, World, golden, teeleak};

use crate::support::{DRM, empty};

/// When a simulated clock begins, in seconds.
const BEGIN: u64 = 3600;

/// An empty folder of its own for each test.
fn scratch(name: &str) -> PathBuf {
    empty("watch", name)
}

fn site(line: u16, size: u32, count: u32) -> Site {
    Site { file: "core/mm/mobj.c", line, size, owner: 1, epoch: 0, count }
}

fn quiet() -> Tee {
    Tee {
        tas: vec![Uuid::parse(DRM).unwrap()],
        sites: vec![site(481, 56, 4), site(650, 184, 3)],
        regions: vec![Region { instance: 1, va: 0x4000_0000, size: 0x2000 }],
        sessions: vec![Session { id: 1, instance: 1 }],
        ..Tee::default()
    }
}

/// Each epoch leaves an allocation.
fn leaky() -> Tee {
    let workload = |tee: &mut Tee, epoch: u32| {
        tee.sites.push(Site { epoch, ..site(530, 32, 1) });
        let event = Event { session: epoch, instance: 1, ..Event::default() };
        tee.events.extend([
            Event { kind: pta::EVENT_OPEN, ..event },
            Event { kind: pta::EVENT_CLOSE, ..event },
        ]);
    };
    Tee { workload: Box::new(workload), heap: 1 << 20, ..quiet() }
}

/// What happens at which second.
type Script = Box<dyn Fn(u64, &mut Tee)>;

/// Watches into `folder` for so many seconds of simulated time.
fn watch(tee: Tee, folder: &Path, seconds: u64, more: &[&str], script: Script) -> Answer {
    let world = World::with(tee).for_seconds(seconds, script);
    world.run(&[&["watch", "--dir", folder.to_str().unwrap()], more].concat())
}

fn nothing() -> Script {
    Box::new(|_, _| ())
}

fn files(folder: &Path, kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(kind);
    let mut files: Vec<_> = entries.filter(named).collect();
    files.sort();
    files
}

fn in_use(folder: &Path) -> u64 {
    files(folder, "").iter().map(|file| file.metadata().map_or(0, |data| data.len())).sum()
}

fn report(file: &Path) -> Answer {
    teeleak(&["report", file.to_str().unwrap()])
}

/// Resident memory of this process in bytes.
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn help_is_printed() {
    golden("watch.help.txt", &teeleak(&["watch", "--help"]).out);
}

#[test]
fn a_window_is_an_ordinary_capture() {
    let folder = scratch("window");
    let answer = watch(leaky(), &folder, 20 * 60, &[], nothing());
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let windows = files(&folder, "window-");
    assert_eq!(windows.len(), 1);
    let window_report = report(&windows[0]);
    assert_eq!(window_report.exit, Exit::Leak, "{}{}", window_report.out, window_report.err);
    for text in ["core/mm/mobj.c:530", "of `watch --census 60`", "canary of 211 bytes found in 2"] {
        assert!(window_report.out.contains(text), "{text}:\n{}", window_report.out);
    }
    assert!(!folder.join("watch.sock").exists());
}

#[test]
fn a_leak_is_reported_once_with_a_dump() {
    let folder = scratch("leak");
    let marker = folder.with_extension("alarms");
    let _ = fs::remove_file(&marker);
    let command = format!("echo \"$TEELEAK_REASON|$TEELEAK_DUMP\" >> {}", marker.display());
    let answer = watch(leaky(), &folder, 40 * 60, &["--on-alarm", &command], nothing());
    assert_eq!(answer.err.matches("alarm: ").count(), 1, "{}", answer.err);
    assert!(answer.err.contains("core/mm/mobj.c:530"), "{}", answer.err);
    let dumps = files(&folder, "dump-");
    assert_eq!(dumps.len(), 1);
    assert!(dumps[0].to_str().unwrap().ends_with("-leak.tlk"));
    let dump_report = report(&dumps[0]);
    assert_eq!(dump_report.exit, Exit::Leak, "{}{}", dump_report.out, dump_report.err);
    assert!(dump_report.out.contains("0 damaged"), "{}", dump_report.out);
    while !fs::read_to_string(&marker).unwrap_or_default().ends_with(".tlk\n") {
        thread::sleep(Duration::from_millis(5));
    }
    let said = fs::read_to_string(&marker).unwrap();
    assert!(said.contains(dumps[0].to_str().unwrap()), "{said}");
}

#[test]
fn failures_and_low_water_are_reported_at_once() {
    let folder = scratch("pools");
    let script = |second, tee: &mut Tee| match second {
        100 => tee.sites.push(site(700, 190_000, 1)),
        110 => tee.failures = (1, 7_000),
        111 => tee.failures = (5, 7_000),
        _ => {}
    };
    let answer = watch(quiet(), &folder, 200, &[], Box::new(script));
    let lines: Vec<_> = answer.err.lines().collect();
    assert_eq!(lines.len(), 3, "{}", answer.err);
    assert!(lines[0].starts_with("teeleak: alarm: core heap: 5,832 of 196,608 bytes left"));
    assert!(lines[1].starts_with("teeleak: alarm: core heap: 1 allocation failed, the largest"));
    assert!(lines[2].starts_with("teeleak: alarm: core heap: 4 allocations failed"));
    let dumps = files(&folder, "dump-");
    assert_eq!(dumps.len(), 3);
    assert!(dumps[0].to_str().unwrap().ends_with("0003700-low-water.tlk"), "{dumps:?}");
}

#[test]
fn a_shortage_that_no_poll_of_the_pools_shows_is_reported_by_its_calls() {
    let folder = scratch("calls");
    let script = |second, tee: &mut Tee| {
        if second == 100 {
            let event = Event { session: 1, instance: 1, cmd: 3, ..Event::default() };
            let failed = Event { kind: pta::EVENT_INVOKE, result: 0xffff_000c, ..event };
            tee.events.extend([failed, failed]);
        }
    };
    let answer = watch(quiet(), &folder, 200, &[], Box::new(script));
    let said = format!(
        "teeleak: alarm: 2 calls returned TEE_ERROR_OUT_OF_MEMORY, the first command 3 of TA {DRM} ("
    );
    assert!(answer.err.starts_with(&said), "{}", answer.err);
    assert_eq!(answer.err.lines().count(), 1, "{}", answer.err);
    let dumps = files(&folder, "dump-");
    assert_eq!(dumps.len(), 1);
    assert!(dumps[0].to_str().unwrap().ends_with("-out-of-memory.tlk"), "{dumps:?}");
}

#[test]
fn a_folder_that_others_may_write_into_is_refused() {
    let folder = scratch("shared");
    fs::create_dir_all(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let answer = watch(quiet(), &folder, 200, &[], Box::new(|_, _| {}));
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("refused: others may write into it (mode 0777)"), "{}", answer.err);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    // Somebody's link in the place of the lock leads nowhere.
    let precious = folder.with_extension("precious");
    std::os::unix::fs::symlink(&precious, folder.join("lock")).unwrap();
    let answer = watch(quiet(), &folder, 200, &[], Box::new(|_, _| {}));
    assert_eq!(answer.exit, Exit::Usage, "{}", answer.err);
    assert!(!precious.exists());
}

#[test]
fn a_wrong_order_is_reported_by_ledger_and_protocol() {
    let folder = scratch("order");
    let protocol = folder.with_extension("toml");
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    let text = format!(
        "[protocol.drm]\nta = \"{DRM}\"\n[protocol.drm.resource]\nchannel = {{}}\n[protocol.drm.step]\n\
         open = {{ acquire = \"channel\", invoke = 0, key = \"value 0.a\" }}\n\
         close = {{ release = \"channel\", invoke = 1, key = \"value 0.a\" }}\n"
    );
    fs::write(&protocol, text).unwrap();
    let script = |second, tee: &mut Tee| {
        if second == 30 {
            let event =
                Event { kind: pta::EVENT_INVOKE, session: 1, instance: 1, ..Event::default() };
            let steps =
                [0, 1, 1].map(|cmd| Event { cmd, values: [7, 0, 0, 0, 0, 0, 0, 0], ..event });
            tee.events.extend(steps);
        }
    };
    let more = ["--protocol", protocol.to_str().unwrap()];
    let answer = watch(quiet(), &folder, 130, &more, Box::new(script));
    assert!(answer.err.contains("ledger detected 1 step in the wrong order"), "{}", answer.err);
    assert!(files(&folder, "dump-")[0].to_str().unwrap().ends_with("-order.tlk"));
}

#[test]
fn a_dead_session_is_opened_again_and_events_are_not_reported_twice() {
    let folder = scratch("dead");
    let script = |second, tee: &mut Tee| match second {
        70 => {
            tee.deaths += 1;
            tee.closed = 0xffff_000c;
            // The PTA clears it when the last session of the TA ends.
            tee.canary = None;
        }
        300 => tee.closed = 0,
        _ => {}
    };
    let answer = watch(leaky(), &folder, 1200, &[], Box::new(script));
    assert_eq!(answer.exit, Exit::Clean);
    assert_eq!(answer.err.matches("TARGET_DEAD").count(), 1, "{}", answer.err);
    assert_eq!(
        answer.err.matches("failed with TEE_ERROR_OUT_OF_MEMORY").count(),
        1,
        "{}",
        answer.err
    );
    assert_eq!(answer.err.matches("session reopened").count(), 1, "{}", answer.err);
    let window_report = report(&files(&folder, "window-")[0]);
    assert!(!window_report.out.contains("double"), "{}", window_report.out);
    let canary = window_report.out.split("canary of 211 bytes found in ").nth(1).unwrap();
    let counts: Vec<_> = canary.split(' ').take(3).collect();
    assert!(counts[0] == counts[2] && counts[0] != "0", "{canary}");
    assert!(window_report.out.contains("core/mm/mobj.c:530"), "{}", window_report.out);
}

#[test]
fn a_session_is_held_while_there_is_no_memory() {
    let folder = scratch("held");
    let script = |second, tee: &mut Tee| match second {
        70 => (tee.refusal, tee.closed) = (0xffff_000c, 0xffff_000c),
        90 => tee.refusal = 0,
        _ => {}
    };
    let answer = watch(quiet(), &folder, 400, &[], Box::new(script));
    assert_eq!(answer.err.matches("OUT_OF_MEMORY").count(), 1, "{}", answer.err);
    assert!(!answer.err.contains("session reopened"), "{}", answer.err);
    assert!(report(&files(&folder, "window-")[0]).out.contains("iterations of `watch"));
}

#[test]
fn a_dump_is_whole_where_the_tee_can_map_no_memory() {
    let folder = scratch("frugal");
    let script = |second, tee: &mut Tee| {
        if second == 95 {
            tee.sites.push(site(700, 190_000, 1));
            (tee.exhausted, tee.closed, tee.failures) = (true, 0xffff_000c, (1, 56));
        }
    };
    let answer = watch(quiet(), &folder, 200, &[], Box::new(script));
    assert_eq!(answer.err.matches("alarm: ").count(), 2, "{}", answer.err);
    assert!(!answer.err.contains("OUT_OF_MEMORY"), "{}", answer.err);
    let dumps = files(&folder, "dump-");
    assert!(dumps[0].to_str().unwrap().ends_with("-alloc-failed.tlk"), "{dumps:?}");
    let out = report(&dumps[0]).out;
    assert!(out.contains("core heap ran out: 56 bytes requested"), "{out}");
    assert!(out.contains("core/mm/mobj.c:700, 190,000 bytes each"), "{out}");
    assert!(out.contains("sites 3, regions 3, sessions 3, pools 3 of 3"), "{out}");
}

#[test]
fn a_suspend_is_followed_by_one_poll() {
    let folder = scratch("suspend");
    let polls = Rc::new(Cell::new(0_u32));
    let counted = Rc::clone(&polls);
    let mut world = World::with(quiet());
    let interrupt = world.interrupt.clone();
    let time: Rc<RefCell<Option<Rc<Simulated>>>> = Rc::default();
    let clock = Rc::clone(&time);
    let simulated = Simulated::new(move |now| {
        counted.set(counted.get() + 1);
        if counted.get() == 5 {
            let slept = now + Duration::from_secs(8 * 3600);
            clock.borrow().as_ref().unwrap().now.set(slept);
        }
        if counted.get() == 10 {
            interrupt.set();
        }
    });
    *time.borrow_mut() = Some(Rc::clone(&simulated));
    world.time = Some(Rc::clone(&simulated));
    let answer = world.run(&["watch", "--dir", folder.to_str().unwrap()]);
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let slept = Duration::from_secs(BEGIN + 8 * 3600 + 10);
    assert_eq!(simulated.now.get(), slept, "a second for each poll, and none at once");
}

#[test]
fn a_second_watch_is_refused() {
    let folder = scratch("second");
    let path = folder.clone();
    let refused: Rc<RefCell<Option<Answer>>> = Rc::default();
    let seen = Rc::clone(&refused);
    let script = move |second, _: &mut Tee| {
        if second == 5 {
            let answer = World::with(quiet()).run(&["watch", "--dir", path.to_str().unwrap()]);
            *seen.borrow_mut() = Some(answer);
        }
    };
    assert_eq!(watch(quiet(), &folder, 10, &[], Box::new(script)).exit, Exit::Clean);
    let refused = refused.take().unwrap();
    assert_eq!(refused.exit, Exit::Usage);
    assert!(refused.err.contains("another process uses this folder"), "{}", refused.err);
}

#[test]
fn a_folder_that_is_none_is_refused() {
    let answer = World::with(quiet()).run(&["watch", "--dir", "/proc/version"]);
    assert_eq!(answer.exit, Exit::Usage);
    assert!(answer.err.contains("cannot keep a window in /proc/version"), "{}", answer.err);
}

/// A week of censuses with leaks, alarms and dumps.
#[test]
fn a_week_keeps_the_cap_and_the_memory() {
    const CAP: u64 = 1 << 20;
    let folder = scratch("week");
    let path = folder.clone();
    let most = Rc::new(Cell::new(0));
    let early = Rc::new(Cell::new(0));
    let (seen, base) = (Rc::clone(&most), Rc::clone(&early));
    let script = move |second: u64, tee: &mut Tee| {
        // What leaks is freed once a day; every third hour an allocation fails.
        if second.is_multiple_of(86_400) {
            tee.sites.truncate(2);
        }
        tee.failures = (1 + second / 10_800, 4096);
        let done = tee.events.len();
        tee.overwritten = done.saturating_sub(512);
        seen.set(seen.get().max(in_use(&path)));
        if second == 36_000 {
            base.set(resident());
        }
    };
    let more = ["--max-bytes", "1MiB", "--poll", "60", "--census", "600"];
    let answer = watch(leaky(), &folder, 7 * 86_400, &more, Box::new(script));
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    assert!(most.get() <= CAP, "{} bytes on disk", most.get());
    assert!(most.get() > CAP / 2, "{} bytes on disk", most.get());
    assert!(answer.err.matches("allocation failed").count() >= 50, "{}", answer.err);
    assert!(answer.err.contains("no room for the oldest"), "{}", answer.err);
    let more = resident().saturating_sub(early.get());
    // The simulated TEE itself keeps all events: 64 bytes each.
    assert!(more < 4 << 20, "{more} bytes more than after ten hours");
    for file in files(&folder, "window-").iter().chain(&files(&folder, "dump-")) {
        let Answer { out, err, .. } = report(file);
        assert!(out.contains("0 damaged"), "{}: {out}{err}", file.display());
    }
}

/// Real time, since callers are.
fn serve(folder: &Path, callers: impl FnOnce(Interrupt) + Send + 'static) -> Answer {
    let world = World::with(quiet());
    let interrupt = world.interrupt.clone();
    let path = folder.join("watch.sock");
    let guest = thread::spawn(move || {
        while !path.exists() {
            thread::sleep(Duration::from_millis(1));
        }
        callers(interrupt.clone());
        interrupt.set();
    });
    let answer = world.run(&["watch", "--dir", folder.to_str().unwrap()]);
    guest.join().unwrap();
    answer
}

fn ask(folder: &Path, request: &[u8]) -> String {
    let mut stream = UnixStream::connect(folder.join("watch.sock")).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn thirty_two_callers_at_once_are_answered() {
    let folder = scratch("callers");
    let path = folder.clone();
    let answer = serve(&folder, move |_| {
        // Two that say nothing, or nonsense, are in nobody's way.
        let _silent = UnixStream::connect(path.join("watch.sock")).unwrap();
        assert!(ask(&path, b"drop\n").starts_with("error expected"));
        let callers: Vec<_> = (0..32)
            .map(|_| {
                let path = path.clone();
                thread::spawn(move || ask(&path, b"dump\n"))
            })
            .collect();
        for caller in callers {
            let answer = caller.join().unwrap();
            let file = answer.trim_end().strip_prefix("ok ").unwrap();
            assert!(fs::metadata(file).is_ok(), "{answer}");
        }
    });
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let dumps = files(&folder, "dump-");
    assert!(!dumps.is_empty() && dumps.len() <= 32);
    assert!(report(&dumps[0]).out.contains("0 damaged"));
}

#[test]
fn a_socket_of_a_dead_process_is_replaced() {
    let folder = scratch("stale");
    fs::create_dir_all(&folder).unwrap();
    drop(std::os::unix::net::UnixListener::bind(folder.join("watch.sock")).unwrap());
    fs::write(folder.join("dump-0000000001-leak.tlk.unfinished"), "half").unwrap();
    let answer = watch(quiet(), &folder, 5, &[], nothing());
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    assert!(files(&folder, "dump-").is_empty());
}
