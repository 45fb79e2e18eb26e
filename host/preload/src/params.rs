//! The parameters of an operation, before and after a call.

use teeleak_proto::client::{ClientCall, ClientParam, head};

use crate::{
    abi::{
        Operation, PARTIAL_TYPES, Parameter, SharedMemory, TMPREF_TYPES, VALUE_TYPES, WHOLE_TYPE,
    },
    real,
};

/// Records the inputs.
///
/// # Safety
/// `operation` is null or an operation that the caller passed to libteec for this very call, which
/// reads the same fields.
pub(crate) unsafe fn before(call: &mut ClientCall, operation: *const Operation) {
    if operation.is_null() {
        return;
    }
    call.flags |= ClientCall::HAS_OPERATION;
    // SAFETY: not null, so an operation, see above.
    let operation = unsafe { &*operation };
    call.param_types = operation.param_types;
    for (n, param) in operation.params.iter().enumerate() {
        // SAFETY: the type says which member holds.
        call.params[n] = unsafe { input(param, kind(operation.param_types, n)) };
    }
}

/// Records the outputs.
///
/// # Safety
/// As [`before`], with the same operation.
pub(crate) unsafe fn after(call: &mut ClientCall, operation: *const Operation) {
    if operation.is_null() {
        return;
    }
    // SAFETY: not null, so an operation, see above.
    let operation = unsafe { &*operation };
    for (n, param) in operation.params.iter().enumerate() {
        // SAFETY: the type says which member holds; it is the one from before the call.
        call.params[n].output = unsafe { output(param, kind(call.param_types, n)) };
    }
}

fn kind(types: u32, n: usize) -> u32 {
    types >> (4 * n) & 0xf
}

unsafe fn input(param: &Parameter, kind: u32) -> ClientParam {
    if VALUE_TYPES.contains(&kind) {
        // SAFETY: a value, says its type; both members are plain numbers.
        let value = unsafe { param.value };
        ClientParam { input: head::word(value.a, value.b), ..ClientParam::default() }
    } else if TMPREF_TYPES.contains(&kind) {
        // SAFETY: a temporary reference, says its type.
        let memory = unsafe { param.tmpref };
        ClientParam { input: memory.buffer as u64, size: memory.size as u64, output: 0 }
    } else if kind == WHOLE_TYPE || PARTIAL_TYPES.contains(&kind) {
        // SAFETY: a registered reference, says its type; libteec reads its parent, too.
        unsafe { registered(param, kind) }
    } else {
        ClientParam::default()
    }
}

unsafe fn registered(param: &Parameter, kind: u32) -> ClientParam {
    // SAFETY: see `input`.
    let memory = unsafe { param.memref };
    if memory.parent.is_null() {
        return ClientParam::default();
    }
    // SAFETY: libteec reads the parent of a registered reference, so it is there.
    let parent = unsafe { &*memory.parent };
    let start = parent.buffer as u64;
    if kind == WHOLE_TYPE {
        return ClientParam { input: start, size: parent.size as u64, output: 0 };
    }
    ClientParam {
        input: start.wrapping_add(memory.offset as u64),
        size: memory.size as u64,
        output: 0,
    }
}

unsafe fn output(param: &Parameter, kind: u32) -> u64 {
    if VALUE_TYPES.contains(&kind) {
        // SAFETY: a value, says its type.
        let value = unsafe { param.value };
        head::word(value.a, value.b)
    } else if TMPREF_TYPES.contains(&kind) {
        // SAFETY: a temporary reference, says its type.
        unsafe { param.tmpref }.size as u64
    } else if kind == WHOLE_TYPE || PARTIAL_TYPES.contains(&kind) {
        // SAFETY: a registered reference, says its type.
        unsafe { param.memref }.size as u64
    } else {
        0
    }
}

/// Records shared memory as parameter 0.
///
/// # Safety
/// `memory` is null or shared memory that the caller passes to libteec.
pub(crate) unsafe fn shared_memory(call: &mut ClientCall, memory: *const SharedMemory) {
    if memory.is_null() {
        return;
    }
    // SAFETY: not null, so shared memory, see above.
    let memory = unsafe { &*memory };
    call.cmd = memory.flags;
    call.params[0] = ClientParam {
        input: memory.buffer as u64,
        size: memory.size as u64,
        output: number(memory),
    };
}

/// The kernel's ID of shared memory plus one; 0 if its position is unknown.
fn number(memory: &SharedMemory) -> u64 {
    let number = match real::version() {
        1 => memory.id_v1,
        2 => memory.id_v2,
        _ => -1,
    };
    u64::try_from(i64::from(number) + 1).unwrap_or(0)
}
