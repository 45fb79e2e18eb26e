//! The virtio port to the guest's init: lines of words, both ways.
//!
//! `run ID USER`, `kill ID` and `off` go in; `ready` and `done ID CODE` come
//! out.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{LabError, Result};

/// How long QEMU may take to connect.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);
/// How often a wait looks whether it is in vain.
const LOOK: Duration = Duration::from_millis(500);

/// What the guest has said so far.
#[derive(Debug, Default)]
struct Said {
    ready: bool,
    gone: bool,
    codes: HashMap<u32, i32>,
}

#[derive(Debug, Default)]
struct Shared {
    said: Mutex<Said>,
    news: Condvar,
}

/// Waits for QEMU to connect.
#[derive(Debug)]
pub(super) struct Listener {
    listener: UnixListener,
}

/// The connection to a guest.
#[derive(Debug)]
pub(super) struct Control {
    stream: UnixStream,
    shared: Arc<Shared>,
}

/// How a wait for a command ended.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// The command ended with this code.
    Code(i32),
    /// QEMU or the guest ended.
    GuestGone,
    /// The caller gave a reason to stop waiting.
    Given(String),
    /// The time was up.
    TimedOut,
}

impl Control {
    /// Makes the socket that QEMU connects to.
    pub(super) fn listen(path: &Path) -> Result<Listener> {
        let listener = UnixListener::bind(path).map_err(LabError::io("listen on", path))?;
        Ok(Listener { listener })
    }

    /// Sends one line.
    pub(super) fn send(&mut self, line: &str) -> Result<()> {
        let send = write_line(&mut self.stream, line);
        send.map_err(LabError::io("send to", Path::new("the guest")))
    }

    /// Waits until the guest takes commands, which counts as code 0.
    pub(super) fn wait_ready(&self, limit: Duration, why: impl FnMut() -> Option<String>) -> Ended {
        self.wait(limit, why, |said| said.ready.then_some(0))
    }

    /// Waits for the end of command `id`; `why` may give a reason to stop.
    pub(super) fn wait_done(
        &self,
        id: u32,
        limit: Duration,
        why: impl FnMut() -> Option<String>,
    ) -> Ended {
        self.wait(limit, why, |said| said.codes.get(&id).copied())
    }

    fn wait(
        &self,
        limit: Duration,
        mut why: impl FnMut() -> Option<String>,
        found: impl Fn(&Said) -> Option<i32>,
    ) -> Ended {
        let end = Instant::now() + limit;
        let mut said = lock(&self.shared);
        loop {
            if let Some(code) = found(&said) {
                return Ended::Code(code);
            }
            if said.gone {
                return Ended::GuestGone;
            }
            if let Some(reason) = why() {
                return Ended::Given(reason);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ended::TimedOut;
            }
            let waited = self.shared.news.wait_timeout(said, left.min(LOOK));
            said = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn on(stream: UnixStream) -> Result<Self> {
        let place = Path::new("the control socket");
        let reader = stream.try_clone().map_err(LabError::io("open", place))?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        thread::spawn(move || listen_to(reader, &theirs));
        Ok(Self { stream, shared })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Ends the reading thread, too.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

impl Listener {
    /// Waits for QEMU, but not for a QEMU that has ended.
    pub(super) fn accept(self, child: &mut Child) -> Result<Control> {
        let place = Path::new("the control socket");
        self.listener.set_nonblocking(true).map_err(LabError::io("set up", place))?;
        let end = Instant::now() + CONNECT_LIMIT;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(LabError::io("set up", place))?;
                    return Control::on(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(LabError::io("accept on", place)(error)),
            }
            if let Ok(Some(status)) = child.try_wait() {
                return Err(LabError::Unusable(format!("QEMU ended at once ({status})")));
            }
            if Instant::now() > end {
                return Err(LabError::Unusable("QEMU did not connect".into()));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Writes a line in one piece: a shell forgets the beginning of a line if a child of its ends before
/// the rest has come.
fn write_line(out: &mut impl Write, line: &str) -> io::Result<()> {
    out.write_all(format!("{line}\n").as_bytes())
}

fn lock(shared: &Shared) -> MutexGuard<'_, Said> {
    shared.said.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen_to(stream: UnixStream, shared: &Shared) {
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { break };
        note(&line, &mut lock(shared));
        shared.news.notify_all();
    }
    lock(shared).gone = true;
    shared.news.notify_all();
}

fn note(line: &str, said: &mut Said) {
    let mut words = line.split_whitespace();
    match words.next() {
        Some("ready") => said.ready = true,
        Some("done") => {
            let id = words.next().and_then(|word| word.parse().ok());
            let code = words.next().and_then(|word| word.parse().ok());
            if let (Some(id), Some(code)) = (id, code) {
                said.codes.insert(id, code);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Control, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Control::on(ours).unwrap(), theirs)
    }

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn replies_are_distinguished_by_id() {
        let (control, mut guest) = pair();
        writeln!(guest, "ready\ndone 2 7\nnoise\ndone x 1\ndone 1 0").unwrap();
        assert_eq!(control.wait_ready(LONG, || None), Ended::Code(0));
        assert_eq!(control.wait_done(1, LONG, || None), Ended::Code(0));
        assert_eq!(control.wait_done(2, LONG, || None), Ended::Code(7));
    }

    #[test]
    fn a_wait_ends_with_the_guest_the_reason_or_the_time() {
        let (control, guest) = pair();
        let short = Duration::from_millis(1);
        assert_eq!(control.wait_done(1, short, || None), Ended::TimedOut);
        let reason = control.wait_done(1, LONG, || Some("panic".into()));
        assert_eq!(reason, Ended::Given("panic".into()));
        drop(guest);
        assert_eq!(control.wait_done(1, LONG, || None), Ended::GuestGone);
    }

    /// Counts the writes.
    struct Pieces(Vec<Vec<u8>>);

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_written_in_one_piece() {
        let mut pieces = Pieces(Vec::new());
        write_line(&mut pieces, "run 1 root").unwrap();
        assert_eq!(pieces.0, [b"run 1 root\n"]);
    }

    #[test]
    fn commands_reach_the_other_side() {
        let (mut control, guest) = pair();
        control.send("run 1 root").unwrap();
        let mut line = String::new();
        BufReader::new(guest).read_line(&mut line).unwrap();
        assert_eq!(line, "run 1 root\n");
    }
}
