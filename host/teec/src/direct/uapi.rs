//! The kernel's interface to a TEE: include/uapi/linux/tee.h, since Linux 4.12.

use std::{
    ffi::c_void,
    os::fd::{AsFd, FromRawFd as _, OwnedFd},
};

use rustix::{
    io::Result,
    ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode},
};

/// `TEE_IOC_MAGIC`.
const MAGIC: u8 = 0xa4;

/// `TEE_IMPL_ID_OPTEE`.
pub(super) const OPTEE: u32 = 1;
/// `TEE_GEN_CAP_GP`: the device serves GlobalPlatform clients, not `tee-supplicant`.
pub(super) const GP: u32 = 1;

/// `TEE_IOCTL_LOGIN_PUBLIC`.
pub(super) const PUBLIC: u32 = 0;
/// `TEE_IOCTL_LOGIN_USER`.
pub(super) const USER: u32 = 1;

/// `TEE_IOCTL_PARAM_ATTR_TYPE_*`.
pub(super) const VALUE_INPUT: u64 = 1;
pub(super) const VALUE_INOUT: u64 = 3;
pub(super) const MEMREF_INPUT: u64 = 5;
pub(super) const MEMREF_OUTPUT: u64 = 6;

/// `struct tee_ioctl_version_data`.
#[repr(C)]
#[derive(Default)]
pub(super) struct Version {
    pub(super) impl_id: u32,
    pub(super) impl_caps: u32,
    pub(super) gen_caps: u32,
}

/// `struct tee_ioctl_shm_alloc_data`.
#[repr(C)]
#[derive(Default)]
pub(super) struct Shm {
    pub(super) size: u64,
    pub(super) flags: u32,
    pub(super) id: i32,
}

/// `struct tee_ioctl_param`: a value, or offset, size and id of shared memory.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct Param {
    pub(super) attr: u64,
    pub(super) a: u64,
    pub(super) b: u64,
    pub(super) c: u64,
}

/// `struct tee_ioctl_open_session_arg`.
#[repr(C)]
#[derive(Default)]
pub(super) struct Open {
    pub(super) uuid: [u8; 16],
    pub(super) client: [u8; 16],
    pub(super) login: u32,
    pub(super) cancel_id: u32,
    pub(super) session: u32,
    pub(super) ret: u32,
    pub(super) ret_origin: u32,
    pub(super) num_params: u32,
}

/// Parameters of a command of OP-TEE.
const PARAMS: u32 = 4;

/// `struct tee_ioctl_invoke_arg` with these parameters.
#[repr(C)]
#[derive(Default)]
pub(super) struct Invoke {
    pub(super) func: u32,
    pub(super) session: u32,
    pub(super) cancel_id: u32,
    pub(super) ret: u32,
    pub(super) ret_origin: u32,
    pub(super) num_params: u32,
    pub(super) params: [Param; PARAMS as usize],
}

/// `struct tee_ioctl_buf_data`: address and size of a variable-size argument.
#[repr(C)]
struct Buffer {
    at: u64,
    bytes: u64,
}

const VERSION: Opcode = opcode::read::<Version>(MAGIC, 0);
const SHM_ALLOC: Opcode = opcode::read_write::<Shm>(MAGIC, 1);
const OPEN_SESSION: Opcode = opcode::read::<Buffer>(MAGIC, 2);
const INVOKE: Opcode = opcode::read::<Buffer>(MAGIC, 3);
const CLOSE_SESSION: Opcode = opcode::read::<u32>(MAGIC, 5);

pub(super) fn version(device: impl AsFd) -> Result<Version> {
    let mut version = Version::default();
    // SAFETY: The kernel fills in exactly this structure.
    unsafe { call(device, VERSION, &mut version) }?;
    Ok(version)
}

/// Allocates shared memory; returns its file descriptor.
pub(super) fn shm_alloc(device: impl AsFd, shm: &mut Shm) -> Result<OwnedFd> {
    // SAFETY: The kernel reads and fills in exactly this structure, and nothing after the call.
    let number = unsafe { call(device, SHM_ALLOC, shm) }?;
    // SAFETY: The kernel just created this descriptor, and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

pub(super) fn open_session(device: impl AsFd, open: &mut Open) -> Result<()> {
    let mut buffer = Buffer::of(open);
    // SAFETY: The buffer is a whole structure, whose fields say that no parameters follow.
    unsafe { call(device, OPEN_SESSION, &mut buffer) }.map(drop)
}

pub(super) fn invoke(device: impl AsFd, invoke: &mut Invoke) -> Result<()> {
    invoke.num_params = PARAMS;
    let mut buffer = Buffer::of(invoke);
    // SAFETY: The buffer is a whole structure with as many parameters as its fields say.
    unsafe { call(device, INVOKE, &mut buffer) }.map(drop)
}

pub(super) fn close_session(device: impl AsFd, mut session: u32) -> Result<()> {
    // SAFETY: The kernel reads exactly this number, `struct tee_ioctl_close_session_arg`.
    unsafe { call(device, CLOSE_SESSION, &mut session) }.map(drop)
}

impl Buffer {
    fn of<T>(argument: &mut T) -> Self {
        Self { at: (&raw mut *argument).expose_provenance() as u64, bytes: size_of::<T>() as u64 }
    }
}

/// # Safety
/// `T` must be what the kernel reads and writes for `opcode`.
unsafe fn call<T>(device: impl AsFd, opcode: Opcode, argument: &mut T) -> Result<i32> {
    // SAFETY: The argument is as our caller promises, and outlives the call.
    unsafe { ioctl(device, Call { opcode, argument }) }
}

/// An ioctl of the driver that returns a number, as one of them does.
struct Call<'a, T> {
    opcode: Opcode,
    argument: &'a mut T,
}

// SAFETY: The kernel is given the opcode and the argument that belongs to it, see `call`.
unsafe impl<T> Ioctl for Call<'_, T> {
    type Output = i32;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        self.opcode
    }

    fn as_ptr(&mut self) -> *mut c_void {
        (&raw mut *self.argument).cast()
    }

    unsafe fn output_from_ptr(out: IoctlOutput, _: *mut c_void) -> Result<i32> {
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opcodes_are_the_kernels() {
        let all = [VERSION, SHM_ALLOC, OPEN_SESSION, INVOKE, CLOSE_SESSION];
        assert_eq!(all, [0x800c_a400, 0xc010_a401, 0x8010_a402, 0x8010_a403, 0x8004_a405]);
    }

    #[test]
    fn structures_are_as_large_as_the_kernels() {
        assert_eq!((size_of::<Open>(), size_of::<Invoke>(), size_of::<Param>()), (56, 152, 32));
    }
}
