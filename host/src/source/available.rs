//! Non-blocking reads of the kernel log, a FIFO or a serial port.

use std::{
    fs::File,
    io::{ErrorKind, Read as _, Result},
    ops::ControlFlow,
};

/// The kernel log: each read returns one record (Linux Documentation/ABI/testing/dev-kmsg).
pub(super) const KMSG: &str = "/dev/kmsg";

/// Passes each read to `take` until no data is available or `take` breaks; `file` is non-blocking.
/// Returns whether data was overwritten before it could be read.
pub(super) fn read_available(
    file: &mut File,
    buffer: &mut [u8],
    mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<bool> {
    let mut is_overrun = false;
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok(is_overrun),
            Ok(n) if take(&buffer[..n]).is_break() => return Ok(is_overrun),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(is_overrun),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // The kernel log was overwritten; the next read continues at the oldest record.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => is_overrun = true,
            Err(error) => return Err(error),
        }
    }
}
