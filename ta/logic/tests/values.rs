//! Requests and replies in value parameters.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

use proptest::prelude::*;
use teeleak_proto::{
    command::Command,
    record::{self, Record},
    values::{self, PIECE_BYTES, Words},
};
use teeleak_ta_logic::{Auditor, Caller, Kept, Pta, Query, Refusal};

/// A device without the PTA: hello says so.
struct Absent;

impl Pta for Absent {
    fn open_result(&self) -> u32 {
        0xffff_0008
    }
    fn info(&mut self, _: &mut [u8]) -> Result<usize, u32> {
        Err(self.open_result())
    }
    fn list(&mut self, _: &Query, _: &mut [u8]) -> Result<usize, u32> {
        Err(self.open_result())
    }
    fn exchange(&mut self, _: u32, _: [u32; 2]) -> Result<[u32; 2], u32> {
        Err(self.open_result())
    }
}

struct Ta {
    auditor: Auditor,
    kept: Kept,
}

impl Ta {
    fn new() -> Box<Self> {
        Box::new(Self { auditor: Auditor::new(), kept: Kept::new() })
    }

    fn ask(&mut self, command: u32, words: Words) -> Result<Words, Refusal> {
        let both = (&mut self.auditor, &mut Absent as &mut dyn Pta);
        self.kept.exchange(both, Caller::Client, command, &words)
    }

    fn hello(&mut self) -> (u32, u32) {
        let mut words = [Command::Hello as u32, 2, 0, 0, 0, 0, 0, 0];
        values::pack(&mut words[2..], &[1, 1]);
        let [used, ticket, ..] = self.ask(values::BEGIN, words).unwrap();
        (used, ticket)
    }
}

#[test]
fn a_reply_comes_piece_by_piece() {
    let mut ta = Ta::new();
    let (used, ticket) = ta.hello();
    let mut reply = vec![0; used as usize];
    for (n, piece) in (0..).zip(reply.chunks_mut(PIECE_BYTES)) {
        let offset = n * PIECE_BYTES as u32;
        values::unpack(&ta.ask(values::READ, [offset, ticket, 0, 0, 0, 0, 0, 0]).unwrap(), piece);
    }
    let hello = record::read(&reply).next().unwrap();
    assert!(matches!(hello, Ok(Record::Hello(hello)) if hello.pta_result == 0xffff_0008));
}

#[test]
fn an_old_ticket_is_refused() {
    let mut ta = Ta::new();
    let (_, old) = ta.hello();
    let (_, new) = ta.hello();
    let read = |ticket| [0, ticket, 0, 0, 0, 0, 0, 0];
    assert_eq!(ta.ask(values::READ, read(old)), Err(Refusal::BadState));
    assert!(ta.ask(values::READ, read(new)).is_ok());
}

#[test]
fn a_request_that_fails_leaves_nothing_to_read() {
    let mut ta = Ta::new();
    let (_, ticket) = ta.hello();
    let snapshot = [Command::Snapshot as u32, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(ta.ask(values::BEGIN, snapshot), Err(Refusal::NotSupported));
    let read = [0, ticket, 0, 0, 0, 0, 0, 0];
    assert_eq!(ta.ask(values::READ, read), Err(Refusal::BadState));
    let read = [0, ticket + 1, 0, 0, 0, 0, 0, 0];
    assert_eq!(ta.ask(values::READ, read), Ok([0; 8]));
}

#[test]
fn a_ta_has_no_business_here() {
    let mut ta = Ta::new();
    let (auditor, kept) = (&mut ta.auditor, &mut ta.kept);
    let caller = Caller::Ta(teeleak_proto::Uuid([7; 16]));
    let words = [Command::Note as u32, 0, 0, 0, 0, 0, 0, 0];
    let done = kept.exchange((auditor, &mut Absent), caller, values::BEGIN, &words);
    assert_eq!(done, Err(Refusal::AccessDenied));
}

proptest! {
    /// Whatever comes is answered or refused, and a reply is never read beyond its end.
    #[test]
    fn nothing_else_is_given(asked in proptest::collection::vec((0x0fe..0x104u32, any::<Words>()), 1..20)) {
        let mut ta = Ta::new();
        let (used, ticket) = ta.hello();
        for (command, mut words) in asked {
            if command == values::READ {
                words[1] = ticket;
                let read = ta.ask(command, words);
                let inside = words[0] <= used;
                prop_assert!(read.is_err() || inside, "{read:?} at {} of {used}", words[0]);
            } else if command != values::BEGIN {
                prop_assert_eq!(ta.ask(command, words), Err(Refusal::NotSupported));
            }
        }
    }
}
