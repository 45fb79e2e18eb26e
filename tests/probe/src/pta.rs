//! Commands of the PTA, each with parameters that are wrong in one way, by way of a TA that has the
//! auditor's UUID.

use leaky_interface::forward::{self, CODE, PRIVATE, SHARED};
use optee_teec::raw::{
    TEEC_LOGIN_USER, TEEC_MEMREF_TEMP_INOUT, TEEC_MEMREF_TEMP_INPUT, TEEC_VALUE_INPUT,
    TEEC_VALUE_OUTPUT,
};
use teeleak_proto::{
    command::TA_UUID,
    pta::{self, CLayout},
};

use crate::{
    case::{BAD, Case, DENIED, NOT_FOUND, SHORT, UNSUPPORTED},
    teec::{Param, Session},
};

/// `TEE_PARAM_TYPES(MEMREF_OUTPUT, VALUE_INPUT, VALUE_INPUT, NONE)`, of lists.
const LIST: u32 = 0x116;
/// `TEE_PARAM_TYPES(MEMREF_OUTPUT, NONE, NONE, NONE)`, of info.
const INFO: u32 = 0x6;
/// `TEE_PARAM_TYPES(VALUE_INPUT, VALUE_OUTPUT, NONE, NONE)`, of mark and canary.
const EXCHANGE: u32 = 0x21;

/// Bytes that hold any reply header and some entries.
const ROOM: u64 = 4096;

/// A command with its name and the types that it wants.
const COMMANDS: [(&str, u32, u32); 13] = [
    ("info", pta::CMD_INFO, INFO),
    ("mark", pta::CMD_MARK, EXCHANGE),
    ("sites", pta::CMD_SITES, LIST),
    ("records", pta::CMD_RECORDS, LIST),
    ("owners", pta::CMD_OWNERS, LIST),
    ("instances", pta::CMD_INSTANCES, LIST),
    ("sessions", pta::CMD_SESSIONS, LIST),
    ("regions", pta::CMD_REGIONS, LIST),
    ("events", pta::CMD_EVENTS, LIST),
    ("pools", pta::CMD_POOLS, LIST),
    ("canary", pta::CMD_CANARY, EXCHANGE),
    ("census", pta::CMD_CENSUS, LIST),
    ("stacks", pta::CMD_STACKS, LIST),
];

/// A session to the TA that hands on, and memory to share with it.
struct Probe {
    session: Session,
    shared: Vec<u8>,
}

impl Probe {
    /// Asks the PTA; gives its result and the size of its memref 0 afterwards.
    fn ask(&mut self, cmd: u32, types: u32, values: [u64; 8]) -> anyhow::Result<(u32, u32)> {
        let mut numbers: Vec<u8> = values.into_iter().flat_map(u64::to_le_bytes).collect();
        let params = [
            Param::Value(TEEC_VALUE_INPUT, cmd, types),
            Param::Memref(TEEC_MEMREF_TEMP_INPUT, numbers.as_mut_ptr(), numbers.len()),
            Param::Value(TEEC_VALUE_OUTPUT, 0, 0),
            Param::Memref(TEEC_MEMREF_TEMP_INOUT, self.shared.as_mut_ptr(), self.shared.len()),
        ];
        let (result, after) = self.session.invoke(forward::COMMAND, params);
        anyhow::ensure!(result == 0, "the TA that hands on to the PTA: {result:#x}");
        Ok(after[2])
    }

    /// Asks a command with one buffer and otherwise zeros.
    fn buffer(&mut self, cmd: u32, types: u32, at: u64, size: u64) -> anyhow::Result<u32> {
        Ok(self.ask(cmd, types, [at, size, 0, 0, 0, 0, 0, 0])?.0)
    }
}

/// Tries all of them, and then that the PTA still answers.
pub(crate) fn cases() -> anyhow::Result<Vec<Case>> {
    let session = Session::expect(TA_UUID.0, TEEC_LOGIN_USER)?;
    let mut probe = Probe { session, shared: vec![0; 8192] };
    let mut cases = Vec::new();
    for (name, cmd, types) in COMMANDS {
        cases.extend(shapes(&mut probe, name, cmd, types)?);
        if types != EXCHANGE {
            cases.extend(buffers(&mut probe, name, cmd, types)?);
        }
    }
    cases.extend(values(&mut probe)?);
    for cmd in [13, 99, u32::MAX] {
        let result = probe.buffer(cmd, LIST, PRIVATE, ROOM)?;
        cases.push(Case { name: format!("command {cmd}"), result, expected: &[UNSUPPORTED] });
    }
    for (name, cmd, types) in COMMANDS.into_iter().filter(|(.., types)| *types != EXCHANGE) {
        let result = probe.buffer(cmd, types, PRIVATE, ROOM)?;
        let expected: &[u32] = if cmd == pta::CMD_REGIONS { &[NOT_FOUND] } else { &[0] };
        cases.push(Case { name: format!("{name} afterwards"), result, expected });
    }
    Ok(cases)
}

/// Parameter types.
fn shapes(probe: &mut Probe, name: &str, cmd: u32, types: u32) -> anyhow::Result<Vec<Case>> {
    let table = [
        ("no parameters", 0),
        ("a parameter too many", types | 0x1000),
        ("the first one missing", types & !0xf),
        ("the first one a value out", types & !0xf | 2),
        ("the first one a memref in", types & !0xf | 5),
        ("the first one a memref inout", types & !0xf | 7),
        ("the second one a memref out", types & !0xf0 | 0x60),
        ("of no known type", 0xcccc),
    ];
    let mut cases = Vec::new();
    for (shape, types) in table {
        let (result, _) = probe.ask(cmd, types, [PRIVATE, 64, 0, 0, 0, 0, 0, 0])?;
        // Memrefs in the wrong place have addresses that the kernel refuses before.
        cases.push(Case { name: format!("{name}: {shape}"), result, expected: &[BAD, DENIED] });
    }
    Ok(cases)
}

/// Where the reply goes.
fn buffers(probe: &mut Probe, name: &str, cmd: u32, types: u32) -> anyhow::Result<Vec<Case>> {
    // There is no instance 0, which is found before it is found that its regions have no room.
    // Parts that have no room are left out.
    let short: &[u32] = match cmd {
        pta::CMD_REGIONS => &[NOT_FOUND],
        pta::CMD_CENSUS => &[0],
        _ => &[SHORT],
    };
    let bytes = forward::PRIVATE_BYTES as u64;
    let table: [(&str, u64, u64, &'static [u32]); 16] = [
        ("NULL", 0, 0, short),
        ("NULL with a size", 0, ROOM, &[BAD]),
        ("no bytes", PRIVATE, 0, short),
        ("one byte", PRIVATE, 1, short),
        ("half a header", PRIVATE, 20, short),
        ("at an odd address", PRIVATE + 1, ROOM, &[BAD]),
        ("at half an alignment", PRIVATE + 4, ROOM, &[BAD]),
        ("where nothing is", 0x10, ROOM, &[BAD, DENIED]),
        ("in the kernel", 0xffff_0000_0000_0000 & !forward::KIND, ROOM, &[BAD, DENIED]),
        ("code", CODE, 64, &[BAD, DENIED]),
        ("memory of the normal world", SHARED, ROOM, &[BAD]),
        ("memory of the normal world, odd", SHARED + 1, ROOM, &[BAD]),
        ("past its end", PRIVATE, bytes + (64 << 20), &[BAD, DENIED]),
        ("of a terabyte", PRIVATE, 1 << 40, &[BAD, DENIED]),
        ("round the end of memory", PRIVATE, u64::MAX, &[BAD, DENIED]),
        ("round the end of memory, aligned", PRIVATE, !4095, &[BAD, DENIED]),
    ];
    let mut cases = Vec::new();
    for (place, at, size, expected) in table {
        let result = probe.buffer(cmd, types, at, size)?;
        cases.push(Case { name: format!("{name}: {place}"), result, expected });
    }
    Ok(cases)
}

/// A case: its name, command, types, numbers, and what is right.
type Asked = (&'static str, u32, u32, [u64; 8], &'static [u32]);

/// Values out of their range.
fn values(probe: &mut Probe) -> anyhow::Result<Vec<Case>> {
    let most = u64::from(u32::MAX);
    let site = (pta::Reply::SIZE + pta::Site::SIZE) as u64;
    let list = |[a, b, c, d]: [u64; 4]| [PRIVATE, ROOM, a, b, c, d, 0, 0];
    let pair = |a, b| [a, b, 0, 0, 0, 0, 0, 0];
    let table: [Asked; 25] = [
        ("sites: a slice too high", pta::CMD_SITES, LIST, list([0, 0, 4, 4]), &[BAD]),
        ("sites: slice 1 of none", pta::CMD_SITES, LIST, list([0, 0, 1, 0]), &[BAD]),
        ("sites: reserved", pta::CMD_SITES, LIST, list([0, 1, 0, 0]), &[BAD]),
        ("sites: all bits", pta::CMD_SITES, LIST, list([most; 4]), &[BAD]),
        ("sites: one entry", pta::CMD_SITES, LIST, [PRIVATE, site, 0, 0, 0, 0, 0, 0], &[0]),
        ("records: reserved", pta::CMD_RECORDS, LIST, list([0, 1, 0, 0]), &[BAD]),
        ("records: past the end", pta::CMD_RECORDS, LIST, list([most, 0, 0, 0]), &[0]),
        ("owners: reserved", pta::CMD_OWNERS, LIST, list([0, 0, 1, 0]), &[BAD]),
        ("instances: reserved", pta::CMD_INSTANCES, LIST, list([0, 0, 0, 1]), &[BAD]),
        ("sessions: reserved", pta::CMD_SESSIONS, LIST, list([0, 1, 0, 0]), &[BAD]),
        ("regions: no instance", pta::CMD_REGIONS, LIST, list([0, 0, 0, 0]), &[NOT_FOUND]),
        ("regions: unknown", pta::CMD_REGIONS, LIST, list([most, 0, 0, 0]), &[NOT_FOUND]),
        ("regions: reserved", pta::CMD_REGIONS, LIST, list([1, 0, 1, 0]), &[BAD]),
        ("events: reserved", pta::CMD_EVENTS, LIST, list([0, 0, 1, 1]), &[BAD]),
        ("events: in the future", pta::CMD_EVENTS, LIST, list([most, most, 0, 0]), &[0]),
        ("pools: reserved", pta::CMD_POOLS, LIST, list([0, 1, 0, 0]), &[BAD]),
        ("census: reserved", pta::CMD_CENSUS, LIST, list([0, 0, 1, 0]), &[BAD]),
        ("census: all bits", pta::CMD_CENSUS, LIST, list([most; 4]), &[BAD]),
        ("stacks: reserved", pta::CMD_STACKS, LIST, list([0, 1, 0, 0]), &[BAD]),
        ("stacks: past the end", pta::CMD_STACKS, LIST, list([most, 0, 0, 0]), &[0]),
        ("mark: unknown flags", pta::CMD_MARK, EXCHANGE, pair(2, 0), &[BAD]),
        ("mark: reserved", pta::CMD_MARK, EXCHANGE, pair(0, 1), &[BAD]),
        ("canary: unknown", pta::CMD_CANARY, EXCHANGE, pair(2, 8), &[BAD]),
        ("canary: no bytes", pta::CMD_CANARY, EXCHANGE, pair(1, 0), &[BAD]),
        (
            "canary: too big",
            pta::CMD_CANARY,
            EXCHANGE,
            pair(1, u64::from(pta::CANARY_MAX) + 1),
            &[BAD],
        ),
    ];
    let mut cases = Vec::new();
    for (name, cmd, types, values, expected) in table {
        let (result, _) = probe.ask(cmd, types, values)?;
        cases.push(Case { name: name.into(), result, expected });
    }
    Ok(cases)
}
