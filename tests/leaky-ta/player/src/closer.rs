//! The other process: it has a session of its own and closes the channels that it is given.

use std::{
    env,
    io::{BufRead, BufReader, Write, stdin, stdout},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, bail};

use crate::tee::Tee;

/// The other process, as seen from this one.
pub(crate) struct Closer {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Closer {
    /// Starts it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .arg("--closer")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("can't start the other process")?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        let from = BufReader::new(from.context("the other process has no output")?);
        Ok(Self { child, to, from })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it close a channel, and waits until it has.
    pub(crate) fn close(&mut self, channel: u32) -> anyhow::Result<()> {
        let to = self.to.as_mut().context("the other process has no input")?;
        writeln!(to, "{channel}")?;
        let mut answer = String::new();
        self.from.read_line(&mut answer)?;
        match answer.trim() {
            "closed" => Ok(()),
            other => bail!("the other process: {other:?} instead of \"closed\""),
        }
    }

    /// Lets it end.
    pub(crate) fn end(mut self) -> anyhow::Result<()> {
        drop(self.to.take());
        let status = self.child.wait()?;
        if !status.success() {
            bail!("the other process: {status}");
        }
        Ok(())
    }
}

/// Is the other process.
pub(crate) fn serve() -> anyhow::Result<()> {
    let mut tee = Tee::open()?;
    for line in stdin().lines() {
        let line = line?;
        let channel = line.parse().with_context(|| format!("not a channel: {line:?}"))?;
        tee.close_channel(channel)?;
        println!("closed");
        stdout().flush()?;
    }
    Ok(())
}
