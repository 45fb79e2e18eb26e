use teeleak_proto::{Uuid, tee_result::OUT_OF_MEMORY};

use crate::{
    alarm::*,
    model::{EventKind, Keys, Origin, SourceLocation},
};

fn heap(allocated: u64, failures: u64) -> Pool {
    Pool {
        kind: PoolKind::CoreHeap,
        unit: PoolUnit::Bytes,
        allocated: Some(allocated),
        max_allocated: None,
        size: Some(1000),
        largest_free: None,
        free2_sum: None,
        num_alloc_fail: Some(failures),
        biggest_alloc_fail: Some(56),
        biggest_alloc_fail_used: None,
        num_alloc: None,
    }
}

fn reasons(alarms: &[Alarm]) -> Vec<&str> {
    alarms.iter().map(Alarm::reason).collect()
}

#[test]
fn failures_of_before_are_no_news_and_those_of_a_minute_are_one() {
    let mut alarms = Alarms::new(10);
    let mut at = |seconds, failures| {
        let new_alarms = alarms.pools(Duration::from_secs(seconds), &[heap(0, failures)]);
        new_alarms.iter().map(Alarm::to_string).collect::<Vec<_>>()
    };
    assert!(at(0, 7).is_empty());
    assert_eq!(at(1, 8), ["core heap: 1 allocation failed, the largest ever of 56 bytes"],);
    assert!(at(2, 20).is_empty());
    assert!(at(60, 20).is_empty());
    assert_eq!(at(61, 20), ["core heap: 12 allocations failed, the largest ever of 56 bytes"],);
    assert!(at(200, 0).is_empty(), "counters that were set back");
    assert_eq!(at(300, 1).len(), 1);
}

#[test]
fn low_water_is_reported_once_until_it_rose_well_above() {
    let mut alarms = Alarms::new(10);
    let mut with = |used| reasons(&alarms.pools(Duration::ZERO, &[heap(used, 0)])).len();
    let used = [900, 901, 950, 880, 901, 850, 901, 1000, 2000];
    assert_eq!(used.map(&mut with), [0, 1, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn memory_is_short_while_it_is_low_and_a_minute_after_a_failure() {
    let mut alarms = Alarms::new(10);
    let mut at = |seconds, used, failures| {
        let now = Duration::from_secs(seconds);
        alarms.pools(now, &[heap(used, failures)]);
        alarms.is_short(now)
    };
    let short = [at(0, 0, 0), at(1, 950, 0), at(2, 0, 0), at(3, 0, 1), at(62, 0, 1), at(63, 0, 1)];
    assert_eq!(short, [false, true, false, true, true, false]);
}

#[test]
fn threads_may_all_be_in_use() {
    let threads = Pool { kind: PoolKind::Threads, ..heap(1000, 0) };
    assert!(Alarms::new(10).pools(Duration::ZERO, &[threads]).is_empty());
}

#[test]
fn the_ledger_reports_what_is_new() {
    let mut alarms = Alarms::new(10);
    let messages = [0, 2, 2, 3, 0, 1].map(|n| alarms.ledger(n).map(|alarm| alarm.to_string()));
    let text = |n: &str| Some(format!("the TA's ledger detected {n} in the wrong order"));
    assert_eq!(messages, [None, text("2 steps"), None, text("1 step"), None, text("1 step")]);
}

fn event(seq: u64, kind: EventKind, cmd: Option<u32>, result: u32) -> Event {
    Event {
        origin: Origin::Tee,
        seq,
        lost_before: 0,
        time: None,
        duration_ns: None,
        place: SourceLocation { source: "tee".into(), at: 1 },
        iteration: None,
        kind,
        result: Some(result.into()),
        session: Some(1),
        opener: 0,
        instance: 0,
        uuid: Some(Uuid([7; 16])),
        cmd,
        values: [0; 8],
        keys: Keys::default(),
        by: None,
    }
}

#[test]
fn calls_that_failed_for_lack_of_memory_are_one_alarm_per_minute() {
    let mut alarms = Alarms::new(10);
    let mut events = vec![];
    let mut after = |seconds, kind: EventKind, cmd, result| {
        events.push(event(events.len() as u64 + 1, kind, cmd, result));
        alarms.calls(Duration::from_secs(seconds), &events).map(|alarm| alarm.to_string())
    };
    let ta = "07070707-0707-0707-0707-070707070707";
    let returned = |what: &str| Some(format!("{what} TA {ta} returned TEE_ERROR_OUT_OF_MEMORY"));
    assert_eq!(after(0, EventKind::Invoke, Some(3), 0), None);
    let first = after(1, EventKind::Invoke, Some(3), OUT_OF_MEMORY);
    assert_eq!(first, returned("command 3 of"));
    assert_eq!(after(2, EventKind::Invoke, Some(3), OUT_OF_MEMORY), None, "the same again");
    let opened = after(3, EventKind::Open, None, OUT_OF_MEMORY);
    assert_eq!(opened, returned("opening a session to"));
    let later = after(61, EventKind::Invoke, Some(3), OUT_OF_MEMORY);
    assert_eq!(later, returned("command 3 of"));
    assert_eq!(after(62, EventKind::Map, None, OUT_OF_MEMORY), None, "a call reports it");
}

#[test]
fn memory_is_short_for_a_minute_after_a_failed_call() {
    let mut alarms = Alarms::new(10);
    let events = [event(5, EventKind::Open, None, OUT_OF_MEMORY)];
    assert!(alarms.calls(Duration::from_secs(9), &events).is_some());
    let short = [9, 68, 69].map(|seconds| alarms.is_short(Duration::from_secs(seconds)));
    assert_eq!(short, [true, true, false]);
    assert!(alarms.calls(Duration::from_secs(99), &events).is_none(), "an event twice");
}
