//! Commands of the TA with values alone, wrong in one way each.

use optee_teec::raw::{TEEC_MEMREF_TEMP_INOUT, TEEC_VALUE_INOUT, TEEC_VALUE_INPUT};
use teeleak_proto::{
    command::TaCommand,
    values::{BEGIN, READ, REQUEST_BYTES, Words},
};

use crate::{
    case::{BAD, Case, STALE, UNSUPPORTED},
    teec::{Param, Session},
};

/// Tries all of them in a session to the TA.
pub(crate) fn cases(session: &Session) -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, command) in [("begin", BEGIN), ("read", READ)] {
        cases.extend(types().into_iter().map(|(what, params)| {
            let (result, _) = session.invoke(command, params);
            Case { name: format!("values, {name}: {what}"), result, expected: &[BAD] }
        }));
    }
    cases.extend(begins(session));
    cases.extend(reads(session));
    cases
}

fn types() -> Vec<(&'static str, [Param; 4])> {
    let inout = Param::Value(TEEC_VALUE_INOUT, 0, 0);
    let input = Param::Value(TEEC_VALUE_INPUT, 0, 0);
    // Not there, so that no buffer has to be kept.
    let memref = Param::Memref(TEEC_MEMREF_TEMP_INOUT, std::ptr::null_mut(), 0);
    vec![
        ("no parameters", [Param::None; 4]),
        ("three of four", [inout, inout, inout, Param::None]),
        ("values in", [input; 4]),
        ("memrefs", [memref; 4]),
        ("a memref among them", [inout, memref, inout, inout]),
    ]
}

fn exchange(session: &Session, command: u32, words: Words) -> (u32, [(u32, u32); 4]) {
    let [a, b, c, d, e, f, g, h] = words;
    let value = |(a, b)| Param::Value(TEEC_VALUE_INOUT, a, b);
    session.invoke(command, [(a, b), (c, d), (e, f), (g, h)].map(value))
}

fn begins(session: &Session) -> Vec<Case> {
    let hello = TaCommand::Hello as u32;
    let too_long = u32::try_from(REQUEST_BYTES).unwrap_or(0) + 1;
    let table: [(&str, Words, &[u32]); 7] = [
        ("a request that is too long", [hello, too_long, 0, 0, 0, 0, 0, 0], &[BAD]),
        ("a request of 4 GiB", [hello, u32::MAX, 0, 0, 0, 0, 0, 0], &[BAD]),
        ("no request", [hello, 0, 0, 0, 0, 0, 0, 0], &[BAD]),
        ("garbage", [hello, 24, !0, !0, !0, !0, !0, !0], &[BAD]),
        ("no such command", [8, 2, 0x0101, 0, 0, 0, 0, 0], &[UNSUPPORTED]),
        ("itself", [BEGIN, 2, 0x0101, 0, 0, 0, 0, 0], &[UNSUPPORTED]),
        ("hello", [hello, 2, 0x0101, 0, 0, 0, 0, 0], &[0]),
    ];
    let ask = |(name, words, expected)| {
        let (result, _) = exchange(session, BEGIN, words);
        Case { name: format!("values, begin: {name}"), result, expected }
    };
    table.into_iter().map(ask).collect()
}

fn reads(session: &Session) -> Vec<Case> {
    let hello = [TaCommand::Hello as u32, 2, 0x0101, 0, 0, 0, 0, 0];
    let (_, [(used, ticket), ..]) = exchange(session, BEGIN, hello);
    let table: [(&str, u32, u32, &[u32]); 6] = [
        ("the beginning", 0, ticket, &[0]),
        ("the end", used, ticket, &[0]),
        ("beyond the end", used + 1, ticket, &[BAD]),
        ("far beyond the end", u32::MAX, ticket, &[BAD]),
        ("a ticket that was", 0, ticket.wrapping_sub(1), &[STALE]),
        ("a ticket that will be", 0, ticket.wrapping_add(1), &[STALE]),
    ];
    let ask = |(name, offset, ticket, expected)| {
        let (result, _) = exchange(session, READ, [offset, ticket, 0, 0, 0, 0, 0, 0]);
        Case { name: format!("values, read: {name}"), result, expected }
    };
    table.into_iter().map(ask).collect()
}
