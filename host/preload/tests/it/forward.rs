//! Calls go through unchanged, and what is recorded is what was called.

use std::process::Command;

use crate::support::{Abi, Trace, programs};
use teeleak_proto::{
    Uuid,
    client::{ClientCall, ClientCallKind as Kind},
};

const UUID: Uuid = Uuid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

fn recorded(abi: Abi) -> Vec<ClientCall> {
    let client = programs(abi).path("client");
    let plain = Command::new(&client).arg("forward").output().unwrap();
    let trace = Trace::new();
    let traced = trace.run(&client, &["forward"]);
    assert!(plain.status.success() && traced.status.success());
    assert_eq!(String::from_utf8(plain.stdout), String::from_utf8(traced.stdout));
    assert_eq!(String::from_utf8(traced.stderr).unwrap(), "");
    let ring = trace.ring();
    assert_eq!((ring.lost, ring.head.early), (0, 0));
    assert_eq!(ring.head.begun, ring.head.tickets);
    assert!(ring.bytes <= 4 << 20, "{} bytes", ring.bytes);
    assert!(ring.calls.iter().all(|call| call.pid == ring.head.pid && call.tid == call.pid));
    assert!(ring.calls.iter().all(|call| call.comm.starts_with(b"client\0")));
    assert!(ring.calls.is_sorted_by_key(|call| call.end_ns));
    assert!(ring.calls.iter().all(|call| 0 < call.begin_ns && call.begin_ns <= call.end_ns));
    ring.calls
}

fn check(abi: Abi) {
    let calls = recorded(abi);
    let seen: Vec<_> = calls.iter().map(|c| (c.kind, c.result, c.session, c.cmd)).collect();
    let want = [
        (Kind::InitializeContext, 0xffff_0006, 0, 0),
        (Kind::InitializeContext, 0, 0, 0),
        (Kind::OpenSession, 0, 1, 0),
        (Kind::OpenSession, 0xffff_0006, 0, 9),
        (Kind::AllocateSharedMemory, 0, 0, 2),
        (Kind::RegisterSharedMemory, 0, 0, 3),
        (Kind::InvokeCommand, 0, 1, 2),
        (Kind::InvokeCommand, 0xffff_0008, 1, 8),
        (Kind::InvokeCommand, 0xffff_0006, 0, 1),
        (Kind::RequestCancellation, 0, 0, 0),
        (Kind::ReleaseSharedMemory, 0, 0, 3),
        (Kind::ReleaseSharedMemory, 0, 0, 2),
        (Kind::CloseSession, 0, 0, 0),
        (Kind::CloseSession, 0, 1, 0),
        (Kind::FinalizeContext, 0, 0, 0),
    ];
    // The order in which a C compiler evaluates the two arguments of one printf is its own affair.
    let mut seen_sorted = seen.clone();
    seen_sorted[4..6].sort();
    let mut want_sorted = want.to_vec();
    want_sorted[4..6].sort();
    assert_eq!(seen_sorted, want_sorted);
    check_invoke(&calls[6]);
    let number = |kind| calls.iter().find(|c| c.kind == kind).unwrap().params[0].output;
    assert_eq!(number(Kind::RegisterSharedMemory), 43, "the kernel's number plus one");
    assert_eq!(number(Kind::AllocateSharedMemory), 44);
}

fn check_invoke(invoke: &ClientCall) {
    assert_eq!((invoke.uuid, invoke.context, invoke.origin), (UUID, 40, 4));
    assert_eq!(invoke.param_types, 0xc1e6);
    assert_eq!(invoke.flags, ClientCall::HAS_OPERATION | ClientCall::HAS_ORIGIN);
    let [temporary, partial, value, whole] = invoke.params;
    assert_eq!((temporary.size, temporary.output), (10, 3));
    assert_eq!((partial.size, partial.output), (50, 3));
    assert_eq!((value.input, value.output), (6 << 32 | 5, 6 << 32 | 5));
    assert_eq!(whole.size, 64);
    assert!(temporary.input != 0 && partial.input != 0 && whole.input != 0);
}

#[test]
fn version_two_of_libteec_is_recorded() {
    check(Abi::Two);
}

#[test]
fn version_one_of_libteec_is_recorded() {
    check(Abi::One);
}

#[test]
fn without_a_folder_nothing_is_recorded() {
    let trace = Trace::new();
    let client = programs(Abi::Two).path("client");
    let run = trace.command(client).arg("forward").env_remove("TEELEAK_TRACE_DIR").status();
    assert!(run.unwrap().success());
    assert_eq!(trace.files("").len(), 0);
}

#[test]
fn a_folder_that_is_not_there_changes_nothing() {
    let trace = Trace::new();
    let client = programs(Abi::Two).path("client");
    let run = trace.command(client).arg("forward").env("TEELEAK_TRACE_DIR", "/nowhere").output();
    let run = run.unwrap();
    assert!(run.status.success() && run.stderr.is_empty());
}

#[test]
fn a_program_without_libteec_leaves_a_mark() {
    let trace = Trace::new();
    assert!(trace.run("true", &[]).status.success());
    assert_eq!((trace.files("idle-").len(), trace.files("ring-").len()), (1, 0));
}

#[test]
fn a_libteec_that_the_program_loads_itself_is_recorded() {
    let (trace, programs) = (Trace::new(), programs(Abi::Two));
    let library = programs.library();
    let run = trace.run(programs.path("loader"), &[library.to_str().unwrap()]);
    assert!(run.status.success(), "{run:?}");
    let kinds: Vec<_> = trace.ring().calls.iter().map(|call| call.kind).collect();
    assert_eq!(kinds, [Kind::InitializeContext, Kind::FinalizeContext]);
}

#[test]
fn a_plugin_with_a_libteec_of_its_own_is_recorded() {
    let (trace, programs) = (Trace::new(), programs(Abi::One));
    let plugin = programs.path("plugin.so");
    let run = trace.run(programs.path("host"), &[plugin.to_str().unwrap()]);
    assert!(run.status.success(), "{run:?}");
    let kinds: Vec<_> = trace.ring().calls.iter().map(|call| call.kind).collect();
    assert_eq!(kinds, [Kind::InitializeContext, Kind::FinalizeContext]);
}

#[test]
fn stacks_come_where_they_are_asked_for() {
    let trace = Trace::new();
    let client = programs(Abi::Two).path("client");
    let run = trace.command(client).arg("forward").env("TEELEAK_TRACE_STACK", "1").status();
    assert!(run.unwrap().success());
    let ring = trace.ring();
    assert!(ring.bytes <= 4 << 20);
    assert!(ring.stacks.iter().all(|stack| stack.len() > 3), "{:x?}", ring.stacks);
}

#[test]
fn file_descriptors_work_as_before() {
    let client = programs(Abi::Two).path("client");
    let plain = Command::new(&client).arg("fds").output().unwrap();
    assert!(plain.status.success(), "{plain:?}");
    for on in ["0", "1"] {
        let trace = Trace::new();
        let traced =
            trace.command(&client).arg("fds").env("TEELEAK_TRACE_FDS", on).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text(&traced.stdout), text(&plain.stdout));
        let calls = trace.ring().calls;
        let brief = |c: &ClientCall| (c.kind, c.flags & ClientCall::FILE_MASK, c.result);
        let seen: Vec<_> = calls.iter().map(brief).collect();
        let want = [
            (Kind::FdOpen, ClientCall::FILE_TEE, u32::MAX),
            (Kind::FdOpen, ClientCall::FILE_HEAP, u32::MAX),
        ];
        assert_eq!(seen, if on == "1" { &want[..] } else { &[] });
    }
}
