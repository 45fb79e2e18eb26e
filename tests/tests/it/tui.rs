//! The screen of a watch: on a simulated TEE at three sizes, and in a real terminal.

use std::{
    cell::RefCell, collections::VecDeque, fs, io, os::fd::BorrowedFd, path::PathBuf, rc::Rc,
};

use teeleak::{
    Exit,
    tui::{
        ConsoleInput, TuiConsole,
        ratatui::{Frame, Terminal, backend::TestBackend},
    },
};
use teeleak_proto::{Uuid, pta};
use teeleak_tests::{Answer, Event, Region, Session, Site, Tee, World, golden, teeleak};

use crate::support::{DRM, empty, folder};

fn scratch(name: &str) -> PathBuf {
    empty("tui", name)
}

/// Each epoch leaves an allocation, a region and a session.
fn leaky() -> Tee {
    let site =
        |line, size, epoch| Site { file: "core/mm/mobj.c", line, size, owner: 1, epoch, count: 1 };
    let workload = move |tee: &mut Tee, epoch: u32| {
        tee.sites.push(site(530, 2048, epoch));
        let va = 0x5000_0000 + u64::from(epoch) * 0x1000;
        tee.regions.push(Region { instance: 1, va, size: 0x1000 });
        tee.sessions.push(Session { id: 10 + epoch, instance: 1 });
        let event = Event { session: 10 + epoch, instance: 1, ..Event::default() };
        tee.events.extend([
            Event { kind: pta::EVENT_OPEN, ..event },
            Event { kind: pta::EVENT_INVOKE, cmd: 1, ..event },
        ]);
    };
    Tee {
        tas: vec![Uuid::parse(DRM).unwrap()],
        sites: vec![site(481, 56, 0), site(650, 184, 0)],
        regions: vec![Region { instance: 1, va: 0x4000_0000, size: 0x2000 }],
        sessions: vec![Session { id: 1, instance: 1 }],
        workload: Box::new(workload),
        ..Tee::default()
    }
}

/// What is typed, each at the next look, and the screen as it was last.
struct Script {
    typed: VecDeque<Option<ConsoleInput>>,
    screen: String,
    looks: u64,
}

/// A terminal that nobody sees.
struct Fake {
    terminal: Terminal<TestBackend>,
    script: Rc<RefCell<Script>>,
}

impl TuiConsole for Fake {
    fn input(&mut self) -> io::Result<Option<ConsoleInput>> {
        let mut script = self.script.borrow_mut();
        Ok(script.typed.pop_front().flatten())
    }

    fn draw(&mut self, paint: &mut dyn FnMut(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(paint).unwrap();
        let mut script = self.script.borrow_mut();
        script.looks += 1;
        let buffer = self.terminal.backend().buffer();
        let rows = buffer.content.chunks(buffer.area.width.into());
        let row = |row: &[teeleak::tui::ratatui::buffer::Cell]| {
            row.iter().map(teeleak::tui::ratatui::buffer::Cell::symbol).collect::<String>()
        };
        script.screen = rows.map(|cells| row(cells).trim_end().to_owned() + "\n").collect();
        Ok(())
    }

    fn waits_for(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Watches for so many seconds on a screen of this size, with `keys` typed one at each look after
/// `wait` of them; gives the last screen.
fn screen(
    size: (u16, u16),
    seconds: u64,
    (wait, keys): (usize, &str),
    name: &str,
) -> (Answer, String) {
    let mut typed: VecDeque<_> = std::iter::repeat_n(None, wait).collect();
    // Each look ends with the first `None`.
    typed.extend(keys.chars().flat_map(|key| [Some(ConsoleInput::letter(key)), None]));
    let script = Rc::new(RefCell::new(Script { typed, screen: String::new(), looks: 0 }));
    let seen = Rc::clone(&script);
    let mut world = World::with(leaky()).for_seconds(seconds, |_, _| ());
    world.console = Some(Box::new(move || {
        let terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        Box::new(Fake { terminal, script: Rc::clone(&seen) })
    }));
    let folder = scratch(name);
    let line = ["watch", "--tui", "--poll", "10", "--dir", folder.to_str().unwrap()];
    let answer = world.run(&line);
    let screen = script.borrow().screen.clone();
    (answer, screen.replace(folder.to_str().unwrap(), "DIR"))
}

#[test]
fn each_size_is_kept() {
    for (width, height) in [(40, 12), (80, 24), (160, 48)] {
        let name = format!("{width}x{height}");
        let (answer, screen) = screen((width, height), 12 * 60 + 5, (0, ""), &name);
        assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
        golden(&format!("tui.{name}.txt"), &screen);
    }
}

#[test]
fn each_panel_is_kept_on_a_small_screen() {
    let mut screens = String::new();
    for (n, keys) in ["1", "2s", "3", "4", "5", "6", "?", "2/650"].into_iter().enumerate() {
        let (answer, screen) = screen((40, 12), 5 * 60 + 5, (5, keys), &format!("panel-{n}"));
        assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
        screens += &format!("--- {keys}\n{screen}");
    }
    golden("tui.panels.txt", &screens);
}

#[test]
fn a_dump_is_taken_and_the_end_comes_when_asked_for() {
    let (answer, screen) = screen((80, 24), 3600, (100, "dq"), "dump");
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let dumps = fs::read_dir(scratch_of("dump")).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_str().unwrap().ends_with("-asked.tlk")
    });
    assert_eq!(dumps.count(), 1);
    assert!(screen.contains("dump: dump-"), "{screen}");
    assert!(answer.err.contains("teeleak: dump: "), "it is said again: {}", answer.err);
}

fn scratch_of(name: &str) -> PathBuf {
    folder("tui").join(name)
}

/// The screen asks the TEE for nothing: the same is found in the window, frame by frame.
#[test]
fn the_window_is_the_same_without_a_screen() {
    let (answer, _) = screen((80, 24), 1200, (0, ""), "with");
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
    let folder = scratch("without");
    let world = World::with(leaky()).for_seconds(1200, |_, _| ());
    let plain = world.run(&["watch", "--poll", "10", "--dir", folder.to_str().unwrap()]);
    let said =
        |answer: &Answer, name: &str| answer.err.replace(scratch_of(name).to_str().unwrap(), "DIR");
    assert_eq!(said(&answer, "with"), said(&plain, "without"));
    let window = |name: &str| {
        let file = scratch_of(name).join("window-0000000000.tlk");
        let report = teeleak(&["report", "-v", file.to_str().unwrap()]);
        report.out.replace(file.to_str().unwrap(), "WINDOW")
    };
    assert_eq!(window("with"), window("without"));
}
