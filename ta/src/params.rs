//! The parameters of a command: one input memref and one output memref, or values only.

use core::{ptr, slice};

use optee_utee::{
    RawParams,
    raw::{Memref, TEE_PARAM_TYPE_MEMREF_INPUT, TEE_PARAM_TYPE_MEMREF_OUTPUT, Value},
};
use teeleak_proto::{
    limits,
    values::{self, Words},
};
use teeleak_ta_logic::Refusal;

/// `TEE_PARAM_TYPES(MEMREF_INPUT, MEMREF_OUTPUT, NONE, NONE)`.
const TYPES: u32 = TEE_PARAM_TYPE_MEMREF_INPUT | TEE_PARAM_TYPE_MEMREF_OUTPUT << 4;

/// A request in client memory, which may change at any time.
pub(crate) struct Request {
    from: *const u8,
    size: usize,
}

/// A private copy of a request.
pub(crate) struct Copied([u8; limits::REQUEST_BYTES]);

impl Copied {
    pub(crate) const fn new() -> Self {
        Self([0; limits::REQUEST_BYTES])
    }

    /// Copies a request, once.
    pub(crate) fn copy(&mut self, request: &Request) -> &[u8] {
        let size = request.size.min(self.0.len());
        // SAFETY: `check` got the request's address and size from the TEE, which maps both for the
        // time of the command; `self.0` is ours alone and holds `size` bytes.
        unsafe { ptr::copy_nonoverlapping(request.from, self.0.as_mut_ptr(), size) };
        &self.0[..size]
    }
}

/// Checks types, addresses and sizes without reading client memory.
pub(crate) fn check(types: u32, params: &mut RawParams) -> Result<(Request, &mut [u8]), Refusal> {
    if types != TYPES {
        return Err(Refusal::BadParameters);
    }
    let (request, reply) = (memref(params, 0), memref(params, 1));
    if request.buffer.is_null() || request.size > limits::REQUEST_BYTES {
        return Err(Refusal::BadParameters);
    }
    if reply.size < limits::REPLY_BYTES_MIN {
        return Err(Refusal::ShortBuffer(limits::REPLY_BYTES_MIN));
    }
    if reply.buffer.is_null() {
        return Err(Refusal::BadParameters);
    }
    let size = reply.size.min(limits::REPLY_BYTES_MAX);
    // SAFETY: The TEE maps the memref of an output for writing for the time of the command. The
    // normal world may write there as well, but it is never read, so nothing depends on it.
    let reply = unsafe { slice::from_raw_parts_mut(reply.buffer.cast(), size) };
    Ok((Request { from: request.buffer.cast_const().cast(), size: request.size }, reply))
}

/// Sets the size of the reply, or the needed size. Parameter 1 must be a memref, as after
/// [`check`].
pub(crate) fn set_reply_size(params: &mut RawParams, size: usize) {
    params[1].memref.size = size;
}

fn memref(params: &RawParams, n: usize) -> Memref {
    // SAFETY: Either variant of the union is plain data that libutee has set, and `check` has seen
    // that this one is a memref.
    unsafe { params[n].memref }
}

/// The values of a values-only command.
pub(crate) fn words(types: u32, params: &RawParams) -> Result<Words, Refusal> {
    if types != values::TYPES {
        return Err(Refusal::BadParameters);
    }
    let mut words = Words::default();
    for (words, param) in words.as_chunks_mut().0.iter_mut().zip(params) {
        // SAFETY: Either variant of the union is plain data that libutee has set, and the types say
        // that this one is a value.
        let Value { a, b } = unsafe { param.value };
        *words = [a, b];
    }
    Ok(words)
}

/// Sets the values of the reply. The parameters must be values, as after [`words`].
pub(crate) fn set_words(params: &mut RawParams, words: &Words) {
    for (param, [a, b]) in params.iter_mut().zip(words.as_chunks().0) {
        param.value = Value { a: *a, b: *b };
    }
}
