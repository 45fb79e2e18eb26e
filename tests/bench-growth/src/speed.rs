//! How long one long series takes.

use std::{hint::black_box, path::Path};

use anyhow::Result;
use teeleak_analysis::growth::{Series, judge};
use teeleak_bench_growth::{Class, Random, classes};
use teeleak_bench_measure::cpu_seconds;

use crate::{
    demand::{Figure, Limit},
    python,
};

/// Values of the series that the peers are measured with.
const LENGTH: usize = 10_000;

/// Values of the longest series, of each class.
const LONGEST: usize = 20_000;

/// Times that it is judged; the mean counts.
const TIMES: usize = 25;

/// The same of each class.
const TIMES_EACH: usize = 5;

/// By how much the judgement must be faster than pymannkendall.
const RATIO: f64 = 1000.0;

/// Milliseconds that the longest series may take.
const MILLISECONDS: f64 = 50.0;

/// Prints seconds for one long noisy series; what must hold is returned.
pub(crate) fn figures(seed: u64, peers: Option<&Path>) -> Result<Vec<Figure>> {
    let classes = classes();
    let class = classes.iter().find(|class| class.name == "noisy").unwrap_or(&classes[0]);
    let values = values(class, seed, LENGTH);
    let ours = seconds(&values, TIMES)?;
    println!("\none series of {LENGTH} values\n  ours              {:10.3} ms", ours * 1e3);
    let mut figures = vec![slowest(&classes, seed)?];
    let Some(python) = peers else { return Ok(figures) };
    let peers = python::speed(python, &values.into_iter().flatten().collect::<Vec<_>>())?;
    for (name, seconds) in
        ["pymannkendall", "scipy theilslopes", "scipy linregress"].iter().zip(&peers)
    {
        let ratio = seconds / ours;
        println!("  {name:17} {:10.3} ms, {ratio:.1} times ours", seconds * 1e3);
    }
    figures.push(Figure {
        name: format!("as fast as pymannkendall, {LENGTH} values"),
        value: peers.first().map_or(0.0, |seconds| seconds / ours),
        place: class.name.to_owned(),
        limit: Limit::AtLeast(RATIO),
        unit: "times",
    });
    Ok(figures)
}

/// The class whose longest series takes longest.
fn slowest(classes: &[Class], seed: u64) -> Result<Figure> {
    let time =
        |class: &Class| Ok((seconds(&values(class, seed, LONGEST), TIMES_EACH)?, class.name));
    let times: Vec<(f64, &str)> = classes.iter().map(time).collect::<Result<_>>()?;
    let (seconds, class) = times.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
    Ok(Figure {
        name: format!("one judgement of {LONGEST} values, slowest class"),
        value: seconds * 1e3,
        place: class.to_owned(),
        limit: Limit::AtMost(MILLISECONDS),
        unit: "ms",
    })
}

fn values(class: &Class, seed: u64, length: usize) -> Vec<Option<f64>> {
    class.draw(&mut Random::new(seed, 99, 0), length - 1).values
}

/// Processor seconds of one judgement, on average: what other programs take does not count.
fn seconds(values: &[Option<f64>], times: usize) -> Result<f64> {
    let series = Series { values: values.to_vec(), cohorts: None };
    let begin = cpu_seconds()?;
    for _ in 0..times {
        black_box(judge(black_box(&series)));
    }
    Ok((cpu_seconds()? - begin) / times as f64)
}
