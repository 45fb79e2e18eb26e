//! Every request, record and frame is pinned to its bytes: what an old build wrote stays readable.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fmt::Debug;

use heapless::Vec;
use serde::{Serialize, de::DeserializeOwned};
use teeleak_proto::{
    Uuid,
    bind::{Bind, BindAction, BindResource, BindScope, BindStep, KeySource},
    canary::{CanaryRecord, CanaryRequest},
    census::{
        BlockRecord, InstanceRecord, OwnerRecord, RegionRecord, SessionRecord, SiteRecord,
        StackRecord,
    },
    event::{EventRecord, EventRecordKind, EventsHead, EventsRequest},
    frame::{self, FrameKind, Iteration, Meta, Phase, PhaseStage},
    hello::{Hello, HelloRequest},
    ledger::{LedgerHead, LedgerRequest, OutstandingRecord, Violation},
    mark::{Epoch, MarkRequest},
    normal_world::{NormalTextFrame, TeeAbsenceFrame, UnreadLedger, UnreadReason},
    note::StepNote,
    pool::PoolRecord,
    push::{Push, PushCause, UnwrittenCount},
    record::{self, Record, RecordError, RecordWriter},
    snapshot::{Section, SectionHead, SnapshotCursor, SnapshotRequest},
    stock::{DumpEnd, DumpFrame, StatsReply},
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn pin<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, expected: &str) {
    let mut buffer = [0; 512];
    let bytes = postcard::to_slice(value, &mut buffer).unwrap();
    assert_eq!(hex(bytes), expected, "{value:?}");
    assert_eq!(&postcard::from_bytes::<T>(bytes).unwrap(), value);
}

fn pin_record(value: &Record<'_>, expected: &str) {
    let mut buffer = [0; 600];
    let mut writer = RecordWriter::new(&mut buffer);
    writer.push(value).unwrap();
    let used = writer.length();
    assert_eq!(hex(&buffer[..used]), expected, "{value:?}");
    let back: std::vec::Vec<_> = record::read(&buffer[..used]).collect();
    assert_eq!(back, [Ok(value.clone())]);
}

const UUID: Uuid = Uuid([1; 16]);
fn site() -> SiteRecord<'static> {
    SiteRecord {
        file: "core/mm/mobj.c",
        line: 168,
        size: 56,
        count: 300,
        owner: 3,
        server: 2,
        session: 1,
        epoch: 4,
        caller: 0x1_2345,
        stack: 7,
    }
}

#[test]
fn requests() {
    pin(&HelloRequest { min: 1, current: 2 }, "0102");
    let cursor = SnapshotCursor { section: 1, part: 2, index: 3 };
    pin(&SnapshotRequest { sections: 0x7f, epoch_from: 5, cursor }, "7f05010203");
    pin(&EventsRequest { from: 300 }, "ac02");
    pin(&MarkRequest { restart: true }, "01");
    pin(&CanaryRequest { size: 77 }, "4d");
    pin(&StepNote { step: 1, key: 2, parent: 3, result: 0xffff_0008 }, "0102038880fcff0f");
    pin(&LedgerRequest { from: 9 }, "09");
}

#[test]
fn bind_request() {
    let mut bind = Bind { resources: Vec::new(), steps: Vec::new() };
    bind.resources.push(BindResource { parent: None, max_held: 1 }).unwrap();
    bind.resources.push(BindResource { parent: Some(0), max_held: 0 }).unwrap();
    let step = |action, scope, key, parent| BindStep {
        resource: 1,
        action,
        kind: EventRecordKind::Invoke,
        uuid: UUID,
        cmd: 4,
        scope,
        key,
        parent,
    };
    let steps = [
        step(BindAction::Acquire, BindScope::Global, KeySource::One, KeySource::Session),
        step(BindAction::Use, BindScope::Instance, KeySource::Value(2), KeySource::Wide(4)),
        step(BindAction::Release, BindScope::Session, KeySource::Pair(1, 0), KeySource::One),
    ];
    bind.steps.extend_from_slice(&steps).unwrap();
    pin(
        &bind,
        "0200010100000301000201010101010101010101010101010101040000010101020101010101010101010101010101010104010202030401020201010101010101010101010101010101040204010000",
    );
}

#[test]
fn small_records() {
    pin_record(&Record::End { next: None }, "02000000");
    let next = Some(SnapshotCursor { section: 6, part: 1, index: 200 });
    pin_record(&Record::End { next }, "060000010601c801");
    pin_record(&Record::Epoch(Epoch { epoch: 7, era: 1 }), "0300020701");
    pin_record(&Record::Canary(CanaryRecord { size: 77, line: 300, epoch: 7 }), "0500034dac0207");
    let head = EventsHead { lost: 3, next: 400, is_last: true };
    pin_record(&Record::Events(head), "05000c03900301");
    let ledger = LedgerHead { outstanding: 1, violations: 2, dropped: 3, lost: 4 };
    pin_record(&Record::Ledger(ledger), "05000e01020304");
}

#[test]
fn hello_record() {
    let hello = Hello {
        min: 1,
        current: 1,
        pta_result: 0,
        pta_version: 1,
        features: 0x1f,
        boot: 0x1234,
        ticks: 1000,
        tick_hz: 62_500_000,
        epoch: 1,
        era: 0,
        event_room: 512,
        max_owners: 128,
        ledger_room: 256,
        load_addr: 0,
        release: "4.10.0",
    };
    pin_record(
        &Record::Hello(hello),
        "1e0001010100011fb424e807a0d9e61d01008004800180020006342e31302e30",
    );
}

#[test]
fn census_records() {
    let head = SectionHead {
        section: Section::Regions,
        result: 0,
        instance: 4,
        total: 9,
        lost: 0,
        flags: 2,
        generation: 77,
        lock_ticks: 500,
    };
    pin_record(&Record::Section(head), "0a00040600040900024df403");
    pin_record(
        &Record::Site(site()),
        "1d00050e636f72652f6d6d2f6d6f626a2e63a80138ac0203020104c5c60407",
    );
    pin_record(
        &Record::Block(BlockRecord { block: 0x1000, site: site() }),
        "1f000680200e636f72652f6d6d2f6d6f626a2e63a80138ac0203020104c5c60407",
    );
    pin_record(
        &Record::Owner(OwnerRecord { owner: 3, kind: 1, instance: 4, uuid: UUID }),
        "14000703010401010101010101010101010101010101",
    );
    pin_record(
        &Record::Instance(instance()),
        "1d00080401010101010101010101010101010101010c020980800100020100",
    );
    let session =
        SessionRecord { session: 1, opener: 0, instance: 4, uuid: UUID, login: 1, client: UUID };
    pin_record(
        &Record::Session(session),
        "250009010004010101010101010101010101010101010101010101010101010101010101010101",
    );
    let region =
        RegionRecord { va: 0x10_3000, size: 0x2000, pa: 0x559_5000, attr: 0x33, flags: 0x601 };
    pin_record(&Record::Region(region), "0d000a80e040804080a0e52a33810c");
    assert_eq!(record::REGION, 0x0a, "the third byte");
    let stack = StackRecord { stack: 7, frames: [0x1_2345, 0x400, 0, 0] };
    pin_record(&Record::Stack(stack), "09001307c5c60480080000");
}

const fn instance() -> InstanceRecord {
    InstanceRecord {
        instance: 4,
        uuid: UUID,
        state: 1,
        ta_flags: 0xc,
        ref_count: 2,
        n_regions: 9,
        mapped_bytes: 0x4000,
        panic_code: 0,
        n_objects: 2,
        n_operations: 1,
        n_enumerators: 0,
    }
}

/// What version 1 wrote ends before the handles.
#[test]
fn instances_of_version_1_have_no_handles() {
    let whole = InstanceRecord { n_objects: 0, n_operations: 0, ..instance() };
    let mut buffer = [0; 64];
    let body = postcard::to_slice(&Record::Instance(whole), &mut buffer).unwrap();
    let old = &body[..body.len() - 3];
    let mut framed = vec![u8::try_from(old.len()).unwrap(), 0];
    framed.extend_from_slice(old);
    let read: std::vec::Vec<_> = record::read(&framed).collect();
    assert_eq!(read, [Ok(Record::Instance(whole))]);
}

/// What version 1 wrote ends before the number of allocations.
#[test]
fn pools_of_version_1_count_no_allocations() {
    let whole = PoolRecord { kind: 1, unit: 1, allocated: 5, ..PoolRecord::default() };
    let mut buffer = [0; 64];
    let body = postcard::to_slice(&Record::Pool(whole), &mut buffer).unwrap();
    let old = &body[..body.len() - 1];
    let mut framed = vec![u8::try_from(old.len()).unwrap(), 0];
    framed.extend_from_slice(old);
    let read: std::vec::Vec<_> = record::read(&framed).collect();
    assert_eq!(read, [Ok(Record::Pool(whole))]);
}

/// What version 1 wrote ends before the stack.
#[test]
fn sites_of_version_1_have_no_stack() {
    let block = BlockRecord { block: 0x1000, site: SiteRecord { stack: 0, ..site() } };
    let mut buffer = [0; 64];
    for whole in [Record::Site(block.site), Record::Block(block)] {
        let body = postcard::to_slice(&whole, &mut buffer).unwrap();
        let old = &body[..body.len() - 1];
        let mut framed = vec![u8::try_from(old.len()).unwrap(), 0];
        framed.extend_from_slice(old);
        assert_eq!(record::read(&framed).collect::<std::vec::Vec<_>>(), [Ok(whole)]);
    }
}

#[test]
fn pool_record() {
    let pool = PoolRecord {
        kind: 1,
        unit: 1,
        known: 0x7f,
        allocated: 1,
        max_allocated: 2,
        size: 3,
        largest_free: 4,
        free2_sum: 5,
        num_alloc_fail: 6,
        biggest_alloc_fail: 7,
        biggest_alloc_fail_used: 8,
        num_alloc: 9,
    };
    pin_record(&Record::Pool(pool), "0d000b01017f010203040506070809");
}

#[test]
fn event_record() {
    for (kind, expected) in [
        (
            EventRecordKind::Open,
            "29000d09ac0207008880fcff0f021101000401010101010101010101010101010101010102030405060708",
        ),
        (
            EventRecordKind::Close,
            "29000d09ac0207018880fcff0f021101000401010101010101010101010101010101010102030405060708",
        ),
        (
            EventRecordKind::Invoke,
            "29000d09ac0207028880fcff0f021101000401010101010101010101010101010101010102030405060708",
        ),
        (
            EventRecordKind::Map,
            "29000d09ac0207038880fcff0f021101000401010101010101010101010101010101010102030405060708",
        ),
        (
            EventRecordKind::Unmap,
            "29000d09ac0207048880fcff0f021101000401010101010101010101010101010101010102030405060708",
        ),
        (
            EventRecordKind::Note,
            "29000d09ac0207058880fcff0f021101000401010101010101010101010101010101010102030405060708",
        ),
    ] {
        let event = EventRecord {
            seq: 9,
            ticks: 300,
            duration_ticks: 7,
            kind,
            result: 0xffff_0008,
            cmd: 2,
            param_types: 0x11,
            session: 1,
            opener: 0,
            instance: 4,
            uuid: UUID,
            login: 1,
            values: [1, 2, 3, 4, 5, 6, 7, 8],
        };
        pin_record(&Record::Event(event), expected);
    }
}

#[test]
fn ledger_records() {
    let held = OutstandingRecord { resource: 1, scope: 0, key: 7, held: 1, since: 99 };
    pin_record(&Record::Outstanding(held), "06000f0100070163");
    let proof = Vec::from_slice(&[5, 6, 300]).unwrap();
    let violation = Violation { rule: 1, resource: 1, scope: 0, key: 7, proof };
    pin_record(&Record::Violation(violation), "0a001001010007030506ac02");
}

#[test]
fn the_end_of_a_reply_is_found_without_reading_it() {
    let reply = |next| {
        let mut buffer = [0; 64];
        let mut writer = RecordWriter::new(&mut buffer);
        writer.push(&Record::Epoch(Epoch { epoch: 1, era: 0 })).unwrap();
        writer.push(&Record::End { next }).unwrap();
        let used = writer.length();
        buffer[..used].to_vec()
    };
    for next in [None, Some(SnapshotCursor { section: 2, part: 300, index: 70_000 })] {
        assert_eq!(record::next_page(&reply(next)), Some(next));
    }
    let whole = reply(None);
    assert_eq!(record::next_page(&whole[..whole.len() - 1]), None);
    assert_eq!(record::next_page(&whole[..whole.len() - 4]), None);
    assert_eq!(record::next_page(&[]), None);
}

#[test]
fn pushes() {
    let push =
        Push { cause: PushCause::Canary, number: 3, held_back: 300, lost: 1, result: 0xffff_0008 };
    pin_record(&Record::Push(push), "0b00110203ac02018880fcff0f");
    pin_record(&Record::Unwritten(UnwrittenCount { pages: 2, bytes: 300 }), "04001202ac02");
}

#[test]
fn frame_payloads() {
    let meta =
        Meta { tool: "0.1", host: "box", workload: "a\0b", unix_ns: 1_000, monotonic_ns: 10 };
    let mut buffer = [0; 64];
    assert_eq!(
        hex(postcard::to_slice(&meta, &mut buffer).unwrap()),
        "03302e3103626f7803610062e8070a"
    );
    pin(
        &Phase { stage: PhaseStage::Measured, iteration: 2, epoch: 5, monotonic_ns: 6 },
        "03020506",
    );
    pin(&Iteration { status: 0, duration_ns: 5, monotonic_ns: 6 }, "000506");
}

#[test]
fn frames_of_stock_op_tee() {
    let reply = StatsReply { command: 1, result: 0, element_bytes: 64, reply: b"ab" };
    let mut buffer = [0; 64];
    assert_eq!(hex(postcard::to_slice(&reply, &mut buffer).unwrap()), "010040026162");
    let end = DumpEnd::Quiet;
    let dump = DumpFrame { result: 0, end, bytes: 300, overrun: false, overrun_before: true };
    pin(&dump, "0001ac020001");
    assert_eq!(
        (FrameKind::Console as u8, FrameKind::Stats as u8, FrameKind::Dump as u8),
        (4, 8, 9)
    );
}

#[test]
fn frames_of_the_normal_world() {
    let path = "/proc/a";
    let text = NormalTextFrame { path, monotonic_ns: 5, continued: true, cut: false, text: b"ab" };
    let mut buffer = [0; 64];
    let mut bytes = |value: &dyn Fn(&mut [u8]) -> String| value(&mut buffer);
    let text = bytes(&|buffer| hex(postcard::to_slice(&text, buffer).unwrap()));
    assert_eq!(text, "072f70726f632f61050100026162");
    let unseen = UnreadLedger { what: "x", why: UnreadReason::Moved, remedy: "", lost: 300 };
    let unseen = bytes(&|buffer| hex(postcard::to_slice(&unseen, buffer).unwrap()));
    assert_eq!(unseen, "01780300ac02");
    let none = TeeAbsenceFrame { there: true, why: "y" };
    let none = bytes(&|buffer| hex(postcard::to_slice(&none, buffer).unwrap()));
    assert_eq!(none, "010179");
    assert_eq!((FrameKind::NormalText as u8, FrameKind::NoTee as u8), (11, 13));
}

#[test]
fn frame_head() {
    assert_eq!(hex(&frame::FILE_HEAD), "5445454c45414b000100");
    assert_eq!(hex(&frame::head(FrameKind::Records, b"x").unwrap()), "a70301000000b303e854");
}

#[test]
fn an_unknown_record_is_stepped_over() {
    let mut data = vec![1, 0, 0x7f];
    data.extend_from_slice(&[2, 0, 0, 0]);
    let all: std::vec::Vec<_> = record::read(&data).collect();
    assert_eq!(all, [Err(RecordError::Unknown), Ok(Record::End { next: None })]);
}

#[test]
fn a_cut_record_is_said_once() {
    let all: std::vec::Vec<_> = record::read(&[9, 0, 1, 2]).collect();
    assert_eq!(all, [Err(RecordError::Truncated)]);
}

#[test]
fn a_full_buffer_takes_no_half_record() {
    let mut buffer = [0; 10];
    let mut writer = RecordWriter::new(&mut buffer);
    assert_eq!(writer.push(&Record::Site(site())), Err(RecordError::NoRoom));
    assert_eq!(writer.length(), 0);
}
