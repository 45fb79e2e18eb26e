//! How long one long series takes.

use std::{hint::black_box, path::Path, time::Instant};

use anyhow::Result;
use teeleak_analysis::growth::{Series, judge};
use teeleak_bench_growth::{Random, classes};

use crate::python;

/// Values of the series.
const LENGTH: usize = 10_000;

/// Times that it is judged; the median counts.
const TIMES: usize = 25;

/// By how much the judgement must be faster than pymannkendall.
const RATIO: f64 = 1000.0;

/// Prints seconds for one long noisy series; what falls short is returned.
pub(crate) fn print(seed: u64, peers: Option<&Path>) -> Result<Option<String>> {
    let classes = classes();
    let class = classes.iter().find(|class| class.name == "noisy").unwrap_or(&classes[0]);
    let drawn = class.draw(&mut Random::new(seed, 99, 0), LENGTH - 1);
    let values: Vec<_> = drawn.values.into_iter().flatten().collect();
    let ours = ours(&values);
    println!("\none series of {LENGTH} values\n  ours              {:10.3} ms", ours * 1e3);
    let Some(python) = peers else { return Ok(None) };
    let seconds = python::speed(python, &values)?;
    for (name, seconds) in
        ["pymannkendall", "scipy theilslopes", "scipy linregress"].iter().zip(&seconds)
    {
        let ratio = seconds / ours;
        println!("  {name:17} {:10.3} ms, {ratio:.1} times ours", seconds * 1e3);
    }
    let ratio = seconds.first().map_or(0.0, |seconds| seconds / ours);
    Ok((ratio < RATIO).then(|| format!("only {ratio:.0} times faster than pymannkendall")))
}

/// Median seconds of one judgement.
fn ours(values: &[f64]) -> f64 {
    let series = Series::gauge(values.iter().copied());
    let mut seconds: Vec<_> = (0..TIMES)
        .map(|_| {
            let begin = Instant::now();
            black_box(judge(black_box(&series)));
            begin.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_unstable_by(f64::total_cmp);
    seconds[TIMES / 2]
}
