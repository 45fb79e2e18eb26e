//! `run --until-decided`: as many iterations as it takes, and no more than allowed.

use teeleak::Exit;
use teeleak_proto::{Uuid, pta};
use teeleak_tests::{Answer, Event, Session, Site, Tee, World};

const TA: &str = "b3a5a6a6-3e5e-4f0b-9d27-6a1c8e4b7f10";

/// Epochs before the first iteration that counts: the first one, idle ones and warm-up.
const EPOCHS_BEFORE: u32 = 1 + 3 + 2;

/// A TA that keeps an object after the iterations for which `leaks` says so.
fn keeping(leaks: fn(u32) -> bool) -> World {
    let workload = move |tee: &mut Tee, epoch: u32| {
        let event = Event { session: epoch, instance: 1, ..Event::default() };
        let both = [pta::EVENT_OPEN, pta::EVENT_CLOSE].map(|kind| Event { kind, ..event });
        tee.events.extend(both);
        if epoch > EPOCHS_BEFORE && leaks(epoch - EPOCHS_BEFORE) {
            let site =
                Site { file: "core/mm/mobj.c", line: 481, size: 56, owner: 1, epoch, count: 1 };
            tee.sites.push(site);
        }
    };
    World::with(Tee {
        workload: Box::new(workload),
        tas: vec![Uuid::parse(TA).unwrap()],
        sessions: vec![Session { id: 1, instance: 1 }],
        ..Tee::default()
    })
}

fn run(world: &World, options: &[&str]) -> (Answer, u64) {
    let words = ["run", "--json"].iter().chain(options).chain(&["--", "true"]);
    let answer = world.run(&words.copied().collect::<Vec<_>>());
    let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let n = report["coverage"]["n_measured"].as_u64().unwrap();
    (answer, n)
}

#[test]
fn a_slow_leak_is_decided_by_more_iterations() {
    let world = || keeping(|iteration| iteration % 6 == 5);
    let (answer, n) = run(&world(), &["-n", "8"]);
    assert_eq!((answer.exit, n), (Exit::Blind, 8));
    let (answer, n) = run(&world(), &["-n", "8", "--until-decided"]);
    assert_eq!(answer.exit, Exit::Leak, "{}", answer.out);
    assert!((12..60).contains(&n), "{n} iterations");
    assert_eq!(answer.err, "");
}

#[test]
fn what_is_decided_takes_no_more() {
    let (answer, n) = run(&keeping(|_| false), &["-n", "8", "--until-decided"]);
    assert_eq!((answer.exit, n), (Exit::Clean, 8));
    let (answer, n) = run(&keeping(|_| true), &["-n", "9", "--until-decided=50"]);
    assert_eq!((answer.exit, n), (Exit::Leak, 9));
}

#[test]
fn the_most_is_the_most() {
    // Ever rarer, so that no number of iterations decides it soon.
    let world = || keeping(|iteration| (iteration + 2).is_power_of_two());
    let (answer, n) = run(&world(), &["-n", "8", "--until-decided=15"]);
    assert_eq!((answer.exit, n), (Exit::Blind, 15), "{}", answer.out);
    assert!(answer.err.contains("still inconclusive after 15 iterations"), "{}", answer.err);
    let (_, n) = run(&world(), &["-n", "8", "--until-decided=4"]);
    assert_eq!(n, 8);
}
