//! A TEE without room to map memory of a client is asked with values alone, and reports the same.

use teeleak::Exit;
use teeleak_proto::Uuid;
use teeleak_tests::{Answer, Region, Site, Tee, World};

/// More than fits in one page of values.
fn busy_tee(exhausted: bool) -> Tee {
    let site = |line| Site {
        file: "core/mm/vm.c",
        line,
        size: 64,
        owner: 1,
        epoch: 1,
        count: u32::from(line),
    };
    let region = |n: u64| Region { instance: 1, va: 0x4000_0000 + n * 0x2000, size: 0x1000 };
    Tee {
        tas: vec![Uuid::parse("23fe83ec-2b7b-4b16-a872-7b927e6e4557").unwrap()],
        sites: (1..300).map(site).collect(),
        regions: (0..700).map(region).collect(),
        exhausted,
        ..Tee::default()
    }
}

fn snapshot(exhausted: bool) -> Answer {
    World::with(busy_tee(exhausted)).run(&["snapshot", "--json"])
}

#[test]
fn what_is_reported_is_the_same() {
    let (mapped, values) = (snapshot(false), snapshot(true));
    assert_eq!((mapped.exit, values.exit), (Exit::Clean, Exit::Clean), "{}", values.err);
    assert_eq!(mapped.out, values.out);
}

#[test]
fn a_run_is_the_same() {
    let run = |exhausted| {
        let line = ["run", "-n", "3", "--warmup", "1", "--idle", "1", "--", "true"];
        World::with(busy_tee(exhausted)).run(&line)
    };
    let (mapped, values) = (run(false), run(true));
    assert_eq!(mapped.exit, values.exit, "{}", values.err);
    // It takes more, smaller pages.
    let without_pages = |out: &str| {
        let lines = out.lines().filter(|line| !line.trim_start().starts_with("input:"));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(without_pages(&mapped.out), without_pages(&values.out));
}
