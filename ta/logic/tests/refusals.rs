//! What is turned down, and with which `TEE_Result`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod fake;

use fake::{Fake, device, send};
use teeleak_proto::{
    Uuid,
    canary::CanaryRequest,
    command::TaCommand,
    event::EventsRequest,
    hello::HelloRequest,
    limits,
    mark::{Epoch, MarkRequest},
    record::{self, Record},
};
use teeleak_ta_logic::{Auditor, Caller, Refusal, login};
use uuid::uuid;

fn ask(pta: &mut Fake, command: u32, request: &[u8], room: usize) -> Result<usize, Refusal> {
    let mut reply = vec![0; room];
    Auditor::new().handle(pta, Caller::Client, command, request, &mut reply)
}

#[test]
fn the_table_of_refusals() {
    let enough = limits::REPLY_BYTES_MIN;
    let long = [0; limits::REQUEST_BYTES + 1];
    let table: [(&str, u32, &[u8], usize, Refusal); 12] = [
        ("no such command", 8, &[], enough, Refusal::NotSupported),
        ("command out of range", u32::MAX, &[], enough, Refusal::NotSupported),
        ("request too long", 1, &long, enough, Refusal::BadParameters),
        ("no reply buffer", 0, &[1, 1], 0, Refusal::ShortBuffer(enough)),
        ("reply too short", 0, &[1, 1], enough - 1, Refusal::ShortBuffer(enough)),
        ("versions the wrong way round", 0, &[2, 1], enough, Refusal::BadParameters),
        ("no such section", 1, &[0x80, 2, 0, 0, 0, 0], enough, Refusal::BadParameters),
        ("a page of no section", 1, &[1, 0, 8, 0, 0], enough, Refusal::BadParameters),
        ("no such slice", 1, &[2, 0, 0, 0x80, 1, 0], enough, Refusal::BadParameters),
        ("canary too big", 4, &[0x81, 2], enough, Refusal::BadParameters),
        ("not a bool", 3, &[2], enough, Refusal::BadParameters),
        ("number that never ends", 2, &[0xff; 11], enough, Refusal::BadParameters),
    ];
    for (name, command, request, room, refusal) in table {
        assert_eq!(ask(&mut device(3), command, request, room), Err(refusal), "{name}");
    }
    for command in TaCommand::ALL {
        let refused = ask(&mut device(3), command as u32, &[], enough);
        assert_eq!(refused, Err(Refusal::BadParameters), "{command:?} without a request");
    }
}

#[test]
fn without_the_pta_only_hello_answers() {
    let mut absent = Fake { opened: fake::ITEM_NOT_FOUND, ..device(3) };
    for command in &TaCommand::ALL[1..] {
        let refused = ask(&mut absent, *command as u32, &[0; 16], 2048);
        assert_eq!(refused, Err(Refusal::NotSupported), "{command:?}");
    }
    let mut reply = [0; 2048];
    let request = HelloRequest { min: 1, current: 1 };
    let mut auditor = Auditor::new();
    let used = send(&mut auditor, &mut absent, 0, &request, &mut reply).unwrap();
    let Some(Ok(Record::Hello(hello))) = record::read(&reply[..used]).next() else {
        panic!("no hello");
    };
    assert_eq!((hello.pta_result, hello.pta_version), (fake::ITEM_NOT_FOUND, 0));
}

#[test]
fn a_ta_may_only_leave_notes() {
    let mut reply = [0; 2048];
    for command in TaCommand::ALL.into_iter().filter(|command| *command != TaCommand::Note) {
        let caller = Caller::Ta(Uuid::default());
        let refused =
            Auditor::new().handle(&mut device(1), caller, command as u32, &[1, 1], &mut reply);
        assert_eq!(refused, Err(Refusal::AccessDenied), "{command:?}");
    }
}

#[test]
fn what_the_pta_refuses_comes_through() {
    let mut device = device(1);
    device.refuses = Some((teeleak_proto::pta::CMD_EVENTS, 0xffff_000a));
    let mut reply = [0; 2048];
    let refused = send(&mut Auditor::new(), &mut device, 2, &EventsRequest { from: 1 }, &mut reply);
    assert_eq!(refused.map_err(Refusal::code), Err(0xffff_000a));
}

#[test]
fn values_are_exchanged() {
    let mut reply = [0; 2048];
    let mut auditor = Auditor::new();
    let used =
        send(&mut auditor, &mut device(1), 3, &MarkRequest { restart: true }, &mut reply).unwrap();
    let records: Vec<_> = record::read(&reply[..used]).map(Result::unwrap).collect();
    assert_eq!(records, [Record::Epoch(Epoch { epoch: 4, era: 1 }), Record::End { next: None }]);
    let used =
        send(&mut auditor, &mut device(1), 4, &CanaryRequest { size: 24 }, &mut reply).unwrap();
    let Some(Ok(Record::Canary(canary))) = record::read(&reply[..used]).next() else {
        panic!("no canary");
    };
    assert_eq!((canary.size, canary.line, canary.epoch), (24, 1024, 4));
}

/// Linux names its users and groups in this name space, `drivers/tee/tee_core.c`.
fn client(name: &str) -> Uuid {
    let space = uuid!("58ac9ca0-2086-4683-a1b8-ec4bc08e01b6");
    Uuid(uuid::Uuid::new_v5(&space, name.as_bytes()).into_bytes())
}

#[test]
fn who_is_admitted() {
    let (root, user, group) = (client("uid=0"), client("uid=3e8"), client("gid=3e9"));
    assert_eq!(login::ROOT, root);
    let denied = Err(Refusal::AccessDenied);
    let (public, application, trusted) = (0, 4, 0xf000_0000);
    let table = [
        (1, root, None, Ok(Caller::Client)),
        (1, user, None, denied),
        (public, Uuid::default(), None, denied),
        (public, root, Some(group), denied),
        (2, group, None, denied),
        (2, group, Some(group), Ok(Caller::Client)),
        (2, root, Some(group), denied),
        (1, group, Some(group), denied),
        (application, root, None, denied),
        (application | 1, root, None, denied),
        (trusted, user, None, Ok(Caller::Ta(user))),
        (0xffff_ffff, root, None, denied),
    ];
    for (login, client, group, admitted) in table {
        assert_eq!(login::admit(login, client, group), admitted, "{login:#x} {client}");
    }
}
