use crate::{
    model::{Completeness, Gap, Moment, OwnerId, PoolUnit, Reason, Site, SourceLocation},
    pools::oom::*,
};

fn pool(kind: PoolKind, allocated: u64, failures: u64, biggest: u64) -> Pool {
    Pool {
        kind,
        unit: PoolUnit::Bytes,
        allocated: Some(allocated),
        max_allocated: Some(allocated),
        size: Some(100_000),
        largest_free: None,
        free2_sum: None,
        num_alloc_fail: Some(failures),
        biggest_alloc_fail: Some(biggest),
        biggest_alloc_fail_used: Some(allocated),
        num_alloc: None,
    }
}

fn site(line: u32, count: u64) -> Site {
    Site {
        file: "a.c".into(),
        line,
        size: 100,
        count,
        owner: OwnerId::Core,
        server: OwnerId::Core,
        session: None,
        epoch: None,
        caller: None,
        stack: None,
    }
}

fn unseen<T>() -> Completeness<T> {
    Completeness::Unobserved(Gap {
        what: "it".into(),
        reason: Reason::NotOffered,
        remedy: None,
        lost: 0,
    })
}

fn sample(iteration: u32, sites: Vec<Site>, pools: Vec<Pool>) -> Sample {
    Sample {
        heaps: Vec::new(),
        moment: Moment { stage: Stage::Measured, iteration },
        time: None,
        place: SourceLocation { source: "x".into(), at: 0 },
        epoch: None,
        sites: Completeness::Complete(sites),
        owners: unseen(),
        instances: unseen(),
        sessions: unseen(),
        pools: Completeness::Complete(pools),
    }
}

fn one(pools: Vec<Pool>) -> OomVerdict {
    let samples = vec![sample(1, vec![site(1, 3)], pools)];
    judge(&Observation { samples, ..Observation::default() }, None, &[])
}

#[test]
fn what_was_looked_at_last_counts_and_that_the_holders_are_older_is_known() {
    let samples = vec![sample(1, vec![site(1, 3)], vec![pool(PoolKind::CoreHeap, 9_000, 0, 0)])];
    let looked = |at, allocated, failures| Gauge {
        moment: Moment { stage: Stage::Measured, iteration: 1 },
        place: SourceLocation { source: "x".into(), at },
        pools: vec![pool(PoolKind::CoreHeap, allocated, failures, 400)],
    };
    let gauges = vec![looked(5, 50_000, 0), looked(9, 99_000, 2)];
    let verdict = judge(&Observation { samples, gauges, ..Observation::default() }, None, &[]);
    let short = &verdict.short[0].pool;
    assert_eq!((short.allocated, short.num_alloc_fail), (Some(99_000), Some(2)));
    assert_eq!(verdict.n_polls_since, 2);
}

#[test]
fn the_pool_that_failed_is_named_however_full_another_one_is() {
    let verdict =
        one(vec![pool(PoolKind::CoreHeap, 99_999, 0, 0), pool(PoolKind::TaRam, 95_000, 3, 50_000)]);
    assert_eq!(verdict.short.len(), 1);
    assert_eq!(verdict.short[0].pool.kind, PoolKind::TaRam);
    assert_eq!(verdict.short[0].why, ShortfallCause::Full);
}

#[test]
fn fragmentation_a_peak_and_a_full_pool_are_distinguished() {
    let why = |allocated, then, biggest| {
        let mut pool = pool(PoolKind::CoreHeap, allocated, 1, biggest);
        pool.biggest_alloc_fail_used = Some(then);
        one(vec![pool]).short[0].why
    };
    assert_eq!(why(50_000, 50_000, 8_000), ShortfallCause::Fragmented);
    assert_eq!(why(50_000, 99_000, 8_000), ShortfallCause::TooSmall);
    assert_eq!(why(99_000, 99_000, 96), ShortfallCause::Full);
    assert_eq!(why(99_000, 99_000, 8_000), ShortfallCause::Full);
}

#[test]
fn nothing_failed() {
    let pools = vec![pool(PoolKind::CoreHeap, 100, 0, 0), pool(PoolKind::TaRam, 2000, 0, 0)];
    let verdict = one(pools);
    assert!(verdict.short.is_empty());
    assert_eq!(verdict.fullest.unwrap().kind, PoolKind::TaRam);
}

#[test]
fn growth_is_reported_with_its_begin_and_shares_of_the_pool() {
    let heap = || vec![pool(PoolKind::CoreHeap, 90_000, 1, 8_000)];
    let counts = [1, 5, 1, 4, 9];
    let samples =
        (1..).zip(counts).map(|(n, count)| sample(n, vec![site(1, count), site(2, 7)], heap()));
    let observation = Observation { samples: samples.collect(), ..Observation::default() };
    let verdict = judge(&observation, None, &[]);
    let [grown] = verdict.grown.as_slice() else { panic!("{:?}", verdict.grown) };
    assert_eq!((grown.bytes, grown.count, grown.since), ((100, 900), (1, 9), 4));
    let percents: Vec<_> = verdict.by_site.iter().map(|held| held.percent.unwrap()).collect();
    assert_eq!(percents, [0.9, 0.7]);
}

#[test]
fn a_full_pool_whose_failures_nobody_counts_comes_before_one_that_has_room_again() {
    let uncounted = Pool { num_alloc_fail: None, ..pool(PoolKind::TaRam, 99_700, 0, 0) };
    let heap =
        Pool { biggest_alloc_fail_used: Some(99_900), ..pool(PoolKind::CoreHeap, 10_000, 6, 432) };
    let verdict = one(vec![heap.clone(), uncounted.clone()]);
    let said: Vec<_> = verdict.short.iter().map(|one| (&one.pool.kind, one.why)).collect();
    assert_eq!(
        said,
        [(&PoolKind::TaRam, ShortfallCause::Full), (&PoolKind::CoreHeap, ShortfallCause::TooSmall)]
    );
    let verdict = one(vec![heap, Pool { allocated: Some(50_000), ..uncounted }]);
    assert_eq!(verdict.short.len(), 1);
}
