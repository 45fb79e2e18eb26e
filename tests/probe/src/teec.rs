//! libteec without its wrappers' checks.

use std::{mem, ptr};

use anyhow::bail;
use optee_teec::{Uuid, raw};

/// A parameter of a command.
#[derive(Clone, Copy)]
pub(crate) enum Param {
    None,
    /// Type and value.
    Value(u32, u32, u32),
    /// Type, address, bytes.
    Memref(u32, *mut u8, usize),
}

impl Param {
    fn param_type(self) -> u32 {
        match self {
            Self::None => raw::TEEC_NONE,
            Self::Value(of, ..) | Self::Memref(of, ..) => of,
        }
    }

    fn raw(self) -> raw::TEEC_Parameter {
        match self {
            Self::None => raw::TEEC_Parameter { value: raw::TEEC_Value { a: 0, b: 0 } },
            Self::Value(_, a, b) => raw::TEEC_Parameter { value: raw::TEEC_Value { a, b } },
            Self::Memref(_, at, size) => raw::TEEC_Parameter {
                tmpref: raw::TEEC_TempMemoryReference { buffer: at.cast(), size },
            },
        }
    }
}

/// A session; the context is in a box since the session points to it.
pub(crate) struct Session {
    session: raw::TEEC_Session,
    context: Box<raw::TEEC_Context>,
}

// SAFETY: Calls of several threads in one session are allowed (TEE Client API 1.0, 4.5.9), and
// `TEEC_InvokeCommand()` but reads the session (optee_client libteec/src/tee_client_api.c).
unsafe impl Sync for Session {}

impl Session {
    /// Opens a session with a login method and, for a group's, its gid.
    pub(crate) fn open(uuid: [u8; 16], login: u32, gid: Option<u32>) -> Result<Self, u32> {
        // SAFETY: A structure of numbers and pointers, for which all zero is a value.
        let mut context: Box<raw::TEEC_Context> = Box::new(unsafe { mem::zeroed() });
        // SAFETY: No name asks for the default TEE; `context` outlives the call.
        let code = unsafe { raw::TEEC_InitializeContext(ptr::null(), &raw mut *context) };
        if code != 0 {
            return Err(code);
        }
        // SAFETY: As above.
        let mut session: raw::TEEC_Session = unsafe { mem::zeroed() };
        let uuid = Uuid::from_bytes(uuid);
        let data = gid.as_ref().map_or(ptr::null(), |gid| ptr::from_ref(gid).cast());
        // SAFETY: All pointers outlive the call, and the context lives as long as the session.
        let code = unsafe {
            raw::TEEC_OpenSession(
                &raw mut *context,
                &raw mut session,
                uuid.as_raw_ptr(),
                login,
                data,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if code == 0 {
            return Ok(Self { session, context });
        }
        // SAFETY: The context was initialized and has no session.
        unsafe { raw::TEEC_FinalizeContext(&raw mut *context) };
        Err(code)
    }

    /// Opens a session that has to be admitted.
    pub(crate) fn expect(uuid: [u8; 16], login: u32) -> anyhow::Result<Self> {
        match Self::open(uuid, login, None) {
            Ok(session) => Ok(session),
            Err(code) => bail!("can't open a session: {code:#x}"),
        }
    }

    /// Invokes a command; gives the result and what the parameters hold then: a and b of a value,
    /// the size of a memref.
    pub(crate) fn invoke(&self, command: u32, params: [Param; 4]) -> (u32, [(u32, u32); 4]) {
        // SAFETY: A structure of numbers and pointers, for which all zero is a value.
        let mut operation: raw::TEEC_Operation = unsafe { mem::zeroed() };
        let [a, b, c, d] = params.map(Param::param_type);
        operation.paramTypes = raw::TEEC_PARAM_TYPES(a, b, c, d);
        operation.params = params.map(Param::raw);
        // SAFETY: The session is open and is not written to. Memrefs point to buffers that outlive the call, or to
        // nothing, which libteec and the driver have to find out.
        let code = unsafe {
            raw::TEEC_InvokeCommand(
                (&raw const self.session).cast_mut(),
                command,
                &raw mut operation,
                ptr::null_mut(),
            )
        };
        let mut after = [(0, 0); 4];
        for ((after, param), sent) in after.iter_mut().zip(&operation.params).zip(params) {
            *after = match sent {
                // SAFETY: What was sent as a value is one.
                Param::Value(..) => unsafe { (param.value.a, param.value.b) },
                // SAFETY: What was sent as a memref is one.
                Param::Memref(..) => unsafe {
                    (u32::try_from(param.tmpref.size).unwrap_or(u32::MAX), 0)
                },
                Param::None => (0, 0),
            };
        }
        (code, after)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: The session is open and is closed once.
        unsafe { raw::TEEC_CloseSession(&raw mut self.session) };
        // SAFETY: The context was initialized and has no session any more.
        unsafe { raw::TEEC_FinalizeContext(&raw mut *self.context) };
    }
}
