//! The workload of an iteration: a child process.

use std::{
    ffi::OsString,
    io,
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::terminal::signals::Interrupt;

/// Longest pause between two polls, so that the event ring is drained before it overflows.
const POLL_MAX: Duration = Duration::from_millis(25);

/// Time between an interrupt and killing the workload.
const GRACE: Duration = Duration::from_secs(3);

/// A running workload.
pub(crate) struct Workload {
    child: Child,
    interrupt: Interrupt,
    asked: Option<Instant>,
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
        let [program, arguments @ ..] = words else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "expected a command, found none",
            ));
        };
        let mut command = Command::new(program);
        prepare(&mut command);
        let child = command.args(arguments).stdout(Stdio::from(io::stderr())).spawn()?;
        Ok(Self {
            child,
            interrupt: interrupt.clone(),
            asked: None,
            pause: Duration::from_millis(1),
        })
    }

    /// Waits a moment; returns the exit status once the workload has ended.
    pub(crate) fn poll(&mut self) -> io::Result<Option<i32>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(code(status)));
        }
        self.end_if_asked()?;
        thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(POLL_MAX);
        Ok(None)
    }

    fn end_if_asked(&mut self) -> io::Result<()> {
        if !self.interrupt.is_set() {
            return Ok(());
        }
        // A terminal sends SIGINT to the workload, too: give it time to exit.
        let interrupt_time = self.asked.get_or_insert_with(Instant::now);
        if interrupt_time.elapsed() > GRACE { self.child.kill() } else { Ok(()) }
    }
}

/// Kills the workload when a run ends early.
impl Drop for Workload {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may exit meanwhile; then both calls fail harmlessly.
            let _ = self.child.kill();
            let _ = self.child.wait();
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

    fn run(words: &[&str]) -> io::Result<i32> {
        let words: Vec<_> = words.iter().map(OsString::from).collect();
        let mut workload = Workload::start(&words, |_| (), &Interrupt::default())?;
        loop {
            if let Some(status) = workload.poll()? {
                return Ok(status);
            }
        }
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
}
