//! Findings of the growth analysis over small simulated runs.

#[expect(dead_code, reason = "the pool tests use the rest")]
mod simulation;

use simulation::{PLAYER, Run, SYSTEM};
use teeleak_analysis::{
    growth::{self, Cohort, GrowthOptions, Series},
    model::{Evidence, Finding, FindingKind, Severity, Subject, Unit, Verdict},
};

fn findings(run: &Run) -> Vec<Finding> {
    growth::findings(&run.observation(), &GrowthOptions::default())
}

fn failures(run: &Run) -> Vec<Finding> {
    findings(run).into_iter().filter(|finding| finding.severity > Severity::Note).collect()
}

fn rate(finding: &Finding, unit: Unit) -> f64 {
    let figure = finding.figures.iter().find(|figure| figure.unit == unit);
    figure.map_or(f64::NAN, |figure| figure.value)
}

#[test]
fn a_quiet_run_has_no_finding() {
    let mut run = Run::new(3);
    run.measure(20, |heap, _| {
        let object = heap.allocate("core/mm/mobj.c", 168, 32);
        heap.free(object);
    });
    assert_eq!(findings(&run), []);
}

#[test]
fn constant_growth_is_one_finding_with_its_members() {
    let mut run = Run::new(3);
    run.measure(20, |heap, _| {
        heap.allocate("core/mm/mobj.c", 168, 32);
        heap.allocate("core/mm/vm.c", 257, 28);
        heap.map(0x1000);
    });
    let found = failures(&run);
    assert_eq!(found.len(), 2, "{found:#?}");
    let (regions, sites) = (&found[0], &found[1]);
    assert_eq!((regions.kind, &regions.subject), (FindingKind::RegionGrowth, &Subject::Ta(PLAYER)));
    assert_eq!(rate(regions, Unit::BytesPerIteration), 4096.0);
    assert!(matches!(&sites.subject, Subject::Site { line: 168, owner: Some(PLAYER), .. }));
    assert_eq!(rate(sites, Unit::BytesPerIteration), 60.0);
    assert_eq!(rate(sites, Unit::ObjectsPerIteration), 2.0);
    let members = sites.evidence.iter().filter(|e| matches!(e, Evidence::Member(..)));
    assert_eq!(members.count(), 1);
    assert!(sites.title.contains("60 bytes per iteration"), "{}", sites.title);
    assert!(sites.title.contains(&PLAYER.to_string()), "{}", sites.title);
}

#[test]
fn what_idle_iterations_do_is_not_blamed_on_the_workload() {
    let mut run = Run::new(4);
    run.sampling(|heap| {
        heap.allocate("core/tee/session.c", 90, 48);
    });
    run.measure(20, |heap, _| {
        heap.allocate("core/mm/mobj.c", 168, 32);
    });
    let found = failures(&run);
    let of_line = |wanted: u32| {
        let is = |finding: &&Finding| matches!(&finding.subject, Subject::Site { line, .. } if *line == wanted);
        found.iter().filter(is).collect::<Vec<_>>()
    };
    assert_eq!((found.len(), of_line(168).len()), (2, 1), "{found:#?}");
    let [idle] = of_line(90)[..] else { panic!("one finding of its own: {found:#?}") };
    assert!(idle.title.contains("each call of any client leaks"), "{}", idle.title);
}

/// What epochs must distinguish within twelve iterations.
#[test]
fn cache_load_and_slow_leak_are_distinguished_by_epochs() {
    for seed in 0..200 {
        let mut run = Run::new(3);
        let mut random = simulation::Random::new(seed);
        let mut slots = [None; 16];
        run.measure(12, |heap, iteration| {
            if iteration <= 3 {
                heap.allocate("ta/cache", 1, 64);
            }
            if iteration % 4 == 0 {
                heap.allocate("ta/slow", 2, 40);
            }
            for _ in 0..6 {
                let slot = &mut slots[random.below(16)];
                match slot.take() {
                    Some(object) => heap.free(object),
                    None => *slot = Some(heap.allocate("ta/load", 3, 24)),
                }
            }
        });
        let all = findings(&run);
        let verdict = |at: u32| {
            let about = |finding: &&Finding| matches!(&finding.subject, Subject::Site { line, .. } if *line == at);
            all.iter().find(about).and_then(|finding| finding.verdict)
        };
        assert_eq!(verdict(1), Some(Verdict::WarmUp), "seed {seed}");
        assert_eq!(verdict(2), Some(Verdict::Leak), "seed {seed}");
        let load = all.iter().find(|f| matches!(&f.subject, Subject::Site { line: 3, .. }));
        assert!(
            load.is_none(),
            "seed {seed}: {:?} {:?}",
            load.map(|l| l.verdict),
            load.map(|l| &l.evidence)
        );
    }
}

/// A queue that is emptied by a quarter to three quarters and refilled up to a random length.
#[test]
fn a_queue_that_swings_is_no_finding() {
    for seed in 0..60 {
        for iterations in [12, 20] {
            let mut run = Run::new(3);
            let mut random = simulation::Random::new(seed);
            let mut queue = std::collections::VecDeque::new();
            run.measure(iterations, |heap, _| {
                let part = (queue.len() * (16 + random.below(33))).div_ceil(64);
                for object in queue.drain(..part) {
                    heap.free(object);
                }
                let goal = 8 + random.below(17);
                while queue.len() < goal {
                    queue.push_back(heap.allocate("ta/queue", 7, 40));
                }
            });
            let found = findings(&run);
            let said: Vec<_> = found.iter().map(|finding| &finding.title).collect();
            assert!(said.is_empty(), "seed {seed}, {iterations} iterations: {said:?}");
        }
    }
}

#[test]
fn a_leak_under_load_at_the_same_site_is_found() {
    let (found, undecided) = leaks_under_load(20);
    assert!(found >= 25 && found + undecided == 50, "{found} found, {undecided} undecided");
    let (found, undecided) = leaks_under_load(40);
    assert!(found >= 47 && found + undecided == 50, "{found} found, {undecided} undecided");
}

fn leaks_under_load(iterations: u32) -> (u32, u32) {
    let (mut found, mut undecided) = (0, 0);
    for seed in 0..50 {
        let mut run = Run::new(3);
        let mut random = simulation::Random::new(seed);
        let mut slots = [None; 16];
        run.measure(iterations, |heap, _| {
            heap.allocate("ta/load", 3, 24);
            for _ in 0..4 {
                let slot = &mut slots[random.below(16)];
                match slot.take() {
                    Some(object) => heap.free(object),
                    None => *slot = Some(heap.allocate("ta/load", 3, 24)),
                }
            }
        });
        match findings(&run).first().and_then(|finding| finding.verdict) {
            Some(Verdict::Leak) => found += 1,
            Some(Verdict::Undecided) => undecided += 1,
            _ => {}
        }
    }
    (found, undecided)
}

#[test]
fn a_ring_that_replaces_its_oldest_is_none() {
    let mut run = Run::new(3);
    let mut ring = std::collections::VecDeque::new();
    for _ in 0..30 {
        ring.push_back(run.heap().allocate("ta/ring", 4, 16));
    }
    run.measure(20, |heap, _| {
        ring.push_back(heap.allocate("ta/ring", 4, 16));
        heap.free(ring.pop_front().unwrap());
    });
    assert_eq!(findings(&run), []);
}

#[test]
fn sessions_that_stay_open_name_their_ta() {
    let mut run = Run::new(3);
    run.measure(20, |heap, _| heap.open(PLAYER));
    let found = failures(&run);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].kind, FindingKind::SessionGrowth);
    assert_eq!(found[0].subject, Subject::Ta(PLAYER));
    assert_eq!(rate(&found[0], Unit::ObjectsPerIteration), 1.0);
}

#[test]
fn one_more_session_opened_once_is_no_failure() {
    let mut run = Run::new(3);
    run.measure(20, |heap, iteration| {
        if iteration == 5 {
            heap.open(SYSTEM);
        }
    });
    assert_eq!(failures(&run), []);
    assert_eq!(findings(&run)[0].verdict, Some(Verdict::Step));
}

#[test]
fn what_was_not_seen_is_a_gap_and_not_zero() {
    let mut run = Run::new(3);
    run.hide([4, 9]);
    run.measure(20, |heap, _| {
        heap.allocate("core/mm/mobj.c", 168, 32);
        heap.map(0x1000);
    });
    let found = failures(&run);
    assert_eq!(found.len(), 2, "{found:#?}");
    let says = |text: &Evidence| matches!(text, Evidence::Text(text) if text.contains("2 of 21"));
    assert!(found.iter().all(|finding| finding.evidence.iter().any(says)), "{found:#?}");
}

#[test]
fn a_last_iteration_that_was_not_seen_does_not_lower_the_rate() {
    let last = 12;
    let is_seen = |at: u32| at < last;
    let alive = |born: u32| (born..=last).map(|at| is_seen(at).then_some(1)).collect();
    let series = Series {
        values: (0..=last).map(|at| is_seen(at).then_some(f64::from(at))).collect(),
        cohorts: Some((1..last).map(|born| Cohort { born, alive: alive(born) }).collect()),
    };
    let said = growth::judge(&series);
    assert_eq!((said.verdict, said.rate.map(|rate| rate.value)), (Verdict::Leak, Some(1.0)));
}

#[test]
fn too_many_gaps_decide_nothing() {
    let mut run = Run::new(3);
    run.hide([2, 4, 6, 8, 10, 12, 14]);
    run.measure(20, |heap, _| {
        heap.allocate("core/mm/mobj.c", 168, 32);
    });
    let found = failures(&run);
    assert_eq!(found[0].verdict, Some(Verdict::Undecided));
}

#[test]
fn one_fingerprint_stands_for_one_finding() {
    let mut run = Run::new(3);
    run.measure(20, |heap, iteration| {
        heap.allocate("core/mm/mobj.c", 168, 32);
        for _ in 0..=iteration % 3 {
            heap.allocate("core/mm/mobj.c", 170, 32);
        }
    });
    let found = failures(&run);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_ne!(found[0].fingerprint, found[1].fingerprint);
}
