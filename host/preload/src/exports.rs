//! The functions of `tee_client_api.h` that this library exports.
//!
//! Each passes its arguments on unchanged. `C-unwind`, since thread cancellation unwinds the stack.

use std::ffi::{c_char, c_int, c_void};

use teeleak_proto::{
    Uuid as WireUuid,
    client::{ClientCall, ClientCallKind as Kind},
    tee_result::{NOT_IMPLEMENTED, SUCCESS},
};

use crate::{
    abi::{Context, Operation, Session, SharedMemory, TeecResult, Uuid},
    emit::observe,
    params,
    real::{self, Real},
    sessions,
};

macro_rules! real {
    ($($name:ident = $symbol:literal: fn($($arg:ty),*) $(-> $result:ty)?;)*) => {
        $(pub(crate) static $name: Real = Real::new($symbol);)*

        /// Types of the functions.
        #[expect(non_camel_case_types, reason = "named as the functions that they are the types of")]
        mod types {
            use super::*;
            $(pub(super) type $name = unsafe extern "C-unwind" fn($($arg),*) $(-> $result)?;)*
        }
    };
}

real! {
    INITIALIZE_CONTEXT = c"TEEC_InitializeContext":
        fn(*const c_char, *mut Context) -> TeecResult;
    FINALIZE_CONTEXT = c"TEEC_FinalizeContext": fn(*mut Context);
    OPEN_SESSION = c"TEEC_OpenSession":
        fn(*mut Context, *mut Session, *const Uuid, u32, *const c_void, *mut Operation, *mut u32)
            -> TeecResult;
    CLOSE_SESSION = c"TEEC_CloseSession": fn(*mut Session);
    INVOKE_COMMAND = c"TEEC_InvokeCommand":
        fn(*mut Session, u32, *mut Operation, *mut u32) -> TeecResult;
    REGISTER_MEMORY = c"TEEC_RegisterSharedMemory":
        fn(*mut Context, *mut SharedMemory) -> TeecResult;
    REGISTER_MEMORY_FD = c"TEEC_RegisterSharedMemoryFileDescriptor":
        fn(*mut Context, *mut SharedMemory, c_int) -> TeecResult;
    ALLOCATE_MEMORY = c"TEEC_AllocateSharedMemory":
        fn(*mut Context, *mut SharedMemory) -> TeecResult;
    RELEASE_MEMORY = c"TEEC_ReleaseSharedMemory": fn(*mut SharedMemory);
    REQUEST_CANCELLATION = c"TEEC_RequestCancellation": fn(*mut Operation);
}

/// Calls the real function, or returns `$none` if it is missing.
macro_rules! pass {
    ($name:ident($($arg:expr),*), $none:expr) => {{
        let at = $name.get();
        if at.is_null() {
            $none
        } else {
            // SAFETY: the address is that of the function with this name, whose type this is.
            let real = unsafe { std::mem::transmute::<*mut c_void, types::$name>(at) };
            // SAFETY: these are the caller's own arguments; it keeps the function's contract.
            unsafe { real($($arg),*) }
        }
    }};
}

fn context_fd(context: *const Context) -> i32 {
    // SAFETY: null, or the context that the caller passes to libteec, which reads its descriptor.
    unsafe { context.as_ref() }.map_or(-1, |context| context.fd)
}

fn name_session(call: &mut ClientCall, session: *const Session) {
    // SAFETY: null, or the session that the caller passes to libteec, which reads the same fields.
    let Some(session) = (unsafe { session.as_ref() }) else { return };
    call.context = context_fd(session.context);
    call.session = session.id;
    call.uuid = sessions::uuid_of(call.context, session.id);
}

fn wire(uuid: *const Uuid) -> WireUuid {
    // SAFETY: null, or the UUID that the caller passes to libteec.
    let Some(uuid) = (unsafe { uuid.as_ref() }) else { return WireUuid::default() };
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&uuid.time_low.to_be_bytes());
    bytes[4..6].copy_from_slice(&uuid.time_mid.to_be_bytes());
    bytes[6..8].copy_from_slice(&uuid.time_hi_and_version.to_be_bytes());
    bytes[8..].copy_from_slice(&uuid.clock_seq_and_node);
    WireUuid(bytes)
}

fn outcome(call: &mut ClientCall, result: TeecResult, origin: *const u32) {
    call.result = result;
    // SAFETY: null, or the place that libteec has just written to.
    if let Some(origin) = unsafe { origin.as_ref() } {
        call.flags |= ClientCall::HAS_ORIGIN;
        call.origin = *origin;
    }
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_InitializeContext(
    name: *const c_char,
    context: *mut Context,
) -> TeecResult {
    observe(
        Kind::InitializeContext,
        |_| {},
        || pass!(INITIALIZE_CONTEXT(name, context), NOT_IMPLEMENTED),
        |call, result| {
            call.result = result;
            call.context = if result == SUCCESS { context_fd(context) } else { -1 };
        },
    )
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_FinalizeContext(context: *mut Context) {
    observe(
        Kind::FinalizeContext,
        |call| call.context = context_fd(context),
        || pass!(FINALIZE_CONTEXT(context), ()),
        |_, ()| {},
    );
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_OpenSession(
    context: *mut Context,
    session: *mut Session,
    destination: *const Uuid,
    method: u32,
    data: *const c_void,
    operation: *mut Operation,
    origin: *mut u32,
) -> TeecResult {
    observe(
        Kind::OpenSession,
        |call| {
            call.context = context_fd(context);
            call.uuid = wire(destination);
            call.cmd = method;
            // SAFETY: the caller's operation for this call.
            unsafe { params::before(call, operation) };
        },
        || {
            pass!(
                OPEN_SESSION(context, session, destination, method, data, operation, origin),
                NOT_IMPLEMENTED
            )
        },
        |call, result| {
            opened(call, result, session);
            outcome(call, result, origin);
            // SAFETY: the caller's operation for this call.
            unsafe { params::after(call, operation) };
        },
    )
}

fn opened(call: &mut ClientCall, result: TeecResult, session: *const Session) {
    // SAFETY: null, or the session that libteec has just filled in.
    if let (SUCCESS, Some(session)) = (result, unsafe { session.as_ref() }) {
        call.session = session.id;
        sessions::remember(call.context, session.id, call.uuid);
    }
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_CloseSession(session: *mut Session) {
    observe(
        Kind::CloseSession,
        |call| {
            name_session(call, session);
            // Before the call: right after it, another session may reuse the number.
            sessions::forget(call.context, call.session);
        },
        || pass!(CLOSE_SESSION(session), ()),
        |_, ()| {},
    );
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_InvokeCommand(
    session: *mut Session,
    cmd: u32,
    operation: *mut Operation,
    origin: *mut u32,
) -> TeecResult {
    observe(
        Kind::InvokeCommand,
        |call| {
            name_session(call, session);
            call.cmd = cmd;
            // SAFETY: the caller's operation for this call.
            unsafe { params::before(call, operation) };
        },
        || pass!(INVOKE_COMMAND(session, cmd, operation, origin), NOT_IMPLEMENTED),
        |call, result| {
            outcome(call, result, origin);
            // SAFETY: the caller's operation for this call.
            unsafe { params::after(call, operation) };
        },
    )
}

/// Records a call that registers shared memory.
fn observe_memory(
    kind: Kind,
    context: *const Context,
    memory: *const SharedMemory,
    real: impl FnOnce() -> TeecResult,
) -> TeecResult {
    observe(
        kind,
        |call| call.context = context_fd(context),
        real,
        |call, result| {
            call.result = result;
            // SAFETY: the caller's shared memory, which libteec has just filled in.
            unsafe { params::shared_memory(call, memory) };
        },
    )
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_RegisterSharedMemory(
    context: *mut Context,
    memory: *mut SharedMemory,
) -> TeecResult {
    observe_memory(Kind::RegisterSharedMemory, context, memory, || {
        pass!(REGISTER_MEMORY(context, memory), NOT_IMPLEMENTED)
    })
}

/// See `tee_client_api_extensions.h` of optee_client.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_RegisterSharedMemoryFileDescriptor(
    context: *mut Context,
    memory: *mut SharedMemory,
    fd: c_int,
) -> TeecResult {
    observe_memory(Kind::RegisterSharedMemoryFd, context, memory, || {
        pass!(REGISTER_MEMORY_FD(context, memory, fd), NOT_IMPLEMENTED)
    })
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_AllocateSharedMemory(
    context: *mut Context,
    memory: *mut SharedMemory,
) -> TeecResult {
    observe_memory(Kind::AllocateSharedMemory, context, memory, || {
        pass!(ALLOCATE_MEMORY(context, memory), NOT_IMPLEMENTED)
    })
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_ReleaseSharedMemory(memory: *mut SharedMemory) {
    observe(
        Kind::ReleaseSharedMemory,
        // SAFETY: the caller's shared memory, still there before the call.
        |call| unsafe { params::shared_memory(call, memory) },
        || pass!(RELEASE_MEMORY(memory), ()),
        |_, ()| {},
    );
}

/// See `tee_client_api.h`.
///
/// # Safety
/// As for libteec's own function.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C-unwind" fn TEEC_RequestCancellation(operation: *mut Operation) {
    observe(
        Kind::RequestCancellation,
        // Record the address only: another thread is using the operation.
        |call| call.params[0].input = operation as u64,
        || pass!(REQUEST_CANCELLATION(operation), ()),
        |_, ()| {},
    );
}

/// Our wrapper of the function `name`, with the real function.
pub(crate) fn ours(name: &std::ffi::CStr) -> Option<(&'static Real, *mut c_void)> {
    let all: [(&'static Real, *mut c_void); 10] = [
        (&INITIALIZE_CONTEXT, TEEC_InitializeContext as *mut c_void),
        (&FINALIZE_CONTEXT, TEEC_FinalizeContext as *mut c_void),
        (&OPEN_SESSION, TEEC_OpenSession as *mut c_void),
        (&CLOSE_SESSION, TEEC_CloseSession as *mut c_void),
        (&INVOKE_COMMAND, TEEC_InvokeCommand as *mut c_void),
        (&REGISTER_MEMORY, TEEC_RegisterSharedMemory as *mut c_void),
        (&REGISTER_MEMORY_FD, TEEC_RegisterSharedMemoryFileDescriptor as *mut c_void),
        (&ALLOCATE_MEMORY, TEEC_AllocateSharedMemory as *mut c_void),
        (&RELEASE_MEMORY, TEEC_ReleaseSharedMemory as *mut c_void),
        (&REQUEST_CANCELLATION, TEEC_RequestCancellation as *mut c_void),
    ];
    all.into_iter().find(|(real, _)| real.name() == name)
}

/// Learns a real function from the program's own `dlsym`; returns the address for the program: our
/// wrapper, if it wraps that very function.
pub(crate) fn adopt(name: &std::ffi::CStr, found: *mut c_void) -> *mut c_void {
    let Some((real, ours)) = ours(name) else { return found };
    if found.is_null() || found == ours {
        return found;
    }
    if real.name() == INVOKE_COMMAND.name() {
        real::learn_version(found);
    }
    if real.settle(found) == found { ours } else { found }
}
