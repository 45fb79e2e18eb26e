//! Sessions over the kernel's interface, for a program without libteec: the subset that a client
//! with one shared memory and one TA needs.

mod memory;
mod uapi;

use std::{
    fs::{File, OpenOptions},
    io,
};

use memory::Memory;
use rustix::io::Errno;
use teeleak_proto::tee_result::{
    ACCESS_DENIED, BAD_PARAMETERS, BUSY, EXCESS_DATA, GENERIC, ITEM_NOT_FOUND, OUT_OF_MEMORY,
};
use uapi::{Invoke, Open, Param};

use crate::Code;

/// Devices to try, as in libteec: /dev/tee0 to /dev/tee9.
const DEVICES: u32 = 10;

/// The identity to open a session with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Login {
    /// No identity.
    Public,
    /// The user who runs this process.
    User,
}

/// A connection to the TEE.
pub struct Context(File);

impl Context {
    /// Connects to the first OP-TEE that serves clients.
    ///
    /// # Errors
    /// `TEEC_ERROR_ITEM_NOT_FOUND` without a device, `TEEC_ERROR_ACCESS_DENIED` if this user may
    /// not open it.
    pub fn new() -> Result<Self, Code> {
        let mut missing = ITEM_NOT_FOUND;
        for n in 0..DEVICES {
            match OpenOptions::new().read(true).write(true).open(format!("/dev/tee{n}")) {
                Ok(device) if serves_clients(&device) => return Ok(Self(device)),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    missing = ACCESS_DENIED;
                }
                _ => {}
            }
        }
        Err(missing)
    }
}

fn serves_clients(device: &File) -> bool {
    uapi::version(device)
        .is_ok_and(|version| version.impl_id == uapi::OPTEE && version.gen_caps & uapi::GP != 0)
}

/// A parameter of a command; memory is that of the session.
#[derive(Clone, Copy)]
pub enum Parameter {
    /// Nothing.
    None,
    /// Two input values.
    Values(u32, u32),
    /// Memory that the TA fills: offset and size in bytes.
    Output(usize, usize),
}

/// An open session to a TA or PTA, with permanently registered memory.
pub struct Session {
    // Dropped in this order: the session before its memory, the memory before the device.
    opened: Opened,
    /// The request, then the reply.
    memory: Memory,
    request_bytes: usize,
}

/// The session handle, closed on drop.
struct Opened {
    device: File,
    session: u32,
}

impl Session {
    /// Opens a session for requests up to `request_bytes` and replies up to `reply_bytes`.
    ///
    /// # Errors
    /// The first error code; nothing stays open or registered then.
    pub fn open(
        context: Context,
        (uuid, login): ([u8; 16], Login),
        request_bytes: usize,
        reply_bytes: usize,
    ) -> Result<Self, Code> {
        let size = request_bytes.saturating_add(reply_bytes);
        let memory = Memory::allocate(&context.0, size)?;
        let opened = Opened::new(context.0, uuid, login)?;
        Ok(Self { opened, memory, request_bytes })
    }

    /// Invokes a command: `MEMREF_INPUT`, `MEMREF_OUTPUT`, `NONE`, `NONE`. Copies the reply once;
    /// returns its size in bytes.
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
            return Err(EXCESS_DATA);
        }
        self.memory.write(request);
        let room = reply.len().min(self.memory.size() - self.request_bytes);
        let input = self.part(uapi::MEMREF_INPUT, 0, request.len());
        let output = self.part(uapi::MEMREF_OUTPUT, self.request_bytes, room);
        let [_, output, ..] =
            self.opened.invoke(command, [input, output, Param::default(), Param::default()])?;
        let used = usize::try_from(output.b).unwrap_or(usize::MAX).min(room);
        self.memory.read(self.request_bytes, &mut reply[..used]);
        Ok(used)
    }

    /// Invokes a command with four `VALUE_INOUT` parameters: a and b of each. The TEE allocates
    /// nothing for it.
    ///
    /// # Errors
    /// The error code of the command.
    pub fn exchange(&mut self, command: u32, words: [u32; 8]) -> Result<[u32; 8], Code> {
        let value = |n: usize| value(uapi::VALUE_INOUT, words[2 * n], words[2 * n + 1]);
        let answered = self.opened.invoke(command, std::array::from_fn(value))?;
        let mut words = [0; 8];
        for (words, param) in words.as_chunks_mut().0.iter_mut().zip(answered) {
            *words = [low(param.a), low(param.b)];
        }
        Ok(words)
    }

    /// Invokes a command with any parameters, and copies its output from the session's memory.
    /// Returns the result, and the size of the output, or the needed size, in bytes.
    pub fn ask(&mut self, command: u32, asked: [Parameter; 4], reply: &mut [u8]) -> (Code, usize) {
        let params = asked.map(|parameter| match parameter {
            Parameter::None => Param::default(),
            Parameter::Values(a, b) => value(uapi::VALUE_INPUT, a, b),
            Parameter::Output(offset, size) => self.part(uapi::MEMREF_OUTPUT, offset, size),
        });
        let (result, answered) = self.opened.invoke_all(command, params);
        let output = answered.iter().find(|param| param.attr == uapi::MEMREF_OUTPUT);
        let bytes = output.map_or(0, |param| usize::try_from(param.b).unwrap_or(usize::MAX));
        if let (0, Some(param)) = (result, output) {
            let offset = usize::try_from(param.a).unwrap_or(usize::MAX);
            let used = bytes.min(reply.len());
            self.memory.read(offset, &mut reply[..used]);
        }
        (result, bytes)
    }

    /// A part of the memory as a parameter.
    fn part(&self, attr: u64, offset: usize, size: usize) -> Param {
        let offset = offset.min(self.memory.size());
        let size = size.min(self.memory.size() - offset);
        let id = u64::try_from(self.memory.id).unwrap_or(u64::MAX);
        Param { attr, a: offset as u64, b: size as u64, c: id }
    }
}

impl Opened {
    fn new(device: File, uuid: [u8; 16], login: Login) -> Result<Self, Code> {
        let login = match login {
            Login::Public => uapi::PUBLIC,
            Login::User => uapi::USER,
        };
        let mut open = Open { uuid, login, ..Open::default() };
        uapi::open_session(&device, &mut open).map_err(code)?;
        check(open.ret)?;
        Ok(Self { device, session: open.session })
    }

    fn invoke(&mut self, command: u32, params: [Param; 4]) -> Result<[Param; 4], Code> {
        let (result, params) = self.invoke_all(command, params);
        check(result).map(|()| params)
    }

    fn invoke_all(&mut self, func: u32, params: [Param; 4]) -> (Code, [Param; 4]) {
        let session = self.session;
        let mut invoke = Invoke { func, session, params, ..Invoke::default() };
        match uapi::invoke(&self.device, &mut invoke) {
            Ok(()) => (invoke.ret, invoke.params),
            Err(error) => (code(error), params),
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // The kernel closes it with the device at the latest.
        let _ = uapi::close_session(&self.device, self.session);
    }
}

fn value(attr: u64, a: u32, b: u32) -> Param {
    Param { attr, a: a.into(), b: b.into(), c: 0 }
}

/// The low half: the 32 bits of a value.
const fn low(number: u64) -> u32 {
    (number & 0xffff_ffff) as u32
}

fn check(code: Code) -> Result<(), Code> {
    if code == 0 { Ok(()) } else { Err(code) }
}

/// The result that libteec returns for this kernel error.
fn code(error: Errno) -> Code {
    match error {
        Errno::NOMEM => OUT_OF_MEMORY,
        Errno::INVAL => BAD_PARAMETERS,
        Errno::ACCESS | Errno::PERM => ACCESS_DENIED,
        Errno::BUSY => BUSY,
        _ => GENERIC,
    }
}
