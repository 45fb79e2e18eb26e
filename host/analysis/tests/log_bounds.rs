//! What a text has too much of is counted, and what is kept is right.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::fmt::Write as _;

use teeleak_analysis::{
    model::Observation,
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, scan},
};

fn read(text: &str) -> Observation {
    let mut assembler = Assembler::new("log", IterationSplit::default());
    let mut harvest = ChunkFacts::new(false);
    scan(text.as_bytes(), &Rules::default(), &mut harvest);
    assembler.push(&mut harvest);
    assembler.finish()
}

/// How many of these are missing.
fn lost(observation: &Observation, what: &str) -> u64 {
    observation.gaps.iter().filter(|gap| gap.what.contains(what)).map(|gap| gap.lost).sum()
}

/// A boot with that many dumps, each with as many objects as its number and that of the boot say, and an
/// error of a command after each.
fn boot(text: &mut String, number: usize, dumps: usize) {
    writeln!(text, "I/TC: OP-TEE version: 4.{number}.0 (gcc) #1 aarch64").unwrap();
    for dump in 0..dumps {
        for _ in 0..=(number + dump) {
            text.push_str("I/TC: buffer: 24 bytes core/mm/mobj.c:377\n");
        }
        text.push_str("I/TC: buffer: 48 bytes lib/libutils/isoc/bget_malloc.c:927\n");
        text.push_str("D/TC:? 0 tee_ta_invoke_command:831 Error: ffff0008 of 4\n");
    }
}

/// Each series of that many boots with up to three dumps each.
fn series(boots: u32) -> impl Iterator<Item = Vec<usize>> {
    (0..4_usize.pow(boots)).map(move |n| (0..boots).map(|at| n >> (2 * at) & 3).collect())
}

#[test]
fn the_boot_with_the_most_dumps_is_what_is_left() {
    for boots in (1..=5).flat_map(series) {
        let mut text = String::new();
        boots.iter().enumerate().for_each(|(number, dumps)| boot(&mut text, number, *dumps));
        let observation = read(&text);
        let (best, most) = boots.iter().enumerate().max_by_key(|(_, dumps)| **dumps).unwrap();
        let objects = |at: usize| observation.samples[at].sites.value().unwrap()[0].count;
        assert_eq!(observation.samples.len(), *most, "{boots:?}");
        assert!((0..*most).all(|at| objects(at) == (best + at + 1) as u64), "{boots:?}");
        assert_eq!(observation.events.len(), *most, "{boots:?}");
        let others = boots.iter().sum::<usize>() - most;
        assert_eq!(lost(&observation, "other boots"), others as u64, "{boots:?}");
    }
}

#[test]
fn pools_without_end_are_counted() {
    let mut text = String::new();
    for n in 0..1_000 {
        let pool = format!("Pool:                p{n}\nBytes allocated:     {n}\n");
        text.push_str(&pool);
    }
    let observation = read(&text);
    let pools = observation.samples[0].pools.value().unwrap();
    assert_eq!(pools.len() as u64 + lost(&observation, "pools after"), 1_000);
    assert!(pools.len() < 100);
}

#[test]
fn names_without_end_cost_their_records() {
    let folders = "folder/".repeat(100);
    let record = |n: u32| format!("I/TC: buffer: 24 bytes core/{folders}{n}.c:7\n");
    let text: String = (0..10_000).map(record).collect();
    let observation = read(&text);
    let sites = &observation.samples[0].sites;
    let kept = sites.value().unwrap().len() as u64;
    assert!(kept > 1_000 && kept < 10_000, "{kept}");
    assert_eq!(sites.gap().unwrap().lost, 10_000 - kept);
}

#[test]
fn call_stacks_without_end_are_counted() {
    let mut text = String::new();
    for _ in 0..1_000 {
        text.push_str("E/TC:? 0 Panic at core/kernel/panic.c:12 <f>\nE/TC:? 0 Call stack:\n");
        for n in 0..200_u32 {
            let symbol = "symbol".repeat(80);
            writeln!(text, "E/TC:? 0  {:#018x} {symbol} at a.c:{n}", 0x0e10_0000 + n).unwrap();
        }
    }
    let observation = read(&text);
    let kept: usize = observation.incidents.iter().map(|one| one.stack.len()).sum();
    assert_eq!(kept as u64 + lost(&observation, "frames of call stacks"), 200_000);
    assert!(kept < 20_000, "{kept}");
}
