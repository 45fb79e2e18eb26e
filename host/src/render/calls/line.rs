//! A client call as one line.

use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use teeleak_analysis::{
    model::{Call, CallKind, CallParam, FileKind, Process, TeeResult},
    text,
};
use teeleak_proto::client::head::halves;

use crate::{
    escape::escape_json,
    render::text::{TextLine, TextPage},
};

/// Writes seconds since the first call, duration, caller, call and result.
pub(super) fn text(call: &Call, zero_ns: u64, page: &mut TextPage<'_>) -> Result<()> {
    let (begin, end) = call.monotonic;
    let start = text::seconds(begin.saturating_sub(zero_ns));
    let took = text::number(end.saturating_sub(begin) / 1_000);
    let kernel = if call.by.by_kernel { "kernel for " } else { "" };
    let caller = format!("{kernel}{}[{}/{}]", call.by.comm, call.by.pid, call.by.tid);
    let line = TextLine::default().text(format_args!("{start:>12} {took:>10} us  ")).hang();
    page.write_line(outcome(call, line.text(format_args!("{caller:<28} {}", description(call)))))?;
    for frame in &call.stack {
        page.write_line(TextLine::indent(28).dim(format_args!("{frame:#x}")))?;
    }
    Ok(())
}

fn description(call: &Call) -> String {
    let session = call.session.map_or(String::new(), |session| format!(" session {session}"));
    let uuid = call.uuid.map_or(String::new(), |uuid| format!(" {uuid}"));
    let [memory, ..] = call.params;
    let bytes = text::number(memory.size);
    let fd = call.cmd.cast_signed();
    match call.kind {
        CallKind::OpenSession => format!("OpenSession{uuid}{session}{}", params(call)),
        CallKind::InvokeCommand => {
            format!("InvokeCommand{session} command {}{}", call.cmd, params(call))
        }
        CallKind::CloseSession => format!("CloseSession{session}"),
        CallKind::RegisterSharedMemory
        | CallKind::RegisterSharedMemoryFd
        | CallKind::AllocateSharedMemory
        | CallKind::ReleaseSharedMemory => {
            format!("{:?} {:#x} {bytes} bytes", call.kind, memory.input)
        }
        CallKind::FdOpen => format!("{} opened", file(call)),
        CallKind::FdDup => format!("{} {fd} duplicated", file(call)),
        CallKind::FdClose => format!("{} {fd} closed", file(call)),
        CallKind::FdMap => {
            format!("{} {fd} mapped at {:#x}, {bytes} bytes", file(call), memory.input)
        }
        CallKind::FdUnmap => format!("unmapped {:#x}, {bytes} bytes", memory.input),
        CallKind::FdIoctl => format!("{} {fd} ioctl {:#x}", file(call), memory.input),
        kind => format!("{kind:?}"),
    }
}

/// Kind of file behind a descriptor.
fn file(call: &Call) -> &'static str {
    match call.file {
        FileKind::TeeDevice => "TEE device",
        FileKind::DmaBuf => "dma-buf",
        FileKind::DmaHeap => "dma-buf heap",
        FileKind::TeeShm => "TEE shared memory",
        FileKind::Other => "file",
    }
}

/// Parameters before and after the call: `(5,6) (1,2)->(3,4) 0x7f..:4096->12`.
fn params(call: &Call) -> String {
    let params = call.params.iter().enumerate();
    let texts: Vec<_> = params
        .filter_map(|(n, param)| param_text(call.param_types >> (4 * n) & 0xf, param))
        .collect();
    if texts.is_empty() { String::new() } else { format!(" {}", texts.join(" ")) }
}

fn param_text(kind: u32, param: &CallParam) -> Option<String> {
    let value = |word| {
        let (a, b) = halves(word);
        format!("({a:#x},{b:#x})")
    };
    let memory = format!("{:#x}:{}", param.input, param.size);
    match kind {
        1 => Some(value(param.input)),
        2 => Some(format!("->{}", value(param.output))),
        3 => Some(format!("{}->{}", value(param.input), value(param.output))),
        5 | 0xd => Some(memory),
        6 | 7 | 0xc | 0xe | 0xf => Some(format!("{memory}->{}", param.output)),
        _ => None,
    }
}

fn outcome(call: &Call, line: TextLine) -> TextLine {
    let has_none = matches!(
        call.kind,
        CallKind::CloseSession
            | CallKind::FinalizeContext
            | CallKind::ReleaseSharedMemory
            | CallKind::RequestCancellation
    );
    match call.result {
        _ if has_none => line,
        result if call.kind >= CallKind::FdOpen => {
            line.text(format_args!(" = {}", result.cast_signed()))
        }
        0 => line.text(" = ok"),
        result => line.text(" = ").warn(TeeResult(result)).text(origin(call.origin)),
    }
}

/// Origins of TEE Client API Specification v1.0, section 4.4.3.
fn origin(origin: Option<u32>) -> &'static str {
    match origin {
        Some(1) => " from libteec",
        Some(2) => " on the way to the TEE",
        Some(3) => " from the TEE",
        Some(4) => " from the TA",
        _ => "",
    }
}

/// Writes the summary of a process that made calls.
pub(super) fn process(process: &Process, page: &mut TextPage<'_>) -> Result<()> {
    if !process.called {
        return Ok(());
    }
    let Process { pid, comm, exe, lost, running, ended, .. } = process;
    let mut line = TextLine::default().text(format_args!("{comm} pid {pid} ")).dim(exe);
    if *lost > 0 {
        line = line.text(", ").warn(format_args!("{} lost", text::count(*lost, "call")));
    }
    line = match (running, ended) {
        (0, _) => line,
        (n, true) => {
            line.text(", ").warn(format_args!("exited during {}", text::count(*n, "call")))
        }
        (n, false) => line.text(format_args!(", still in {}", text::count(*n, "call"))),
    };
    Ok(page.write_line(line)?)
}

#[derive(Serialize)]
struct CallJson<'c> {
    begin_ns: u64,
    end_ns: u64,
    pid: u32,
    tid: u32,
    comm: &'c str,
    thread: &'c str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_kernel: bool,
    call: String,
    uuid: Option<String>,
    session: Option<u32>,
    cmd: u32,
    result: u32,
    origin: Option<u32>,
    param_types: u32,
    params: Vec<[u64; 3]>,
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    stack: &'c [u64],
}

/// Writes a call as one line of JSON. Parameters are input, size and output, see `CallParam`.
pub(super) fn json(call: &Call, out: &mut dyn Write) -> Result<()> {
    let params = call.params.iter().map(|param| [param.input, param.size, param.output]).collect();
    let line = CallJson {
        begin_ns: call.monotonic.0,
        end_ns: call.monotonic.1,
        pid: call.by.pid,
        tid: call.by.tid,
        comm: &call.by.comm,
        thread: &call.thread,
        by_kernel: call.by.by_kernel,
        call: format!("{:?}", call.kind),
        uuid: call.uuid.map(|uuid| uuid.to_string()),
        session: call.session,
        cmd: call.cmd,
        result: call.result,
        origin: call.origin,
        param_types: call.param_types,
        params,
        stack: &call.stack,
    };
    writeln!(out, "{}", escape_json(serde_json::to_string(&line)?))?;
    Ok(())
}
