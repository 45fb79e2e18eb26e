//! What there is to be read of something that goes on: the kernel's log, a FIFO, a serial port.

use std::{
    fs::File,
    io::{ErrorKind, Read as _, Result},
    ops::ControlFlow,
};

/// The kernel's log: each read gives one record (Linux Documentation/ABI/testing/dev-kmsg).
pub(super) const KMSG: &str = "/dev/kmsg";

/// Hands over what there is, read by read, until there is no more or `take` has enough; `file` does not
/// block. Says whether something was overwritten before it could be read.
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
            // Of the kernel's log; the next read goes on with what is left.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => is_overrun = true,
            Err(error) => return Err(error),
        }
    }
}
