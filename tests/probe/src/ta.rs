//! Commands of the TA, each with parameters that are wrong in one way.

use std::ptr;

use anyhow::Context;
use optee_teec::raw::{
    TEEC_LOGIN_USER, TEEC_MEMREF_TEMP_INOUT, TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT,
    TEEC_VALUE_INPUT,
};
use teeleak_proto::{
    bind::Bind,
    canary::CanaryRequest,
    command::{TA_UUID, TaCommand},
    event::EventsRequest,
    hello::HelloRequest,
    ledger::LedgerRequest,
    limits,
    mark::MarkRequest,
    note::StepNote,
    pta,
    snapshot::{Section, SnapshotCursor, SnapshotRequest},
};

use crate::{
    case::{BAD, Case, SHORT, UNSUPPORTED},
    teec::{Param, Session},
};

/// Bytes of a reply buffer far beyond what the TA fills.
const HUGE: usize = 4 << 20;

/// Memory that the cases take from.
struct Buffers {
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl Buffers {
    fn request(&mut self, bytes: &[u8], offset: usize) -> Param {
        self.request[offset..offset + bytes.len()].copy_from_slice(bytes);
        let at = &mut self.request[offset..];
        Param::Memref(TEEC_MEMREF_TEMP_INPUT, at.as_mut_ptr(), bytes.len())
    }

    fn reply(&mut self, offset: usize, size: usize) -> Param {
        Param::Memref(TEEC_MEMREF_TEMP_OUTPUT, self.reply[offset..].as_mut_ptr(), size)
    }
}

/// Tries all of them, and then that the TA still answers.
pub(crate) fn cases() -> anyhow::Result<Vec<Case>> {
    let session = Session::expect(TA_UUID.0, TEEC_LOGIN_USER)?;
    let mut buffers = Buffers { request: vec![0; 2 << 20], reply: vec![0; HUGE + 8] };
    let mut cases = Vec::new();
    for command in TaCommand::ALL {
        cases.extend(shapes(&session, &mut buffers, command)?);
    }
    cases.extend(values(&session, &mut buffers)?);
    cases.extend(crate::values::cases(&session));
    for command in [8, 99, u32::MAX] {
        let params = valid(&mut buffers, TaCommand::Hello)?;
        let (result, _) = session.invoke(command, params);
        let name = format!("command {command}");
        cases.push(Case { name, result, expected: &[UNSUPPORTED] });
    }
    let params = valid(&mut buffers, TaCommand::Snapshot)?;
    let (result, _) = session.invoke(TaCommand::Snapshot as u32, params);
    cases.push(Case { name: "a snapshot afterwards".into(), result, expected: &[0] });
    Ok(cases)
}

/// A request that is right.
fn request(command: TaCommand) -> anyhow::Result<Vec<u8>> {
    let mut buffer = [0; limits::REQUEST_BYTES];
    let start = SnapshotCursor::START;
    let sections = (1 << Section::ALL.len()) - 1;
    let used = match command {
        TaCommand::Hello => postcard::to_slice(&HelloRequest { min: 1, current: 1 }, &mut buffer),
        TaCommand::Snapshot => postcard::to_slice(
            &SnapshotRequest { sections, epoch_from: 0, cursor: start },
            &mut buffer,
        ),
        TaCommand::Events => postcard::to_slice(&EventsRequest { from: 1 }, &mut buffer),
        TaCommand::Mark => postcard::to_slice(&MarkRequest { restart: false }, &mut buffer),
        TaCommand::Canary => postcard::to_slice(&CanaryRequest { size: 0 }, &mut buffer),
        TaCommand::Note => {
            let note = StepNote { step: 0, key: 0, parent: 0, result: 0 };
            postcard::to_slice(&note, &mut buffer)
        }
        TaCommand::Bind => {
            let bind = Bind { resources: Default::default(), steps: Default::default() };
            postcard::to_slice(&bind, &mut buffer)
        }
        TaCommand::Ledger => postcard::to_slice(&LedgerRequest { from: 0 }, &mut buffer),
    };
    Ok(used.context("a request that is too long")?.to_vec())
}

fn valid(buffers: &mut Buffers, command: TaCommand) -> anyhow::Result<[Param; 4]> {
    let bytes = request(command)?;
    let request = buffers.request(&bytes, 0);
    Ok([request, buffers.reply(0, 65536), Param::None, Param::None])
}

/// A case: its name, the parameters, and what is right.
type Asked = (&'static str, [Param; 4], &'static [u32]);

/// Types, addresses and sizes.
fn shapes(
    session: &Session,
    buffers: &mut Buffers,
    command: TaCommand,
) -> anyhow::Result<Vec<Case>> {
    let needed = u32::try_from(limits::REPLY_BYTES_MIN)?;
    let mut table = types(valid(buffers, command)?);
    table.extend(sizes(buffers, command)?);
    let tried = table.into_iter().map(|(name, params, expected)| {
        let (result, after) = session.invoke(command as u32, params);
        // A refusal for a short buffer says how much is needed, too.
        let is_size_given = result != SHORT || after[1].0 == needed;
        let result = if is_size_given { result } else { u32::MAX };
        Case { name: format!("{command:?}: {name}"), result, expected }
    });
    Ok(tried.collect())
}

/// Parameters of other types than the right ones.
fn types([request, reply, none, _]: [Param; 4]) -> Vec<Asked> {
    let value = Param::Value(TEEC_VALUE_INPUT, 1, 1);
    let inout = |param| match param {
        Param::Memref(_, at, size) => Param::Memref(TEEC_MEMREF_TEMP_INOUT, at, size),
        other => other,
    };
    vec![
        ("no parameters", [none; 4], &[BAD]),
        ("a value for the request", [value, reply, none, none], &[BAD]),
        ("a value for the reply", [request, value, none, none], &[BAD]),
        ("a value too many", [request, reply, value, none], &[BAD]),
        ("a memref too many", [request, reply, none, reply], &[BAD]),
        ("request inout", [inout(request), reply, none, none], &[BAD]),
        ("reply inout", [request, inout(reply), none, none], &[BAD]),
        ("the wrong way round", [reply, request, none, none], &[BAD]),
    ]
}

/// Buffers that are not there, too small, too big or misaligned.
fn sizes(buffers: &mut Buffers, command: TaCommand) -> anyhow::Result<Vec<Asked>> {
    let [request, reply, ..] = valid(buffers, command)?;
    let odd = buffers.request(&self::request(command)?, 65537);
    let long = buffers.request(&[0; limits::REQUEST_BYTES + 1], 128 << 10);
    let longer = buffers.request(&vec![0; 1 << 20], 256 << 10);
    let null = |of, size| Param::Memref(of, ptr::null_mut(), size);
    let (input, output) = (TEEC_MEMREF_TEMP_INPUT, TEEC_MEMREF_TEMP_OUTPUT);
    let asking = |request| [request, reply, Param::None, Param::None];
    let into = |reply| [request, reply, Param::None, Param::None];
    let min = limits::REPLY_BYTES_MIN;
    // With nothing bound there is no step that a note could be.
    let right: &[u32] = if command == TaCommand::Note { &[BAD] } else { &[0] };
    Ok(vec![
        ("request NULL", asking(null(input, 0)), &[BAD]),
        ("request NULL with a size", asking(null(input, 16)), &[BAD]),
        ("request empty", asking(buffers.request(&[], 0)), &[BAD]),
        ("request too long", asking(long), &[BAD]),
        ("request much too long", asking(longer), &[BAD]),
        ("request at an odd address", asking(odd), right),
        ("reply NULL", into(null(output, 0)), &[SHORT]),
        ("reply NULL with a size", into(null(output, 4096)), &[BAD]),
        ("reply of one byte", into(buffers.reply(0, 1)), &[SHORT]),
        ("reply a byte short", into(buffers.reply(0, min - 1)), &[SHORT]),
        ("reply just enough", into(buffers.reply(0, min)), right),
        ("reply at an odd address", into(buffers.reply(3, 65536)), right),
        ("reply of 4 MiB", into(buffers.reply(0, HUGE)), right),
    ])
}

/// Values out of their range, and bytes that are no request.
fn values(session: &Session, buffers: &mut Buffers) -> anyhow::Result<Vec<Case>> {
    let encode = |value: &dyn Fn(&mut [u8]) -> postcard::Result<usize>| {
        let mut buffer = vec![0; 64];
        value(&mut buffer).map(|used| buffer[..used].to_vec())
    };
    let snapshot = |sections, section, part| {
        let cursor = SnapshotCursor { section, part, index: 0 };
        let request = SnapshotRequest { sections, epoch_from: 0, cursor };
        encode(&|buffer| postcard::to_slice(&request, buffer).map(|used| used.len()))
    };
    let canary = |size| {
        let request = CanaryRequest { size };
        encode(&|buffer| postcard::to_slice(&request, buffer).map(|used| used.len()))
    };
    let table: [(&str, TaCommand, Vec<u8>); 11] = [
        ("a section that isn't", TaCommand::Snapshot, snapshot(1 << Section::ALL.len(), 0, 0)?),
        ("all sections that aren't", TaCommand::Snapshot, snapshot(u32::MAX, 0, 0)?),
        ("a page of no section", TaCommand::Snapshot, snapshot(1, 8, 0)?),
        ("a slice that isn't", TaCommand::Snapshot, snapshot(2, 0, 128)?),
        ("the last slice there is", TaCommand::Snapshot, snapshot(2, 0, u32::MAX)?),
        ("a byte too big", TaCommand::Canary, canary(pta::CANARY_MAX + 1)?),
        ("far too big", TaCommand::Canary, canary(u32::MAX)?),
        ("versions the wrong way round", TaCommand::Hello, vec![2, 1]),
        ("neither yes nor no", TaCommand::Mark, vec![2]),
        ("a number that never ends", TaCommand::Events, vec![0xff; 16]),
        ("more steps than there is room for", TaCommand::Bind, vec![0, 0xff, 0xff, 3]),
    ];
    let mut cases = Vec::new();
    for (name, command, bytes) in table {
        let [_, reply, ..] = valid(buffers, command)?;
        let params = [buffers.request(&bytes, 0), reply, Param::None, Param::None];
        let (result, _) = session.invoke(command as u32, params);
        cases.push(Case { name: format!("{command:?}: {name}"), result, expected: &[BAD] });
    }
    Ok(cases)
}
