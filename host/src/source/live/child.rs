//! The workload of an iteration: a process of its own.

use std::{
    ffi::OsString,
    io,
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Interrupt;

/// Longest pause between two looks, so that the event ring is read before it is full.
const POLL_MAX: Duration = Duration::from_millis(25);

/// How long a workload may take to end after an interrupt before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// A workload that runs.
pub(crate) struct Workload {
    child: Child,
    interrupt: Interrupt,
    asked: Option<Instant>,
    pause: Duration,
}

impl Workload {
    /// Starts `words`, after `prepare` had its way. What it prints goes to standard error, since
    /// standard output is the report's.
    pub(crate) fn start(
        words: &[OsString],
        prepare: impl FnOnce(&mut Command),
        interrupt: &Interrupt,
    ) -> io::Result<Self> {
        let [program, arguments @ ..] = words else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "no command was given"));
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

    /// Waits a moment; gives the exit status once there is one.
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
        // A terminal sends SIGINT to the workload, too: it has a moment to end by itself.
        let interrupt_time = self.asked.get_or_insert_with(Instant::now);
        if interrupt_time.elapsed() > GRACE { self.child.kill() } else { Ok(()) }
    }
}

/// Nothing is left running when a run ends early.
impl Drop for Workload {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may end by itself in between: then there is nothing to do.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// As a shell tells it: the exit code, or 128 plus the signal.
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use crate::source::live::child::*;

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
    fn tells_how_it_ended() {
        assert_eq!(run(&["true"]).unwrap(), 0);
        assert_eq!(run(&["sh", "-c", "exit 7"]).unwrap(), 7);
        assert_eq!(run(&["sh", "-c", "kill -9 $$"]).unwrap(), 128 + 9);
    }

    #[test]
    fn a_missing_program_is_an_error() {
        assert_eq!(run(&["/nonexistent"]).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
