use crate::alarm::*;

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
