//! The screen of a watch in a real terminal: this program runs itself in one, and looks at it as a person
//! would.

use std::{
    fs::{self, File},
    io::{Read as _, Write as _},
    num::NonZero,
    path::{Path, PathBuf},
    process::{Child, Command},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use teeleak::{Exit, Interrupt, Screen, tui};
use teeleak_proto::{Uuid, pta};
use teeleak_tests::{Event, Region, Session, Site, Tee, World};

use crate::support::empty;

/// Folder of the watch, for the one that runs in the terminal.
const FOLDER: &str = "TEELEAK_TERMINAL_TEST";

/// What else than a watch it does there.
const PANIC: &str = "TEELEAK_TERMINAL_PANIC";

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn tee() -> Tee {
    let site =
        |line, epoch| Site { file: "core/mm/mobj.c", line, size: 64, owner: 1, epoch, count: 1 };
    let workload = move |tee: &mut Tee, epoch: u32| {
        tee.sites.push(site(530, epoch));
        let event = Event { session: epoch, instance: 1, ..Event::default() };
        tee.events.push(Event { kind: pta::EVENT_OPEN, ..event });
    };
    Tee {
        tas: vec![Uuid::parse("b3a5a6a6-3e5e-4f0b-9d27-6a1c8e4b7f10").unwrap()],
        sites: vec![site(481, 0), site(650, 0)],
        regions: vec![Region { instance: 1, va: 0x4000_0000, size: 0x2000 }],
        sessions: vec![Session { id: 1, instance: 1 }],
        workload: Box::new(workload),
        ..Tee::default()
    }
}

/// What runs in the terminal; by itself, nothing.
#[test]
fn within_a_terminal() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = folder.into_string().unwrap();
    if std::env::var_os(PANIC).is_some() {
        let mut console = tui::terminal().unwrap();
        console.draw(&mut |_| ()).unwrap();
        panic!("in the middle of it");
    }
    let interrupt = Interrupt::on_signals().unwrap();
    let screen = Screen { unicode: true, ..Screen::default() };
    let world = World { interrupt, screen, ..World::with(tee()) };
    let answer = world.run(&["watch", "--tui", "--census", "1", "--dir", &folder]);
    fs::write(Path::new(&folder).join("said"), &answer.err).unwrap();
    assert_eq!(answer.exit, Exit::Clean, "{}", answer.err);
}

/// A program in a terminal.
struct Terminal {
    main: File,
    child: Child,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    folder: PathBuf,
}

impl Terminal {
    fn start(name: &str, size: (u16, u16), variables: &[&str]) -> Self {
        let folder = empty("terminal", name);
        // Programs that other tests start meanwhile must not hold it open.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let main = openpt(flags).unwrap();
        grantpt(&main).unwrap();
        unlockpt(&main).unwrap();
        tcsetwinsize(&main, winsize(size)).unwrap();
        let path = ptsname(&main, Vec::new()).unwrap().into_string().unwrap();
        let side = || File::options().read(true).write(true).open(&path).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "terminal::within_a_terminal", "--nocapture", "--test-threads=1"]);
        command.env(FOLDER, &folder).env("TERM", "xterm").env_remove("RUST_BACKTRACE");
        command.envs(variables.iter().map(|name| (*name, "1")));
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        let main = File::from(main);
        let mut reader = main.try_clone().unwrap();
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(whole(size.1), whole(size.0), 0);
        Self { main, child, output, screen, folder }
    }

    fn type_in(&mut self, keys: &str) {
        self.main.write_all(keys.as_bytes()).unwrap();
    }

    fn resize(&mut self, size: (u16, u16)) {
        tcsetwinsize(&self.main, winsize(size)).unwrap();
        self.screen.screen_mut().set_size(whole(size.1), whole(size.0));
        self.signal(Signal::WINCH);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until the screen is as it should be.
    fn see(&mut self, what: &str, is: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.screen.screen().contents();
            if is(&text) {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} is not seen:\n{text}");
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before {what}:\n{text}"),
            }
        }
    }

    fn see_text(&mut self, text: &str) {
        self.see(text, |screen| screen.contains(text));
    }

    /// Waits for its end; gives whether all was well, and what it said.
    fn end(mut self) -> (bool, String) {
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.screen.process(&bytes);
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the screen from before is back");
        assert!(!screen.hide_cursor(), "the cursor is back");
        let modes = tcgetattr(&self.main).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO), "lines are typed again");
        let said = fs::read_to_string(self.folder.join("said")).unwrap_or_default();
        (status.success(), said + &screen.contents())
    }
}

fn whole(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).unwrap()
}

fn winsize((columns, rows): (u16, u16)) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

#[test]
fn it_is_watched_sorted_filtered_dumped_and_ended() {
    let mut terminal = Terminal::start("whole", (80, 24), &[]);
    terminal.see_text("core heap");
    terminal.see_text("core/mm/mobj.c:530");
    terminal.type_in("s");
    terminal.see_text("s:bytes");
    terminal.type_in("/650");
    terminal.see_text("filter: 650");
    terminal.type_in("\r");
    terminal.see("only the one", |screen| {
        screen.contains("mobj.c:650") && !screen.contains("mobj.c:530")
    });
    terminal.type_in("\u{1b}");
    terminal.see_text("mobj.c:530");
    terminal.type_in("d");
    terminal.see_text("dump: ");
    terminal.resize((40, 12));
    terminal.see("a small screen", |screen| screen.contains("pools sites TAs"));
    terminal.type_in("?");
    terminal.see_text("end the watch");
    terminal.type_in("q");
    let (well, said) = terminal.end();
    assert!(well, "{said}");
    assert!(said.contains("teeleak: dump: "), "{said}");
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut terminal = Terminal::start(&format!("signal-{}", signal.as_raw()), (80, 24), &[]);
        terminal.see_text("core heap");
        terminal.signal(signal);
        let (well, said) = terminal.end();
        assert!(well, "{said}");
    }
    let mut terminal = Terminal::start("control-c", (80, 24), &[]);
    terminal.see_text("core heap");
    terminal.type_in("\u{3}");
    assert!(terminal.end().0);
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let terminal = Terminal::start("panic", (80, 24), &[PANIC]);
    let (well, said) = terminal.end();
    assert!(!well);
    assert!(said.contains("in the middle of it"), "its words can be read: {said}");
}
