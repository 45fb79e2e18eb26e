//! The socket for dump requests: a one-line request, a one-line answer.
//!
//! ```text
//! > dump
//! < ok /var/lib/teeleak/dump-1795283200-asked.tlk        or: error TEXT
//! ```

use std::{
    fs::{self, Permissions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::{
        fd::{AsFd as _, BorrowedFd},
        unix::{
            fs::PermissionsExt as _,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};

use crate::source::live::TimeSource;

/// Name of the socket in the folder.
const NAME: &str = "watch.sock";

/// Name of the socket until its permissions are set.
const CLOSED: &str = "watch.sock.closed";

/// The request.
const REQUEST: &[u8] = b"dump\n";

/// Maximum number of simultaneous callers; more have to wait.
const CALLERS: usize = 64;

/// How long a caller may take to send its request.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shortest time between two requested dumps.
const BETWEEN: Duration = Duration::from_secs(1);

/// How long a caller waits for the answer: a TEE that is out of memory returns its snapshot a few
/// bytes at a time, and without the watch hardly any data is available then.
const ANSWER: Duration = Duration::from_secs(90);

/// Longest answer, in bytes.
const ANSWER_BYTES: u64 = 8 << 10;

struct SocketCaller {
    stream: UnixStream,
    since: Duration,
    request: Vec<u8>,
}

impl SocketCaller {
    fn is_ready(&self) -> bool {
        self.request == REQUEST
    }

    /// Reads the request so far; returns false when the caller can be dropped.
    fn listen(&mut self, now: Duration) -> bool {
        let mut bytes = [0; REQUEST.len()];
        while self.request.len() < REQUEST.len() {
            let room = REQUEST.len() - self.request.len();
            match self.stream.read(&mut bytes[..room]) {
                Ok(0) => return false,
                Ok(n) => self.request.extend_from_slice(&bytes[..n]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        if !REQUEST.starts_with(&self.request) {
            let _ = self.stream.write(b"error expected the request `dump`\n");
            return false;
        }
        self.is_ready() || now.saturating_sub(self.since) < PATIENCE
    }
}

/// The listening socket and its callers.
pub(super) struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
    callers: Vec<SocketCaller>,
    answered: Option<Duration>,
}

impl ControlSocket {
    /// Creates the socket, for the owner of the folder only; the caller must hold the folder's lock.
    ///
    /// # Errors
    /// When the socket can't be created.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let (path, closed) = (folder.join(NAME), folder.join(CLOSED));
        let open = || {
            let _ = fs::remove_file(&closed);
            let listener = UnixListener::bind(&closed)?;
            listener.set_nonblocking(true)?;
            fs::set_permissions(&closed, Permissions::from_mode(0o600))?;
            // A socket of a dead process is replaced.
            fs::rename(&closed, &path)?;
            io::Result::Ok(listener)
        };
        let listener = open().with_context(|| format!("cannot listen on {}", path.display()))?;
        Ok(Self { listener, path, callers: Vec::new(), answered: None })
    }

    /// Accepts callers and reads their requests; returns how many wait for a dump that may be taken now.
    pub(super) fn look(&mut self, now: Duration) -> usize {
        while self.callers.len() < CALLERS {
            // Callers that could not be accepted may try again.
            let Ok((stream, _)) = self.listener.accept() else { break };
            if stream.set_nonblocking(true).is_ok() {
                self.callers.push(SocketCaller { stream, since: now, request: Vec::new() });
            }
        }
        self.callers.retain_mut(|caller| caller.listen(now));
        if self.answered.is_some_and(|last| now.saturating_sub(last) < BETWEEN) {
            return 0;
        }
        // Ready callers come first, in the order of arrival.
        self.callers.sort_by_key(|caller| !caller.is_ready());
        let ready_count = self.callers.iter().filter(|caller| caller.is_ready()).count();
        if ready_count > 0 {
            self.answered = Some(now);
        }
        ready_count
    }

    /// Answers the first callers.
    pub(super) fn answer(&mut self, callers: usize, answer: &Result<PathBuf, String>) {
        let text = match answer {
            Ok(path) => format!("ok {}\n", path.display()),
            Err(error) => format!("error {}\n", error.replace('\n', " ")),
        };
        for mut caller in self.callers.drain(..callers.min(self.callers.len())) {
            // It fits into the socket's buffer; a caller that has gone needs no answer.
            let _ = caller.stream.write(text.as_bytes());
        }
    }

    /// Waits for callers or for `other` to become readable, for `most` at most.
    pub(super) fn wait(
        &self,
        time: &dyn TimeSource,
        other: Option<BorrowedFd<'_>>,
        most: Duration,
    ) {
        let mut fds: Vec<_> = other.into_iter().collect();
        if self.callers.len() < CALLERS {
            fds.push(self.listener.as_fd());
        }
        let silent: Vec<_> = self.callers.iter().filter(|caller| !caller.is_ready()).collect();
        fds.extend(silent.iter().map(|caller| caller.stream.as_fd()));
        let timeout = if silent.is_empty() { most } else { most.min(PATIENCE) };
        let timeout = if self.callers.is_empty() { timeout } else { timeout.min(BETWEEN) };
        time.wait(&fds, timeout);
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // If it remains, the next start replaces it.
        let _ = fs::remove_file(&self.path);
    }
}

/// The outcome of a dump request.
#[derive(Debug)]
pub(crate) enum DumpAnswer {
    /// The dump was taken.
    Dump(PathBuf),
    /// A watch is running, but could not take it.
    Refused(String),
    /// No watch is running.
    Nobody(io::Error),
}

/// Requests a dump from the watch of this folder.
pub(crate) fn ask(folder: &Path) -> DumpAnswer {
    let stream = match UnixStream::connect(folder.join(NAME)) {
        Ok(stream) => stream,
        Err(error) => return DumpAnswer::Nobody(error),
    };
    match try_ask(stream) {
        Ok(answer) => match (answer.strip_prefix("ok "), answer.strip_prefix("error ")) {
            (Some(path), _) => DumpAnswer::Dump(PathBuf::from(path)),
            (None, Some(error)) => DumpAnswer::Refused(error.to_owned()),
            (None, None) => DumpAnswer::Refused("it exited without an answer".to_owned()),
        },
        Err(error) => {
            let seconds = ANSWER.as_secs();
            DumpAnswer::Refused(format!("no answer within {seconds} s ({error}): is it stopped?"))
        }
    }
}

fn try_ask(mut stream: UnixStream) -> io::Result<String> {
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(REQUEST)?;
    let mut answer = String::new();
    stream.take(ANSWER_BYTES).read_to_string(&mut answer)?;
    Ok(answer.trim_end_matches('\n').to_owned())
}
