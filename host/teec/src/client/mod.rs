//! Sessions over libteec.
//!
//! A temporary memref is registered and unregistered with every command: four more world switches
//! for two of them, and objects in the core heap meanwhile. Permanently registered memory avoids
//! both, and remains usable when the TEE has no room for another buffer.
//! `optee_teec` has no wrapper for it, hence this one over its raw interface (GlobalPlatform TEE
//! Client API 1.0, 4.5.3 to 4.5.8).

mod context;
mod memory;

use std::{mem, ptr};

pub use context::Context;
use memory::Memory;
use optee_teec::raw;

use crate::Code;

/// An open session to a TA whose commands have one input memref and one output memref.
pub struct Session {
    // Dropped in this order, as libteec requires.
    opened: Opened,
    /// The request, then the reply: adjacent, so that both are mapped at once.
    memory: Memory,
    request_bytes: usize,
    _context: Context,
}

/// The session handle, closed on drop.
struct Opened(raw::TEEC_Session);

impl Session {
    /// Opens a session as the user of this process, for requests up to `request_bytes` and replies
    /// up to `reply_bytes`.
    ///
    /// # Errors
    /// The first error code; nothing stays open or registered then.
    pub fn open(
        context: Context,
        uuid: [u8; 16],
        request_bytes: usize,
        reply_bytes: usize,
    ) -> Result<Self, Code> {
        let memory = Memory::allocate(&context, request_bytes.saturating_add(reply_bytes))?;
        let session = Opened::new(&context, uuid)?;
        Ok(Self { opened: session, memory, request_bytes, _context: context })
    }

    /// Invokes a command: `MEMREF_INPUT`, `MEMREF_OUTPUT`, `NONE`, `NONE`. Copies the reply once;
    /// returns its size in bytes. Shares only as much memory as `reply` has: the TEE maps and
    /// unmaps it page by page for each command.
    ///
    /// # Errors
    /// The error code of the command; `TEEC_ERROR_EXCESS_DATA` for a too long request.
    pub fn invoke(
        &mut self,
        command: u32,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, Code> {
        if request.len() > self.request_bytes {
            return Err(raw::TEEC_ERROR_EXCESS_DATA);
        }
        self.memory.write(request);
        let room = reply.len().min(self.memory.size() - self.request_bytes);
        let input = self.memory.part(0, request.len());
        let output = self.memory.part(self.request_bytes, room);
        let mut operation = raw::TEEC_Operation {
            started: 0,
            paramTypes: raw::TEEC_PARAM_TYPES(
                raw::TEEC_MEMREF_PARTIAL_INPUT,
                raw::TEEC_MEMREF_PARTIAL_OUTPUT,
                raw::TEEC_NONE,
                raw::TEEC_NONE,
            ),
            params: [input, output, empty_parameter(), empty_parameter()],
            imp: raw::TEEC_Operation__Imp { session: ptr::null_mut() },
        };
        self.opened.invoke(command, &mut operation)?;
        // SAFETY: Parameter 1 was set as a memref, and stays one.
        let size = unsafe { operation.params[1].memref }.size.min(room);
        self.memory.read(self.request_bytes, &mut reply[..size]);
        Ok(size)
    }

    /// Invokes a command with four `VALUE_INOUT` parameters: a and b of each. The TEE allocates
    /// nothing for it.
    ///
    /// # Errors
    /// The error code of the command.
    pub fn exchange(&mut self, command: u32, words: [u32; 8]) -> Result<[u32; 8], Code> {
        let [p0, p1, p2, p3] = [0, 2, 4, 6].map(|n| (words[n], words[n + 1])).map(value);
        let inout = raw::TEEC_VALUE_INOUT;
        let mut operation = raw::TEEC_Operation {
            started: 0,
            paramTypes: raw::TEEC_PARAM_TYPES(inout, inout, inout, inout),
            params: [p0, p1, p2, p3],
            imp: raw::TEEC_Operation__Imp { session: ptr::null_mut() },
        };
        self.opened.invoke(command, &mut operation)?;
        let mut words = [0; 8];
        for (words, param) in words.as_chunks_mut().0.iter_mut().zip(&operation.params) {
            // SAFETY: All parameters were set as values, and stay values.
            let raw::TEEC_Value { a, b } = unsafe { param.value };
            *words = [a, b];
        }
        Ok(words)
    }
}

impl Opened {
    fn new(context: &Context, uuid: [u8; 16]) -> Result<Self, Code> {
        let uuid = to_raw(uuid);
        // SAFETY: All that a session has are numbers and a pointer, which may be zero.
        let mut session: raw::TEEC_Session = unsafe { mem::zeroed() };
        let mut origin = 0;
        // SAFETY: The context is initialized and outlives the session, see the order of the fields
        // of `Session`; the other pointers are to locals or null where nothing is passed.
        let code = unsafe {
            raw::TEEC_OpenSession(
                context.as_ptr(),
                &raw mut session,
                &raw const uuid,
                raw::TEEC_LOGIN_USER,
                ptr::null(),
                ptr::null_mut(),
                &raw mut origin,
            )
        };
        check(code).map(|()| Self(session))
    }

    fn invoke(&mut self, command: u32, operation: &mut raw::TEEC_Operation) -> Result<(), Code> {
        let mut origin = 0;
        // SAFETY: The session is open; the operation, and the memory that its maker put into it,
        // outlive the call, which is over when it returns.
        let code = unsafe {
            raw::TEEC_InvokeCommand(&raw mut self.0, command, operation, &raw mut origin)
        };
        check(code)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: The session is open and is not used again.
        unsafe { raw::TEEC_CloseSession(&raw mut self.0) };
    }
}

fn empty_parameter() -> raw::TEEC_Parameter {
    value((0, 0))
}

fn value((a, b): (u32, u32)) -> raw::TEEC_Parameter {
    raw::TEEC_Parameter { value: raw::TEEC_Value { a, b } }
}

fn check(code: u32) -> Result<(), Code> {
    if code == raw::TEEC_SUCCESS { Ok(()) } else { Err(code) }
}

fn to_raw(octets: [u8; 16]) -> raw::TEEC_UUID {
    let [a, b, c, d, e, f, g, h, rest @ ..] = octets;
    raw::TEEC_UUID {
        timeLow: u32::from_be_bytes([a, b, c, d]),
        timeMid: u16::from_be_bytes([e, f]),
        timeHiAndVersion: u16::from_be_bytes([g, h]),
        clockSeqAndNode: rest,
    }
}
