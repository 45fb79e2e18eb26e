//! `teeleak report | head`: a reader that closes the pipe early.

use std::io::{self, ErrorKind, Write};

/// A writer whose reader may go away. Further output is then dropped, and the command runs to its
/// end, so that the exit code is still the verdict.
pub struct Quiet<W> {
    inner: W,
    gone: bool,
}

impl<W: Write> Quiet<W> {
    /// Writes to `inner` until its reader goes away.
    pub fn new(inner: W) -> Self {
        Self { inner, gone: false }
    }

    fn unless_gone<T>(
        &mut self,
        otherwise: T,
        write: impl FnOnce(&mut W) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.gone {
            return Ok(otherwise);
        }
        match write(&mut self.inner) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(otherwise)
            }
            written => written,
        }
    }
}

impl<W: Write> Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unless_gone(bytes.len(), |inner| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.unless_gone((), Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use crate::terminal::broken_pipe::*;

    struct Pipe(ErrorKind);

    impl Write for Pipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_is_gone_is_no_error() {
        let mut quiet = Quiet::new(Pipe(ErrorKind::BrokenPipe));
        assert!(quiet.write_all(b"report").is_ok() && quiet.flush().is_ok());
    }

    #[test]
    fn a_full_disk_is_one() {
        let mut quiet = Quiet::new(Pipe(ErrorKind::StorageFull));
        assert_eq!(quiet.write_all(b"report").unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
