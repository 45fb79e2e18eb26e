//! Neither requests nor replies of the PTA can make the TA panic or read past an end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod fake;

use fake::{Fake, device, entry, records, send, snapshot};
use proptest::{collection::vec, prelude::*};
use teeleak_proto::{
    event::EventsRequest,
    limits,
    pta::{self, CLayout},
    record::{self, Record},
    snapshot::Section,
};
use teeleak_ta_logic::{Auditor, Caller, Pta, Query};

/// Says the same whatever it is asked.
struct Parrot {
    says: Vec<u8>,
    claims: usize,
}

impl Pta for Parrot {
    fn open_result(&self) -> u32 {
        0
    }

    fn info(&mut self, out: &mut [u8]) -> Result<usize, u32> {
        let n = self.says.len().min(out.len());
        out[..n].copy_from_slice(&self.says[..n]);
        Ok(self.claims)
    }

    fn list(&mut self, _: &Query, out: &mut [u8]) -> Result<usize, u32> {
        self.info(out)
    }

    fn exchange(&mut self, _: u32, input: [u32; 2]) -> Result<[u32; 2], u32> {
        Ok(input)
    }
}

fn sites(says: Vec<u8>, claims: usize) -> Vec<u32> {
    let pages = snapshot(&mut Parrot { says, claims }, Section::Sites.bit(), 4096);
    let results = records(&pages).into_iter().map(|record| match record {
        Record::Section(head) => head.result,
        Record::Site(site) => site.line.into(),
        other => panic!("{other:?}"),
    });
    results.collect()
}

fn reply(entry_size: u64, count: u64) -> Vec<u8> {
    let mut bytes = entry::<pta::Reply>(&[1, entry_size, count, 1], "");
    bytes.extend(entry::<pta::Site>(&[1, 1, 1, 42], "a.c"));
    bytes.extend([0xff; 8]);
    bytes
}

#[test]
fn replies_that_can_not_be_read() {
    const BAD_FORMAT: u32 = 0xffff_0005;
    let site = pta::Site::SIZE as u64;
    let whole = reply(site, 1);
    let table = [
        ("as it should be", whole.clone(), whole.len(), [0, 42].as_slice()),
        ("longer entries of a newer PTA", reply(site + 8, 1), whole.len(), &[0, 42]),
        ("entries of version 1", reply(96, 1), whole.len(), &[0, 42]),
        ("shorter entries", reply(95, 1), whole.len(), &[BAD_FORMAT]),
        ("no entry size", reply(0, 1), whole.len(), &[BAD_FORMAT]),
        ("more entries than bytes", reply(site, 2), whole.len(), &[BAD_FORMAT]),
        ("most entries", reply(0xffff, 0xffff_ffff), whole.len(), &[BAD_FORMAT]),
        ("no entry", reply(site, 0), whole.len(), &[0]),
        ("nothing", whole.clone(), 0, &[BAD_FORMAT]),
        ("half a header", whole.clone(), 20, &[BAD_FORMAT]),
        ("half an entry", whole.clone(), 60, &[BAD_FORMAT]),
        ("past the buffer", whole.clone(), usize::MAX, &[BAD_FORMAT]),
        ("no version", vec![0; 48], 48, &[BAD_FORMAT]),
    ];
    for (name, says, claims, expected) in table {
        assert_eq!(sites(says, claims), expected, "{name}");
    }
}

#[test]
fn a_list_that_goes_round_in_circles_ends() {
    let head = entry::<pta::Reply>(&[1, pta::Instance::SIZE as u64, 0, 1, 0, 1], "");
    let all = (1 << Section::ALL.len()) - 1;
    let mut parrot = Parrot { claims: head.len(), says: head };
    snapshot(&mut parrot, all & !Section::Sites.bit(), 4096);
}

/// Events numbered from 1, the kind of each as given.
fn ring(kinds: impl IntoIterator<Item = u16>, overwritten: u64) -> Fake {
    let events = kinds.into_iter().zip(overwritten + 1..).map(|(kind, seq)| {
        entry::<pta::Event>(&[seq, u64::MAX, u64::MAX, kind.into(), u64::MAX], "")
    });
    Fake { events: events.collect(), overwritten, ..Fake::default() }
}

/// All events that can be read with replies of `size` bytes: sequence numbers, and lost ones.
fn drain(pta: &mut Fake, size: usize) -> (Vec<u64>, u64) {
    let (mut seqs, mut lost, mut from, mut was_last) = (Vec::new(), 0, 1, false);
    loop {
        let mut reply = vec![0; size];
        let request = EventsRequest { from };
        let used = send(&mut Auditor::new(), pta, 2, &request, &mut reply).unwrap();
        let mut records = record::read(&reply[..used]).map(Result::unwrap);
        let Some(Record::Events(head)) = records.next() else { panic!("no head") };
        lost += head.lost;
        seqs.extend(records.filter_map(|record| match record {
            Record::Event(event) => Some(event.seq),
            _ => None,
        }));
        assert!(!was_last || head.next == from, "events after the last page");
        if head.next == from {
            assert!(was_last || from == 1, "no page was the last one");
            return (seqs, lost);
        }
        was_last = head.is_last;
        from = head.next;
    }
}

#[test]
fn events_are_reported_once_in_pages_of_any_size() {
    for size in [limits::REPLY_BYTES_MIN, 2000, 5000, 100_000] {
        let mut pta = ring((0..1000).map(|n| 1 + n % 5), 50);
        let (seqs, lost) = drain(&mut pta, size);
        assert_eq!(lost, 50, "{size}");
        assert!(seqs.into_iter().eq(51..=1050), "{size}");
    }
}

#[test]
fn an_event_of_an_unknown_kind_is_counted_as_lost() {
    assert_eq!(drain(&mut ring([1, 9, 3, 0], 0), 4096), (vec![1, 3], 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_request(command in 0u32..10, request in vec(any::<u8>(), 0..64), room in 0usize..3000) {
        let mut reply = vec![0; room];
        let mut auditor = Box::new(Auditor::new());
        if let Ok(used) =
            auditor.handle(&mut device(9), Caller::Client, command, &request, &mut reply)
        {
            let last = record::read(&reply[..used]).last();
            let ends = matches!(last, Some(Ok(Record::End { .. })));
            prop_assert!(ends);
        }
    }

    #[test]
    fn any_reply_of_the_pta(
        mut says in vec(any::<u8>(), 0..600),
        claims in prop_oneof![0usize..700, Just(usize::MAX)],
        size in 0u16..200,
        sane in any::<bool>(),
    ) {
        // Half of the time the header is one that looks right.
        if sane && says.len() > 12 {
            says[..2].copy_from_slice(&[1, 0]);
            says[2..4].copy_from_slice(&size.to_le_bytes());
            says[4..8].copy_from_slice(&3u32.to_le_bytes());
        }
        let mut parrot = Parrot { says, claims };
        let mut reply = vec![0; 2000];
        let mut auditor = Box::new(Auditor::new());
        let (hello, snapshot, events) = ([1, 1, 0, 0, 0, 0], [127, 0, 0, 0, 0, 0], [0; 6]);
        for (command, request) in [(0, hello), (1, snapshot), (2, events)] {
            let _ = auditor.handle(&mut parrot, Caller::Client, command, &request, &mut reply);
        }
    }
}
