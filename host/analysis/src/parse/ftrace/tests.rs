//! Reads lines of Linux 6.12.107 (Debian, arm64), intact and changed.

use crate::{model::CallKind, parse::ftrace::*};

/// A player that maps a buffer, fails to unmap a missing one, and is killed with its session open.
const KILLED: &str = r#"
# teeleak clock mono_ns=90000001000 raw_ns=90000000000
           <...>-179     (-------) [001] d....    81.754599: tee_open: (optee_open_session+0x0/0x270 [optee]) uuid={0x23,0xfe,0x83,0xec,0x2b,0x7b,0x4b,0x16,0xa8,0x72,0x7b,0x92,0x7e,0x6e,0x45,0x57} n=4 p0={0x0,0x0,0x0} p1={0x0,0x0,0x0} p2={0x0,0x0,0x0} p3={0x0,0x0,0x0} comm="drm-player"
           <...>-179     (-------) [001] d....    81.758328: tee_opened: (tee_ioctl+0x694/0x1120 [tee] <- optee_open_session) rc=0 session=1 ret=0 origin=4 p0={0x0,0x0,0x0} p1={0x0,0x0,0x0} p2={0x0,0x0,0x0} p3={0x0,0x0,0x0}
# teeleak thread tid=179 pid=178
# teeleak process pid=178 ppid=12 ended=0 comm="player" exe="/share/bin/drm-player"
           <...>-179     (-------) [001] d....    81.946910: tee_invoke: (optee_invoke_func+0x0/0x220 [optee]) cmd=1 session=1 n=4 p0={0x1,0x1,0x1000} p1={0x2,0x0,0x0} p2={0x0,0x0,0x0} p3={0x0,0x0,0x0} comm="drm-player"
      drm-player-179     (    178) [000] d....    81.969281: tee_invoked: (tee_ioctl+0xea4/0x1120 [tee] <- optee_invoke_func) rc=0 cmd=1 session=1 ret=0 origin=4 p0={0x1,0x1,0x1000} p1={0x2,0x4001a000,0x0} p2={0x0,0x0,0x0} p3={0x0,0x0,0x0}
      drm-player-179     (    178) [001] d....    81.969993: tee_invoke: (optee_invoke_func+0x0/0x220 [optee]) cmd=2 session=1 n=4 p0={0x1,0x1,0x0} p1={0x1,0x4001b000,0x0} p2={0x0,0x0,0x0} p3={0x0,0x0,0x0} comm="drm-player"
      drm-player-179     (    178) [001] d....    81.972792: tee_invoked: (tee_ioctl+0xea4/0x1120 [tee] <- optee_invoke_func) rc=0 cmd=2 session=1 ret=4294901768 origin=4 p0={0x1,0x1,0x0} p1={0x1,0x4001b000,0x0} p2={0x0,0x0,0x0} p3={0x0,0x0,0x0}
      drm-player-179     (    178) [001] d....    82.447148: tee_shut: (optee_close_session_helper+0x0/0x128 [optee]) session=1 comm="drm-player"
      drm-player-179     (    178) [001] d....    82.452631: tee_was_shut: (optee_release_helper.constprop.0+0x80/0xd8 [optee] <- optee_close_session_helper) rc=0 session=1
# teeleak process pid=178 ppid=0 ended=1 comm="" exe=""
"#;

/// A session that its client closes: the driver's function for that is within another one.
const CLOSED: &str = r#"
      drm-player-176     (    176) [000] d....    81.115548: tee_close: (optee_close_session+0x0/0xe8 [optee]) session=2 comm="drm-player"
      drm-player-176     (    176) [000] d....    81.117018: tee_shut: (optee_close_session_helper+0x0/0x128 [optee]) session=2 comm="drm-player"
      drm-player-176     (    176) [000] d....    81.129478: tee_was_shut: (optee_close_session+0xac/0xe8 [optee] <- optee_close_session_helper) rc=0 session=2
      drm-player-176     (    176) [000] d....    81.129633: tee_closed: (tee_ioctl+0x3d8/0x1120 [tee] <- optee_close_session) rc=0 session=2
"#;

fn read(text: &str) -> TraceReader {
    let mut reader = TraceReader::default();
    reader.push(text.trim_start().as_bytes());
    let Accounting { read, parsed, ignored, rejected } = reader.accounting();
    assert_eq!(read, parsed + ignored + rejected);
    reader
}

fn clients(text: &str) -> Clients {
    read(text).finish().unwrap()
}

/// Line `n` of a text.
fn line(text: &str, n: usize) -> &str {
    text.trim_start().split_inclusive('\n').nth(n).unwrap()
}

#[test]
fn calls_are_reported_whole() {
    let trace = clients(KILLED);
    let [open, map, unmap, close] = &trace.calls[..] else { panic!("{:#?}", trace.calls) };
    assert_eq!((open.kind, open.session), (CallKind::OpenSession, Some(1)));
    let ta = Uuid::parse("23fe83ec-2b7b-4b16-a872-7b927e6e4557");
    assert_eq!(open.monotonic, (81_754_599_500, 81_758_329_500), "the other clock is 1 us ahead");
    assert_eq!(open.counter, Some((81_754_598_500, 81_758_328_500)));
    assert_eq!((map.kind, map.cmd, map.result), (CallKind::InvokeCommand, 1, 0));
    assert_eq!((map.session, map.uuid, map.origin), (Some(1), ta, Some(4)));
    assert_eq!(map.values(), [1, 0x1000, 0x4001_a000, 0, 0, 0, 0, 0]);
    assert_eq!((unmap.result, unmap.param_types), (0xffff_0008, 0x0011));
    assert_eq!((close.kind, close.uuid), (CallKind::CloseSession, ta));
    assert_eq!(close.by.to_string(), "the kernel, for player pid 178");
    assert_eq!((unmap.by.tid, &*unmap.thread), (179, "drm-player"));
    // The process was not yet known at the first call.
    assert_eq!((open.by.pid, map.by.pid), (179, 178));
}

#[test]
fn processes_are_what_was_looked_up() {
    let trace = clients(KILLED);
    let process = trace.processes.iter().find(|process| process.pid == 178).unwrap();
    assert_eq!((&*process.comm, process.ppid, process.ended), ("player", 12, true));
    assert_eq!((&*process.exe, process.running, trace.lost), ("/share/bin/drm-player", 0, 0));
}

#[test]
fn a_session_is_closed_once() {
    let trace = clients(CLOSED);
    let [close] = &trace.calls[..] else { panic!("{:#?}", trace.calls) };
    assert!(!close.by.by_kernel);
    assert_eq!((close.session, trace.lost), (Some(2), 0));
}

#[test]
fn text_may_be_cut_anywhere() {
    let whole = clients(KILLED).calls;
    for at in 0..KILLED.len() {
        let mut reader = TraceReader::default();
        reader.push(&KILLED.as_bytes()[..at]);
        reader.push(&KILLED.as_bytes()[at..]);
        assert_eq!(reader.take_calls().len(), whole.len(), "cut at {at}");
    }
}

#[test]
fn what_the_kernel_lost_is_counted_and_nothing_is_put_together_across_it() {
    let text = [line(CLOSED, 0), "CPU:0 [LOST 5 EVENTS]\n", line(CLOSED, 3)].concat();
    let trace = clients(&text);
    assert!(trace.calls.is_empty());
    assert_eq!(trace.lost, 3 + 1, "the end has no begin any more");
}

#[test]
fn an_end_may_come_before_its_begin() {
    // Each CPU has its own buffer.
    let mut reader = read(&[line(KILLED, 5), line(KILLED, 4)].concat());
    // The line of the end is read before that of the start.
    assert_eq!(reader.take_calls().len(), 0, "these two are of different calls");
    let mut reader = read(&[line(KILLED, 6), line(KILLED, 5)].concat());
    assert_eq!(reader.take_calls().len(), 1);
    assert_eq!((reader.lost, reader.threads.len()), (0, 0));
}

#[test]
fn an_end_of_another_call_is_none() {
    let other = line(KILLED, 6).replace("session=1", "session=3");
    let mut reader = read(&[line(KILLED, 5), &other].concat());
    assert!(reader.take_calls().is_empty());
    let changed = line(KILLED, 6).replace("p0={0x1,0x1,0x1000}", "p0={0x1,0x2,0x1000}");
    let mut reader = read(&[line(KILLED, 5), &changed].concat());
    assert!(reader.take_calls().is_empty());
}

#[test]
fn a_call_without_an_end_is_lost_or_goes_on() {
    let twice = clients(&[line(KILLED, 5), line(KILLED, 7), line(KILLED, 8)].concat());
    assert_eq!((twice.calls.len(), twice.lost), (1, 1));
    let running = clients(line(KILLED, 5));
    assert_eq!((running.calls.len(), running.lost, running.processes[0].running), (0, 0, 1));
}

#[test]
fn what_cannot_be_is_rejected_and_counted_as_lost() {
    let strange = line(KILLED, 5).replace("p0={0x1,", "p0={0xffff800080001234,");
    for text in [
        &strange,
        &line(KILLED, 5).replace("(fault)", ""),
        &line(CLOSED, 0).replace(" session=2", ""),
    ] {
        let reader = read(text);
        let rejected = reader.accounting().rejected;
        assert_eq!(reader.lost, rejected, "{text}");
    }
    assert_eq!(read(&strange).accounting().rejected, 1);
    let long = format!("{}{}\n", line(CLOSED, 0).trim_end(), "x".repeat(LINE_BYTES));
    assert_eq!(read(&long).accounting().rejected, 1);
}

#[test]
fn the_readers_own_calls_are_none() {
    let own = format!("# teeleak self pid=176\n{}", CLOSED.trim_start());
    let trace = clients(&own);
    assert_eq!((trace.calls.len(), trace.processes.len(), trace.lost), (0, 0, 0));
}

#[test]
fn what_the_kernel_could_not_follow_is_lost() {
    assert_eq!(clients("# teeleak missed calls=3\n").lost, 3);
    assert_eq!(read("# teeleak strange\n").accounting().rejected, 1);
    assert!(TraceReader::default().finish().is_none());
}
