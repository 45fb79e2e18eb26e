//! What recording adds to a call, against a stub libteec that does next to nothing: an invoke with one
//! value, from one thread.
//!
//! The client is a C program; criterion gets the times that it measures itself.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark that cannot go on fails")]

#[expect(dead_code, reason = "made for the tests, which use more of it")]
#[path = "../tests/it/support.rs"]
mod support;

use std::{path::Path, process::Command, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use support::{Abi, Trace, programs};

/// Rounds, and calls of each, of the comparison.
const ROUNDS: usize = 9;
const CALLS: u64 = 200_000;

fn time(command: &mut Command, calls: u64) -> Duration {
    let run = command.args(["bench", &calls.to_string()]).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    let ns = String::from_utf8(run.stdout).unwrap();
    Duration::from_nanos(ns.trim().parse().unwrap())
}

fn call(criterion: &mut Criterion) {
    let client = programs(Abi::Two).path("client");
    let mut group = criterion.benchmark_group("invoke");
    group.bench_function("plain", |bencher| {
        bencher.iter_custom(|n| time(&mut Command::new(&client), n));
    });
    for (name, stack, fds) in
        [("recorded", "0", "0"), ("recorded, descriptors too", "0", "1"), ("with stack", "1", "0")]
    {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|n| {
                let trace = Trace::new();
                let mut command = trace.command(&client);
                command.env("TEELEAK_TRACE_STACK", stack).env("TEELEAK_TRACE_FDS", fds);
                time(&mut command, n)
            });
        });
    }
    group.bench_function("loaded, not asked to record", |bencher| {
        bencher.iter_custom(|n| {
            let trace = Trace::new();
            time(trace.command(&client).env_remove("TEELEAK_TRACE_DIR"), n)
        });
    });
    group.finish();
    compare(&client);
}

/// Prints what recording adds to a call, and how long a call takes with it in terms of one without.
fn compare(client: &Path) {
    let [mut plain, mut recorded] = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        plain.push(time(&mut Command::new(client), CALLS));
        recorded.push(time(&mut Trace::new().command(client), CALLS));
    }
    let [plain, recorded] = [plain, recorded].map(|times| {
        // Whatever else the machine does only ever adds to it.
        times.into_iter().min().unwrap_or_default().as_secs_f64() * 1e9 / CALLS as f64
    });
    println!(
        "a call of a stub that does nothing: {plain:.0} ns, recorded {recorded:.0} ns: {:.0} ns more, {:.1} times \
         as long (best of {ROUNDS} rounds in turn, {CALLS} calls each)",
        recorded - plain,
        recorded / plain
    );
}

criterion_group!(benches, call);
criterion_main!(benches);
