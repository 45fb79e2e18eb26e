//! The workload of an iteration: a child process.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::terminal::signals::Interrupt;

/// Longest pause between two polls.
const POLL_MAX: Duration = Duration::from_millis(25);

/// Time between a request to end and killing the workload, and between that and giving up on it: a
/// process in a call into the TEE can't be killed.
const GRACE: Duration = Duration::from_secs(3);

/// Time that a workload has to end by itself before an interrupt is passed on to it.
const SOON: Duration = Duration::from_millis(250);

/// A running workload.
pub(crate) struct Workload {
    child: Child,
    /// Whether it has a process group of its own.
    group: bool,
    interrupt: Interrupt,
    began: Instant,
    asked: Option<Instant>,
    /// Whether the interrupt was passed on.
    passed_on: bool,
    pause: Duration,
}

impl Workload {
    /// Starts the command `words` after `prepare` has adjusted it. Its output goes to standard
    /// error, since standard output is for the report.
    pub(crate) fn start(
        words: &[OsString],
        prepare: impl FnOnce(&mut Command),
        interrupt: &Interrupt,
    ) -> io::Result<Self> {
        Self::spawn(words, prepare, interrupt, false)
    }

    /// As [`Self::start`], in a process group of its own, so that all of it can be ended. No such
    /// group may read from the terminal: there it reads nothing.
    pub(crate) fn start_group(
        words: &[OsString],
        prepare: impl FnOnce(&mut Command),
        interrupt: &Interrupt,
    ) -> io::Result<Self> {
        let prepare_group = |command: &mut Command| {
            prepare(command);
            command.process_group(0);
            if io::stdin().is_terminal() {
                command.stdin(Stdio::null());
            }
        };
        Self::spawn(words, prepare_group, interrupt, true)
    }

    fn spawn(
        words: &[OsString],
        prepare: impl FnOnce(&mut Command),
        interrupt: &Interrupt,
        group: bool,
    ) -> io::Result<Self> {
        let [program, arguments @ ..] = words else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "expected a command, found none",
            ));
        };
        let mut command = Command::new(program);
        prepare(&mut command);
        let child = command.args(arguments).stdout(Stdio::from(io::stderr())).spawn()?;
        let (interrupt, began) = (interrupt.clone(), Instant::now());
        let (asked, passed_on, pause) = (None, false, Duration::from_millis(1));
        Ok(Self { child, group, interrupt, began, asked, passed_on, pause })
    }

    /// Time since its start.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits a moment; returns the exit status once the workload has ended.
    pub(crate) fn poll(&mut self) -> io::Result<Option<i32>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(code(status)));
        }
        self.end_if_asked();
        thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(POLL_MAX);
        Ok(None)
    }

    /// Ends it, politely at first; returns whether it has ended.
    pub(crate) fn end(&mut self) -> bool {
        self.signal(Signal::TERM);
        if self.has_ended_within(GRACE) {
            // What it leaves behind in its group does not get a second chance.
            self.signal_group(Signal::KILL);
            return true;
        }
        self.signal(Signal::KILL);
        self.has_ended_within(GRACE)
    }

    fn has_ended_within(&mut self, most: Duration) -> bool {
        let until = Instant::now() + most;
        loop {
            // An error means that there is no such child any more.
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            thread::sleep(POLL_MAX);
        }
    }

    fn end_if_asked(&mut self) {
        if !self.interrupt.is_set() {
            return;
        }
        // A terminal sends SIGINT to the workload, too, unless it has a group of its own: give it
        // time to exit, and at first to end by itself.
        let time = self.asked.get_or_insert_with(Instant::now).elapsed();
        if time > GRACE {
            self.signal(Signal::KILL);
        } else if time > SOON && !std::mem::replace(&mut self.passed_on, true) {
            self.signal_group(Signal::INT);
        }
    }

    /// Sends a signal. It may exit meanwhile; then this fails harmlessly.
    fn signal(&self, signal: Signal) {
        if self.group {
            self.signal_group(signal);
        } else if let Some(pid) = self.pid() {
            let _ = kill_process(pid, signal);
        }
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(pid) = self.pid().filter(|_| self.group) {
            // Where nobody is left in the group, this fails harmlessly.
            let _ = kill_process_group(pid, signal);
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

/// Ends the workload when a run ends early.
impl Drop for Workload {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::KILL);
            self.has_ended_within(GRACE);
        }
    }
}

/// The status as in a shell: the exit code, or 128 plus the signal.
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use crate::source::live::workload::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    fn run(program: &[&str]) -> io::Result<i32> {
        let mut workload = Workload::start(&words(program), |_| (), &Interrupt::default())?;
        loop {
            if let Some(status) = workload.poll()? {
                return Ok(status);
            }
        }
    }

    fn group(script: &str) -> Workload {
        Workload::start_group(&words(&["sh", "-c", script]), |_| (), &Interrupt::default()).unwrap()
    }

    #[test]
    fn the_status_is_that_of_a_shell() {
        assert_eq!(run(&["true"]).unwrap(), 0);
        assert_eq!(run(&["sh", "-c", "exit 7"]).unwrap(), 7);
        assert_eq!(run(&["sh", "-c", "kill -9 $$"]).unwrap(), 128 + 9);
    }

    #[test]
    fn a_missing_program_is_an_error() {
        assert_eq!(run(&["/nonexistent"]).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn all_of_it_ends() {
        let mut workload = group("sleep 60 & sleep 60; true");
        thread::sleep(Duration::from_millis(200));
        let began = Instant::now();
        assert!(workload.end());
        assert!(began.elapsed() < GRACE);
        let group = workload.child.id().to_string();
        let until = Instant::now() + GRACE;
        while n_running(&group) > 0 {
            assert!(Instant::now() < until, "somebody is left");
            thread::sleep(POLL_MAX);
        }
    }

    /// Processes of a group that are no zombies.
    fn n_running(group: &str) -> usize {
        let stats = std::fs::read_dir("/proc").unwrap().flatten();
        let stats =
            stats.filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
        let is_member = |stat: &String| {
            // pid (comm) state ppid pgrp ...
            let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
            fields[2] == group && fields[0] != "Z"
        };
        stats.filter(is_member).count()
    }

    #[test]
    fn one_that_does_not_listen_is_killed() {
        let mut workload = group("trap '' TERM; while true; do sleep 1; done");
        thread::sleep(Duration::from_millis(200));
        assert!(workload.end());
        assert!(workload.age() >= GRACE);
    }
}
