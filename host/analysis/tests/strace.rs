//! Text of strace, cut, mixed and damaged: nothing breaks, and every line is accounted for.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::PathBuf;

use proptest::prelude::*;
use teeleak_analysis::{
    clients::settle,
    model::{CallKind, Observation},
    parse::strace::{StraceReader, StraceTrace},
};

fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/strace")
}

/// All lines of all fixtures.
fn lines() -> Vec<String> {
    let files = std::fs::read_dir(fixtures()).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let texts = paths.iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn read<'l>(lines: impl IntoIterator<Item = &'l [u8]>) -> StraceTrace {
    let mut reader = StraceReader::new("trace", None);
    lines.into_iter().for_each(|line| reader.line(line));
    reader.finish()
}

fn read_text(text: &str) -> StraceTrace {
    read(text.lines().map(str::as_bytes))
}

fn all_accounted(trace: &StraceTrace) {
    let lines = trace.accounting;
    assert_eq!(lines.read, lines.parsed + lines.ignored + lines.rejected);
}

/// A process that acquires and releases, as text.
fn rounds(closed: &[bool], prefix: &str) -> String {
    let mut text = format!("{prefix}openat(AT_FDCWD, \"/dev/tee0\", O_RDWR) = 3\n");
    let mut next = 5;
    for closed in closed {
        text +=
            &format!("{prefix}ioctl(3, TEE_IOC_SHM_ALLOC, {{size=1, flags=0}} => {{id=1}}) = 4\n");
        text += &format!("{prefix}dup(4) = {next}\n{prefix}close(4) = 0\n");
        if *closed {
            text += &format!("{prefix}close({next}) = 0\n");
        } else {
            next += 1;
        }
    }
    text
}

proptest! {
    #[test]
    fn any_bytes_are_accounted_for(bytes: Vec<u8>) {
        all_accounted(&read(bytes.split(|byte| *byte == b'\n')));
    }

    #[test]
    fn lines_in_any_order_cut_anywhere_are_accounted_for(
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0..400usize, any::<bool>()), 0..80)
    ) {
        let all = lines();
        let picked: Vec<_> = picks.iter().map(|(index, cut, whole)| {
            let line = index.get(&all).as_bytes();
            if *whole { line } else { &line[..line.len().min(*cut)] }
        }).collect();
        let trace = read(picked);
        all_accounted(&trace);
        let mut observation = Observation::default();
        trace.add_to(&mut observation);
        settle(&mut observation);
        prop_assert!(observation.events.iter().all(|event| event.by.is_some()));
        let n_events = observation.events.len();
        settle(&mut observation);
        prop_assert_eq!(observation.events.len(), n_events, "what has events has them once");
    }

    #[test]
    fn what_stays_open_is_what_was_not_closed(
        closed in prop::collection::vec(any::<bool>(), 0..40),
        threads: bool,
    ) {
        let prefix = if threads { "[pid   77] 1795272820.5 " } else { "77 14:53:35.1 " };
        let trace = read_text(&rounds(&closed, prefix));
        prop_assert_eq!(trace.accounting.rejected + trace.accounting.ignored, 0);
        let count = |kind| trace.clients.calls.iter().filter(|call| call.kind == kind).count();
        let released = closed.iter().filter(|closed| **closed).count();
        prop_assert_eq!(count(CallKind::FdDup), closed.len());
        prop_assert_eq!(count(CallKind::FdClose), closed.len() + released);
    }
}

#[test]
fn the_kernel_closes_the_sessions_of_who_is_killed() {
    let trace = read_text(
        "9 openat(AT_FDCWD, \"/dev/tee0\", O_RDWR) = 3\n\
         9 dup(3) = 4\n\
         9 ioctl(3, TEE_IOC_OPEN_SESSION, {buf_len=184, buf_ptr={uuid=23fe83ec-2b7b-4b16-a872-7b927e6e4557, \
         num_params=0} => {session=0x7, ret=0, ret_origin=TEEC_ORIGIN_TRUSTED_APP}}) = 0\n\
         9 close(3) = 0\n\
         9 ioctl(4, TEE_IOC_INVOKE, {buf_len=152, buf_ptr={func=1, session=0x7, <unfinished ...>) = ?\n\
         9 +++ killed by SIGKILL +++\n",
    );
    let last = trace.clients.calls.last().unwrap();
    assert_eq!((last.kind, last.session), (CallKind::CloseSession, Some(7)));
    assert!(last.by.by_kernel && last.uuid.is_some());
    let process = &trace.clients.processes[0];
    assert_eq!((process.pid, process.ended, process.running), (9, true, 1));
    let assumptions = trace.assumptions.join("\n");
    assert!(
        assumptions.contains("closed 1 session of pid 9, which was killed by SIGKILL"),
        "{assumptions}"
    );
}

#[test]
fn a_fork_has_descriptors_of_its_own_and_a_thread_has_not() {
    let text = |flags: &str| {
        format!(
            "1 openat(AT_FDCWD, \"/dev/tee0\", O_RDWR) = 3\n\
             1 clone(child_stack=NULL, flags={flags}) = 2\n\
             2 close(3) = 0\n"
        )
    };
    let closes = |trace: &StraceTrace| {
        trace.clients.calls.iter().filter(|call| call.kind == CallKind::FdClose).count()
    };
    let thread = read_text(&text("CLONE_VM|CLONE_FILES|CLONE_THREAD"));
    assert_eq!((closes(&thread), thread.clients.processes.len()), (1, 1));
    let fork = read_text(&text("CLONE_CHILD_SETTID|SIGCHLD"));
    assert_eq!((closes(&fork), fork.clients.processes.len()), (0, 2));
}
