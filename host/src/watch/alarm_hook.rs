//! The user's shell command for alarms: one at a time, never blocking the watch.

use std::{
    collections::VecDeque,
    io::{self, Write},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process_group};

/// Time limit of a command, after which it is killed.
const MOST: Duration = Duration::from_secs(60);

/// Alarms that wait for the command to end; older ones are dropped.
const WAITING: usize = 8;

/// Runs a command for each alarm.
pub(super) struct AlarmHook {
    command: Option<String>,
    /// Whether its output goes to standard error.
    heard: bool,
    running: Option<(Child, Duration)>,
    waiting: VecDeque<(String, Option<PathBuf>)>,
}

impl AlarmHook {
    pub(super) fn new(command: Option<String>, heard: bool) -> Self {
        Self { command, heard, running: None, waiting: VecDeque::new() }
    }

    /// Runs the command for an alarm, after those that wait.
    pub(super) fn add(
        &mut self,
        reason: &str,
        dump: Option<&Path>,
        err: &mut dyn Write,
    ) -> Result<()> {
        if self.command.is_none() {
            return Ok(());
        }
        self.waiting.push_back((reason.to_owned(), dump.map(Path::to_owned)));
        if self.waiting.len() > WAITING {
            self.waiting.pop_front();
            writeln!(err, "teeleak: --on-alarm is too slow: dropped an alarm")?;
        }
        Ok(())
    }

    /// Checks the running command, and starts the next one.
    pub(super) fn look(&mut self, now: Duration, err: &mut dyn Write) -> Result<()> {
        if let Some((child, since)) = &mut self.running {
            match child.try_wait() {
                Ok(None) if now.saturating_sub(*since) < MOST => return Ok(()),
                Ok(None) => {
                    writeln!(err, "teeleak: --on-alarm took over {} s: killed", MOST.as_secs())?;
                    kill(child);
                }
                Ok(Some(status)) if !status.success() => {
                    writeln!(err, "teeleak: --on-alarm failed: {status}")?;
                }
                Ok(Some(_)) => {}
                Err(error) => writeln!(err, "teeleak: cannot wait for --on-alarm: {error}")?,
            }
            self.running = None;
        }
        if let (Some(command), Some((reason, dump))) = (&self.command, self.waiting.pop_front()) {
            match start(command, (&reason, dump.as_deref()), self.heard) {
                Ok(child) => self.running = Some((child, now)),
                Err(error) => writeln!(err, "teeleak: cannot run --on-alarm: {error}")?,
            }
        }
        Ok(())
    }
}

fn start(command: &str, (reason, dump): (&str, Option<&Path>), heard: bool) -> io::Result<Child> {
    let sink = || if heard { Stdio::from(io::stderr()) } else { Stdio::null() };
    Command::new("sh")
        .args(["-c", command])
        .env("TEELEAK_REASON", reason)
        .env("TEELEAK_DUMP", dump.unwrap_or(Path::new("")))
        .stdin(Stdio::null())
        .stdout(sink())
        .stderr(sink())
        // So that its child processes are killed with it.
        .process_group(0)
        .spawn()
}

fn kill(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = group {
        // A group that ended meanwhile can't be killed.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use crate::watch::alarm_hook::*;

    #[test]
    fn one_at_a_time_and_none_for_ever() {
        let file = std::env::temp_dir().join(format!("teeleak-action-{}", std::process::id()));
        let command =
            format!("echo \"$TEELEAK_REASON $TEELEAK_DUMP\" >> {}; exec sleep 600", file.display());
        let mut action = AlarmHook::new(Some(command), true);
        let mut err = Vec::new();
        for n in 0..10 {
            action.add(&format!("alarm {n}"), Some(Path::new("/d.tlk")), &mut err).unwrap();
        }
        action.look(Duration::ZERO, &mut err).unwrap();
        while std::fs::read_to_string(&file).unwrap_or_default().is_empty() {
            std::thread::yield_now();
        }
        action.look(Duration::from_secs(59), &mut err).unwrap();
        assert_eq!(action.waiting.len(), WAITING - 1);
        action.command = None;
        action.look(Duration::from_secs(60), &mut err).unwrap();
        assert!(action.running.is_none());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "alarm 2 /d.tlk\n");
        let said = String::from_utf8(err).unwrap();
        assert_eq!(said.matches("dropped an alarm").count(), 2, "{said}");
        assert!(said.ends_with("teeleak: --on-alarm took over 60 s: killed\n"), "{said}");
        std::fs::remove_file(file).unwrap();
    }
}
