//! Findings about pools over small simulated runs.

#[expect(dead_code, reason = "the growth tests use the rest")]
mod simulation;

use simulation::Run;
use teeleak_analysis::{
    growth,
    model::{
        Evidence, Finding, Incident, IncidentDetails, IncidentKind, Observation, Pool, PoolKind,
        PoolUnit, Severity, SourceLocation, Unit, Verdict,
    },
    pools,
};

fn heap(allocated: u64) -> Pool {
    Pool {
        kind: PoolKind::CoreHeap,
        unit: PoolUnit::Bytes,
        allocated: Some(allocated),
        max_allocated: Some(allocated),
        size: Some(100_000),
        largest_free: None,
        free2_sum: None,
        num_alloc_fail: Some(0),
        biggest_alloc_fail: Some(0),
        biggest_alloc_fail_used: Some(0),
        num_alloc: None,
    }
}

fn failed(pool: Pool, requested: u64, used: u64) -> Pool {
    let fail = Some(requested);
    Pool {
        num_alloc_fail: Some(1),
        biggest_alloc_fail: fail,
        biggest_alloc_fail_used: Some(used),
        ..pool
    }
}

/// A run of twenty iterations with one pool, whose figures `after` gives.
fn run(after: impl Fn(u32) -> Pool) -> Run {
    let mut run = Run::new(3);
    run.heap().pools = vec![after(0)];
    run.measure(20, |heap, iteration| heap.pools = vec![after(iteration)]);
    run
}

fn findings(observation: &Observation) -> Vec<Finding> {
    pools::findings(observation, &growth::findings(observation, &growth::GrowthOptions::default()))
}

fn says(finding: &Finding, what: &str) -> bool {
    let within =
        |evidence: &Evidence| matches!(evidence, Evidence::Text(text) if text.contains(what));
    finding.evidence.iter().any(within)
}

#[test]
fn a_quiet_pool_has_no_finding() {
    assert_eq!(findings(&run(|_| heap(40_000)).observation()), []);
}

#[test]
fn a_growing_pool_says_when_it_will_be_full() {
    let mut run = run(|iteration| heap(40_000 + 1000 * u64::from(iteration)));
    run.without_sites();
    let found = findings(&run.observation());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].severity, found[0].verdict), (Severity::Failure, Some(Verdict::Leak)));
    let figure = |unit: Unit| found[0].figures.iter().find(|f| f.unit == unit).map(|f| f.value);
    assert_eq!(figure(Unit::BytesPerIteration), Some(1000.0));
    assert_eq!(figure(Unit::Iterations), Some(40.0));
    assert_eq!(figure(Unit::Nanoseconds), Some(40.0 * 2e6));
}

#[test]
fn a_site_that_explains_it_makes_it_a_note() {
    let mut run = Run::new(3);
    run.heap().pools = vec![heap(40_000)];
    run.measure(20, |core, iteration| {
        core.allocate("core/mm/mobj.c", 168, 1000);
        core.pools = vec![heap(40_000 + 1000 * u64::from(iteration))];
    });
    let found = findings(&run.observation());
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].severity, Severity::Note);
}

#[test]
fn four_bytes_are_no_fragmentation() {
    let run = run(|iteration| {
        let used = 60_000 + 2000 * u64::from(iteration);
        if iteration < 20 { heap(used) } else { failed(heap(used), 4, used) }
    });
    let found = findings(&run.observation());
    assert!(says(&found[0], "a request of 4 bytes failed"), "{found:#?}");
    assert!(says(&found[0], "so it is not fragmentation"), "{found:#?}");
    assert!(found[0].title.contains("ran out; it grows by 2,000 bytes"), "{}", found[0].title);
}

#[test]
fn fragmentation_and_a_peak_are_distinguished() {
    let fragmented =
        run(|n| if n < 10 { heap(50_000) } else { failed(heap(50_000), 20_000, 50_000) });
    let found = findings(&fragmented.observation());
    assert!(found[0].title.contains("fragmented"), "{found:#?}");
    assert_eq!(found[0].severity, Severity::Possible);

    let peak = |n| if n < 10 { heap(50_000) } else { failed(heap(50_000), 20_000, 95_000) };
    let found = findings(&run(peak).observation());
    assert!(says(&found[0], "this was a peak of demand"), "{found:#?}");
    assert!(found[0].title.contains("was full"), "{found:#?}");
}

#[test]
fn what_the_core_says_counts_without_figures() {
    let incident = |requested, at| Incident {
        kind: IncidentKind::OutOfMemory { requested, context: None },
        place: SourceLocation { source: "kmsg".into(), at },
        time: None,
        iteration: None,
        uuid: None,
        text: "Memory allocation failed".into(),
        images: Vec::new(),
        load_address: None,
        stack: Vec::new(),
        details: IncidentDetails::default(),
    };
    let incidents = vec![incident(7689, 3), incident(4, 9)];
    let found = findings(&Observation { incidents, ..Observation::default() });
    assert_eq!(found.len(), 1);
    assert!(says(&found[0], "a request of 4 bytes failed"), "{found:#?}");
}

#[test]
fn what_failed_before_the_run_is_not_its_own() {
    let before = run(|_| failed(heap(40_000), 50_000, 70_000)).observation();
    assert_eq!(findings(&before), []);
}

#[test]
fn a_request_larger_than_the_pool_says_nothing_about_it() {
    let impossible =
        |n| if n < 10 { heap(50_000) } else { failed(heap(50_000), 256 << 20, 50_000) };
    let found = findings(&run(impossible).observation());
    assert!(found[0].title.contains("larger than the whole pool"), "{found:#?}");
    assert_eq!(found[0].severity, Severity::Note);
}

#[test]
fn impossible_requests_of_each_iteration_say_nothing_about_a_pool_that_is_half_free() {
    let failures = |n: u32, peak| Pool {
        num_alloc_fail: Some(u64::from(n)),
        max_allocated: Some(peak),
        ..failed(heap(20_000), 256 << 20, 20_000)
    };
    let severity = |peak| findings(&run(|n| failures(n, peak)).observation())[0].severity;
    assert_eq!(severity(30_000), Severity::Note);
    assert_eq!(severity(70_000), Severity::Possible, "the others may have failed at the peak");
}

#[test]
fn a_peak_within_iterations_breaks_a_pool_before_it_is_full() {
    let used = |n: u32| 52_000 + 1000 * u64::from(n);
    let mut run = run(|n| Pool { max_allocated: Some(used(n) + 2000), ..heap(used(n)) });
    run.without_sites();
    let found = findings(&run.observation());
    let until = found[0].figures.iter().find(|figure| figure.unit == Unit::Iterations);
    // 28,000 are free: room for 28 more iterations, but the 27th needs 3,000 for a time.
    assert_eq!(until.map(|figure| figure.value), Some(26.0));
    assert!(found[0].title.contains("will fail after 26 more iterations"), "{}", found[0].title);
}
