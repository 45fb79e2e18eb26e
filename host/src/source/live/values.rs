//! Requests that use value parameters only, for a TEE without memory left to map ours.

use teeleak_proto::{
    command::TaCommand,
    tee_result::{BAD_PARAMETERS, BAD_STATE},
    values::{self, PIECE_BYTES, REQUEST_BYTES, Words},
};

use super::Device;
use crate::error::{TeeError, TeeOperation};

/// What failed requests are called in errors.
const SENDING: TeeOperation = TeeOperation::Other("sending a values-only request");

/// Most attempts when other clients use the same exchange.
const ATTEMPTS: u32 = 16;

/// Runs a command; returns the size of its reply in bytes.
pub(super) fn ask(
    device: &mut dyn Device,
    command: TaCommand,
    request: &[u8],
    reply: &mut [u8],
) -> Result<usize, TeeError> {
    let mut attempt = 1;
    loop {
        match try_ask(device, command, request, reply) {
            Err(error) if error.result == BAD_STATE && attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}

fn try_ask(
    device: &mut dyn Device,
    command: TaCommand,
    request: &[u8],
    reply: &mut [u8],
) -> Result<usize, TeeError> {
    let size = u32::try_from(request.len()).unwrap_or(u32::MAX);
    if request.len() > REQUEST_BYTES {
        return Err(TeeError { result: BAD_PARAMETERS, request: SENDING });
    }
    let mut words: Words = [command as u32, size, 0, 0, 0, 0, 0, 0];
    values::pack(&mut words[2..], request);
    let [used, ticket, ..] = device.exchange(values::BEGIN, words)?;
    let n_bytes = usize::try_from(used).unwrap_or(usize::MAX).min(reply.len());
    let pieces = reply[..n_bytes].chunks_mut(PIECE_BYTES);
    for (offset, piece) in (0u32..).step_by(PIECE_BYTES).zip(pieces) {
        let words = device.exchange(values::READ, [offset, ticket, 0, 0, 0, 0, 0, 0])?;
        values::unpack(&words, piece);
    }
    Ok(n_bytes)
}
