//! Short traces of steps in any order, wrong or right: what teeleak says of each beside RTLola.

use anyhow::{Result, ensure};
use teeleak_bench_measure::Random;

use crate::{
    ours, peers,
    trace::{self, Step},
};

/// Rules as [`SPECIFICATION`] numbers them.
const RULES: [&str; 5] = [
    "acquire-beyond-limit",
    "release-without-acquire",
    "double-release",
    "acquire-without-parent",
    "acquire-after-parent",
];

/// The same rules in RTLola's language.
const SPECIFICATION: &str = include_str!("rules.lola");

/// Steps of a trace at most.
const STEPS: u64 = 60;

/// Compares `n` traces; gives how many broken rules both found.
pub(crate) fn compare(n: u64, seed: u64) -> Result<u64> {
    let mut broken = 0;
    for at in 0..n {
        let steps = steps(&mut Random(seed ^ (at << 32)));
        let ours = ours::broken(&steps, RULES)?;
        let said = peers::monitor(SPECIFICATION, &trace::csv(&steps))?.0;
        let theirs = [0, 1, 2, 3, 4].map(|n| {
            let words = format!("rule {n}");
            said.lines().filter(|line| line.contains(&words)).count() as u64
        });
        ensure!(
            ours == theirs,
            "trace {at} of seed {seed}: teeleak says {ours:?}, RTLola {theirs:?} of {RULES:?}:\n{}",
            trace::csv(&steps)
        );
        broken += ours.iter().sum::<u64>();
    }
    Ok(broken)
}

/// Any step at any time; a buffer is mapped once and unmapped at most once.
fn steps(random: &mut Random) -> Vec<Step> {
    let (mut mapped, mut buffers) = (Vec::new(), 0);
    let n = 1 + random.below(STEPS);
    let mut step = |_| {
        let channel = u32::from(random.below(2) == 1);
        let blank = Step { cmd: 0, channel, buffer: 0 };
        match random.below(4) {
            0 => blank,
            3 => Step { cmd: 3, ..blank },
            2 if !mapped.is_empty() => Step { cmd: 2, ..mapped.pop().unwrap_or(blank) },
            _ => {
                buffers += 1;
                mapped.push(Step { cmd: 1, channel, buffer: buffers });
                Step { cmd: 1, channel, buffer: buffers }
            }
        }
    };
    (0..n).map(&mut step).collect()
}
