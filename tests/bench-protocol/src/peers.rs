//! Others that check the same property.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use teeleak_bench_measure::wait;

use crate::trace::Verdict;

/// The property in RTLola's language, and as a script.
const SPECIFICATION: &str = include_str!("rule.lola");
const SCRIPT: &str = include_str!("dict.py");

/// The interpreter, and its version that [`SPECIFICATION`] was written for.
const RTLOLA: (&str, &str) = ("rtlola-cli", "0.1.2");

/// What a dict says, and seconds.
pub(crate) fn dict(csv: &str) -> Result<(Verdict, f64)> {
    let folder = folder()?;
    let trace = write(&folder, "trace.csv", csv)?;
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(fs::File::open(&trace)?)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start python3")?;
    ensure!(output.status.success(), "the script ended with {}", output.status);
    let text = String::from_utf8(output.stdout)?;
    let parts: Vec<_> = text.split_whitespace().collect();
    let [late, mapped, seconds] = parts[..] else {
        bail!("expected two counts and seconds, found {text:?}");
    };
    let verdict = Verdict { late_unmap: late.parse()?, late_map: mapped.parse()? };
    Ok((verdict, seconds.parse()?))
}

/// What RTLola's interpreter says, and seconds.
pub(crate) fn rtlola(csv: &str) -> Result<(Verdict, f64)> {
    let (said, seconds) = monitor(SPECIFICATION, csv)?;
    let count = |words: &str| said.lines().filter(|line| line.contains(words)).count() as u64;
    Ok((Verdict { late_unmap: count("late unmap"), late_map: count("late map") }, seconds))
}

/// Lines that the interpreter prints, one for each trigger, and seconds.
pub(crate) fn monitor(specification: &str, csv: &str) -> Result<(String, f64)> {
    let folder = folder()?;
    let program = install(&folder)?;
    let trace = write(&folder, "trace.csv", csv)?;
    let specification = write(&folder, "rule.lola", specification)?;
    let said = folder.join("rtlola.out");
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(["monitor", "--csv-time-column", "4", "--offline", "relative", "-v", "violations"])
        .arg("--csv-in")
        .args([&trace, &specification])
        .stdout(fs::File::create(&said)?)
        .spawn()
        .context("cannot start rtlola-cli")?;
    let (status, taken) = wait(&mut child, start)?;
    ensure!(status.success(), "rtlola-cli ended with {status}");
    Ok((fs::read_to_string(&said)?, taken.cpu))
}

/// Builds the interpreter once; it stays in the user's cache directory.
fn install(folder: &Path) -> Result<PathBuf> {
    let program = folder.join("bin").join(RTLOLA.0);
    if !program.is_file() {
        println!("building {} {} into {}, once", RTLOLA.0, RTLOLA.1, folder.display());
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut install = Command::new(cargo);
        install.args(["install", "--locked", "--version", RTLOLA.1, RTLOLA.0]).arg("--root");
        let status = install.arg(folder).current_dir(folder).status();
        let status = status.context("cannot start cargo, which builds rtlola-cli")?;
        ensure!(
            status.success(),
            "building {} ended with {status}: see above; it needs a registry of crates, and \
             --alone leaves it out",
            RTLOLA.0
        );
    }
    Ok(program)
}

fn folder() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?;
    let folder = cache.join("teeleak/bench-protocol");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
