//! Live console text from a growing file, a FIFO, a serial port or the kernel log.

use std::{
    fs::{File, OpenOptions},
    io::{Seek as _, SeekFrom},
    ops::ControlFlow,
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use rustix::{
    fs::OFlags,
    termios::{OptionalActions, Termios, isatty, tcgetattr, tcsetattr},
};

use crate::source::available::{KMSG, read_available};

/// The argument that selects [`KMSG`].
const KMSG_WORD: &str = "kmsg";

/// Bytes per read; a record of the kernel log is shorter.
const READ_BYTES: usize = 64 << 10;

/// Most bytes per call, so that a flood can't block it.
const MOST_BYTES: usize = 4 << 20;

/// A console, read from the moment it is opened.
pub(crate) struct Console {
    file: File,
    path: PathBuf,
    /// Read position in a regular file, in bytes.
    position: Option<u64>,
    /// Original settings of a terminal.
    before: Option<Termios>,
}

impl Console {
    /// Opens a console and skips its earlier text.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let path = if path.as_os_str() == KMSG_WORD { Path::new(KMSG) } else { path };
        Self::try_open(path).with_context(|| format!("cannot read the console {}", path.display()))
    }

    fn try_open(path: &Path) -> Result<Self> {
        // A FIFO without a writer must not block; a serial port must not become our controlling
        // terminal.
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let mut file =
            OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            bail!("expected a file, a FIFO, a serial port or kmsg, found a directory");
        }
        let terminal = kind.is_char_device() && isatty(&file);
        let saved_settings = terminal.then(|| raw(&file)).transpose()?;
        // A network file system may know the size only when queried.
        let end = file.metadata()?.len();
        let position = kind.is_file().then(|| file.seek(SeekFrom::Start(end))).transpose()?;
        if path == Path::new(KMSG) {
            file.seek(SeekFrom::End(0))?;
        }
        Ok(Self { file, path: path.to_owned(), position, before: saved_settings })
    }

    /// Appends the new text; returns whether text was overwritten before it could be read.
    ///
    /// # Errors
    /// When the console can no longer be read.
    pub(crate) fn read(&mut self, text: &mut Vec<u8>) -> Result<bool> {
        let began_again = self.began_again()?;
        let end = text.len() + MOST_BYTES;
        let Self { file, position, path, .. } = self;
        let overrun = read_available(file, &mut vec![0; READ_BYTES], |piece| {
            text.extend_from_slice(piece);
            *position = position.map(|at| at + piece.len() as u64);
            if text.len() < end { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let overrun =
            overrun.with_context(|| format!("cannot read the console {}", path.display()))?;
        Ok(began_again || overrun)
    }

    /// Whether a file was truncated; then reading restarts at its beginning.
    fn began_again(&mut self) -> Result<bool> {
        let Some(position) = self.position else { return Ok(false) };
        if self.file.metadata()?.len() >= position {
            return Ok(false);
        }
        self.position = Some(self.file.seek(SeekFrom::Start(0))?);
        Ok(true)
    }
}

/// Sets a serial port to raw mode without echo and keeps its speed; returns the original settings.
fn raw(file: &File) -> Result<Termios> {
    let settings = tcgetattr(file)?;
    let mut raw = settings.clone();
    raw.make_raw();
    tcsetattr(file, OptionalActions::Now, &raw)?;
    Ok(settings)
}

impl Drop for Console {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // Ignore errors: the port may have disappeared.
            let _ = tcsetattr(&self.file, OptionalActions::Now, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        io::{ErrorKind, Read as _, Write as _},
        process::Command,
    };

    use crate::source::stock::console::*;

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("teeleak-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    fn read(console: &mut Console) -> (String, bool) {
        let mut text = Vec::new();
        let overrun = console.read(&mut text).unwrap();
        (String::from_utf8(text).unwrap(), overrun)
    }

    #[test]
    fn a_file_is_followed_from_its_end() {
        let path = scratch("file");
        fs::write(&path, "before\n").unwrap();
        let mut console = Console::open(&path).unwrap();
        assert_eq!(read(&mut console), (String::new(), false));
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(read(&mut console), ("one\ntw".into(), false));
        file.write_all(b"o\n").unwrap();
        assert_eq!(read(&mut console), ("o\n".into(), false));
        fs::write(&path, "again\n").unwrap();
        assert_eq!(read(&mut console), ("again\n".into(), true));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_fifo_is_read_whoever_writes_when() {
        let path = scratch("fifo");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let mut console = Console::open(&path).unwrap();
        assert_eq!(read(&mut console).0, "");
        for word in ["one\n", "two\n"] {
            fs::write(&path, word).unwrap();
            assert_eq!(read(&mut console).0, word);
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_serial_port_gives_what_it_has_and_hears_nothing() {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let wire = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&wire).unwrap();
        unlockpt(&wire).unwrap();
        let port = ptsname(&wire, Vec::new()).unwrap().into_string().unwrap();
        let mut console = Console::open(Path::new(&port)).unwrap();
        rustix::fs::fcntl_setfl(&wire, OFlags::NONBLOCK).unwrap();
        let mut wire = File::from(wire);
        wire.write_all(b"one\r\ntw").unwrap();
        assert_eq!(read(&mut console), ("one\r\ntw".into(), false), "no line is waited for");
        let echo = wire.read(&mut [0; 16]).unwrap_err();
        assert_eq!(echo.kind(), ErrorKind::WouldBlock, "nothing is sent back");
    }

    #[test]
    fn what_is_no_console_is_said() {
        let said = |path: &str| format!("{:#}", Console::open(Path::new(path)).err().unwrap());
        assert!(said("/").contains("found a directory"));
        assert!(said("/nonexistent").contains("cannot read the console /nonexistent"));
    }
}
