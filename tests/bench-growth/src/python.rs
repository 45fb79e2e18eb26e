//! The peers that are Python packages.

use std::{
    env,
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

const SCRIPT: &str = include_str!("peers.py");

/// Packages that hold the peers.
const PACKAGES: [&str; 3] = ["pymannkendall", "scipy", "ruptures"];

/// How many tests the script runs.
pub(crate) const PEERS: usize = 4;

/// A Python that has the peers, in a virtual environment under the user's cache directory.
pub(crate) fn fetch() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?;
    let folder = cache.join("teeleak/bench-growth/venv");
    let python = folder.join("bin/python");
    let has_peers = || {
        let mut check = Command::new(&python);
        check.args(["-c", "import pymannkendall, scipy, ruptures"]).stderr(Stdio::null());
        check.status().is_ok_and(|status| status.success())
    };
    if !has_peers() {
        println!("fetching {} into {}", PACKAGES.join(", "), folder.display());
        step(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        step(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
    }
    Ok(python)
}

fn step(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// How many series of each class each peer calls growing: Mann-Kendall, Theil-Sen, least squares, change points.
pub(crate) fn count<'a>(
    python: &Path,
    classes: usize,
    series: impl Iterator<Item = (usize, &'a [f64])>,
) -> Result<Vec<[usize; PEERS]>> {
    let mut input = String::new();
    for (class, values) in series {
        write!(input, "{class}")?;
        line(&mut input, values)?;
    }
    let mut counts = vec![[0; PEERS]; classes];
    for answer in run(python, &[], &input)?.lines() {
        let numbers: Result<Vec<usize>, _> = answer.split(' ').map(str::parse).collect();
        let numbers = numbers.with_context(|| format!("expected counts, found {answer:?}"))?;
        ensure!(numbers.len() == PEERS + 1, "expected {} numbers, found {answer:?}", PEERS + 1);
        if let Some(count) = counts.get_mut(numbers[0]) {
            count.copy_from_slice(&numbers[1..]);
        }
    }
    Ok(counts)
}

/// Seconds that each peer takes for one series.
pub(crate) fn speed(python: &Path, values: &[f64]) -> Result<Vec<f64>> {
    let mut input = String::new();
    line(&mut input, values)?;
    let answer = run(python, &["speed"], &input)?;
    answer.lines().map(|line| Ok(line.parse::<f64>()?)).collect()
}

fn line(input: &mut String, values: &[f64]) -> Result<()> {
    for value in values {
        write!(input, " {value}")?;
    }
    input.push('\n');
    Ok(())
}

fn run(python: &Path, arguments: &[&str], input: &str) -> Result<String> {
    let mut child = Command::new(python)
        .args(["-c", SCRIPT])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", python.display()))?;
    let mut stdin = child.stdin.take().context("python has no input")?;
    stdin.write_all(input.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the peers' script ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
