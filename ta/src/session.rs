//! Sessions to PTAs.

use core::ptr;

use optee_utee::raw::{
    _utee_invoke_ta_command, TEE_OpenTASession, TEE_PARAM_TYPE_MEMREF_OUTPUT,
    TEE_PARAM_TYPE_VALUE_INPUT, TEE_PARAM_TYPE_VALUE_OUTPUT, TEE_TIMEOUT_INFINITE, TEE_UUID,
};
use teeleak_proto::{Uuid, pta, tee_result};
use teeleak_ta_logic::{Pta, Query};

/// Not opened yet.
const NOT_TRIED: u32 = tee_result::BAD_STATE;

/// `struct utee_params` of optee_os 4.10.0, `lib/libutee/include/utee_types.h`.
#[repr(C)]
pub(crate) struct Params {
    pub(crate) types: u64,
    pub(crate) values: [u64; 8],
}

/// A session, or the error of opening it.
pub(crate) struct Session {
    handle: Option<u32>,
    refused: Option<u32>,
}

impl Session {
    pub(crate) const fn new() -> Self {
        Self { handle: None, refused: None }
    }

    /// Result of opening it, 0 when it is open.
    fn result(&self) -> u32 {
        if self.handle.is_some() { 0 } else { self.refused.unwrap_or(NOT_TRIED) }
    }

    /// Opens it, unless it is open.
    pub(crate) fn open(&mut self, to: Uuid) {
        if self.handle.is_some() {
            return;
        }
        let uuid = to_raw(to.0);
        let (mut handle, mut origin) = (ptr::null_mut(), 0);
        // SAFETY: All pointers are to locals, and no parameters is what a null pointer stands for.
        let result = unsafe {
            TEE_OpenTASession(
                &raw const uuid,
                TEE_TIMEOUT_INFINITE,
                0,
                ptr::null_mut(),
                &raw mut handle,
                &raw mut origin,
            )
        };
        // A handle is the session's number: libutee casts it to a pointer and back.
        self.handle = if result == 0 { u32::try_from(handle.addr()).ok() } else { None };
        self.refused = Some(result);
    }

    /// Invokes a command with a direct syscall. `TEE_InvokeTACommand()` would copy private memory
    /// through pages that it maps and unmaps each time, which allocates from the very heap under
    /// observation; a PTA can access its caller's private memory anyway.
    pub(crate) fn invoke(&mut self, cmd: u32, params: &mut Params) -> Result<(), u32> {
        let Some(handle) = self.handle else { return Err(self.result()) };
        let mut origin = 0;
        // SAFETY: `Params` is laid out as the kernel reads it. A memref in it points to memory
        // that its maker borrows mutably for as long as this call takes.
        let result = unsafe {
            _utee_invoke_ta_command(
                handle.into(),
                TEE_TIMEOUT_INFINITE.into(),
                cmd.into(),
                ptr::from_mut(params).cast(),
                &raw mut origin,
            )
        };
        if result == 0 { Ok(()) } else { Err(result) }
    }

    /// Invokes a command that writes to a memref and takes two values.
    fn fill(
        &mut self,
        cmd: u32,
        types: u32,
        values: [u32; 4],
        out: &mut [u8],
    ) -> Result<usize, u32> {
        let [a, b, c, d] = values.map(u64::from);
        let types = u64::from(TEE_PARAM_TYPE_MEMREF_OUTPUT | types);
        let address = out.as_mut_ptr().expose_provenance() as u64;
        let mut params = Params { types, values: [address, out.len() as u64, a, b, c, d, 0, 0] };
        self.invoke(cmd, &mut params)?;
        Ok(usize::try_from(params.values[1]).unwrap_or(usize::MAX))
    }
}

impl Pta for Session {
    fn open_result(&self) -> u32 {
        self.result()
    }

    fn info(&mut self, out: &mut [u8]) -> Result<usize, u32> {
        self.fill(pta::CMD_INFO, 0, [0; 4], out)
    }

    fn list(&mut self, query: &Query, out: &mut [u8]) -> Result<usize, u32> {
        let types = TEE_PARAM_TYPE_VALUE_INPUT << 4 | TEE_PARAM_TYPE_VALUE_INPUT << 8;
        let ([a, b], [c, d]) = (query.first, query.second);
        self.fill(query.cmd, types, [a, b, c, d], out)
    }

    fn exchange(&mut self, cmd: u32, [a, b]: [u32; 2]) -> Result<[u32; 2], u32> {
        let types = u64::from(TEE_PARAM_TYPE_VALUE_INPUT | TEE_PARAM_TYPE_VALUE_OUTPUT << 4);
        let mut params = Params { types, values: [a.into(), b.into(), 0, 0, 0, 0, 0, 0] };
        self.invoke(cmd, &mut params)?;
        // Values of a parameter have 32 bits; the kernel carries them in 64.
        #[expect(clippy::cast_possible_truncation, reason = "the upper halves are zero")]
        let values = [params.values[2] as u32, params.values[3] as u32];
        Ok(values)
    }
}

pub(crate) fn to_raw(octets: [u8; 16]) -> TEE_UUID {
    let [a, b, c, d, e, f, g, h, rest @ ..] = octets;
    TEE_UUID {
        timeLow: u32::from_be_bytes([a, b, c, d]),
        timeMid: u16::from_be_bytes([e, f]),
        timeHiAndVersion: u16::from_be_bytes([g, h]),
        clockSeqAndNode: rest,
    }
}
