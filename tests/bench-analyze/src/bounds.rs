//! Whatever a text has no end of: memory is bounded, and time is linear.

use std::{env, fs::File, io::BufWriter, path::Path, process::Command};

use anyhow::{Result, bail};
use teeleak_bench_measure as measure;

use crate::{
    MEBIBYTE, PEAK_MIB,
    hostile::{HostileText, TEXTS},
};

/// How much longer a text of twice the length may take: what the machine does besides is in it, too.
const TWICE: f64 = 2.8;

/// Seconds below which times are not compared: starting the program is most of them.
const SHORT_S: f64 = 0.3;

/// Reads each text, at half and at full length.
pub(crate) fn check(ours: &Path, megabytes: u64, only: &str) -> Result<()> {
    println!("{:26} {:>8} {:>9} {:>10} {:>9}", "", "MB", "MB/cpu-s", "half:full", "peak MiB");
    let path = env::temp_dir().join("teeleak-bench-hostile.log");
    let mut missed = Vec::new();
    for text in TEXTS.iter().filter(|text| text.name.contains(only)) {
        let half = read(ours, text, &path, megabytes * 500_000)?;
        let full = read(ours, text, &path, megabytes * 1_000_000)?;
        let times = full.cpu / half.cpu.max(0.01);
        let peak = full.peak_bytes as f64 / MEBIBYTE;
        let rate = megabytes as f64 / full.cpu.max(0.01);
        println!("{:26} {megabytes:>8} {rate:>9.0} {times:>10.2} {peak:>9.1}", text.name);
        if peak > PEAK_MIB || times > TWICE && full.cpu > SHORT_S {
            missed.push(text.name);
        }
    }
    std::fs::remove_file(path)?;
    if !missed.is_empty() {
        bail!("more than {PEAK_MIB} MiB, or more than linear time: {}", missed.join(", "));
    }
    Ok(())
}

fn read(ours: &Path, text: &HostileText, path: &Path, bytes: u64) -> Result<measure::Taken> {
    text.write(bytes, &mut BufWriter::with_capacity(1 << 20, File::create(path)?))?;
    measure::run(Command::new(ours).args(["analyze", "--threads", "2"]).arg(path), None)
}
