//! `cargo xtask port --matrix DIR...`: how far each release comes, as rows of `ta/pta/README.md`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use teeleak_qemu::Lab;

use super::super::demo::STARTED;

const README: &str = "ta/pta/README.md";
const BEGIN: &str = "<!-- matrix -->\n";
const END: &str = "<!-- /matrix -->";
const HEAD: &str = "| release | variant | woven | builds | boots | `run` finds the bug | run on |\n\
                    | --- | --- | --- | --- | --- | --- | --- |\n";

/// How far a tree came.
#[derive(Default)]
struct Outcome {
    release: String,
    is_woven: bool,
    builds: bool,
    boots: bool,
    finds: bool,
}

/// Rows of other trees stay as they are.
pub(super) fn run(trees: &[PathBuf], variant: &str) -> anyhow::Result<ExitCode> {
    let readme = Lab::new()?.repository().join(README);
    for tree in trees {
        let outcome = outcome(tree, variant)?;
        let row = row(&outcome, variant)?;
        print!("{row}");
        let text = fs::read_to_string(&readme)
            .with_context(|| format!("cannot read {}", readme.display()))?;
        fs::write(&readme, with_row(&text, &row)?)
            .with_context(|| format!("cannot write {}", readme.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn outcome(tree: &Path, variant: &str) -> anyhow::Result<Outcome> {
    let check = teeleak_qemu::weaver().arg(tree).arg("--check").output()?;
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    let release = said.lines().find_map(|line| line.strip_prefix("release: "));
    let mut outcome = Outcome {
        release: label(release.unwrap_or("unknown"), tree),
        is_woven: check.status.success(),
        ..Outcome::default()
    };
    outcome.builds =
        outcome.is_woven && xtask(tree, &["firmware", "--variant", variant])?.status.success();
    if outcome.builds {
        let demo = xtask(tree, &["demo", "--variant", variant])?;
        outcome.boots = String::from_utf8_lossy(&demo.stdout).contains(STARTED);
        outcome.finds = demo.status.success();
    }
    Ok(outcome)
}

/// The release, and the name of the tree where that says something else.
fn label(release: &str, tree: &Path) -> String {
    match tree.file_name().map(|name| name.to_string_lossy()) {
        Some(name) if !name.starts_with(release) => format!("{release} ({name})"),
        _ => release.to_owned(),
    }
}

/// Another run of this program, for the tree.
fn xtask(tree: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
    let mut command = Command::new(env::current_exe().context("cannot find this program")?);
    command.args(arguments).env("OPTEE_OS_SRC", tree);
    let answer = command.output().context("cannot run this program again")?;
    if !answer.status.success() {
        eprint!("{}", String::from_utf8_lossy(&answer.stderr));
    }
    Ok(answer)
}

fn row(outcome: &Outcome, variant: &str) -> anyhow::Result<String> {
    let marks = [outcome.is_woven, outcome.builds, outcome.boots, outcome.finds];
    let [woven, builds, boots, finds] = marks.map(|is| if is { "yes" } else { "no" });
    let date = date(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let release = &outcome.release;
    Ok(format!("| {release} | {variant} | {woven} | {builds} | {boots} | {finds} | {date} |\n"))
}

/// The day of a time in seconds since 1970, by the civil calendar.
fn date(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

/// The text with the row in the place of the one of the same release and variant, newest release first.
fn with_row(text: &str, row: &str) -> anyhow::Result<String> {
    let Some((before, rest)) = text.split_once(BEGIN) else { bail!("{README} has no {BEGIN}") };
    let Some((table, after)) = rest.split_once(END) else { bail!("{README} has no {END}") };
    let mut rows: Vec<&str> =
        table.lines().skip(2).filter(|old| !old.is_empty() && key(old) != key(row)).collect();
    rows.push(row.trim_end());
    rows.sort_by_key(|row| (key(row).1, std::cmp::Reverse(key(row).0)));
    Ok(format!("{before}{BEGIN}{HEAD}{}\n{END}{after}", rows.join("\n")))
}

/// Release and variant of a row.
fn key(row: &str) -> ((u32, u32), String) {
    let mut cells = row.split('|').skip(1).map(str::trim);
    let release = cells.next().unwrap_or_default();
    let (major, minor) = release.split_once('.').unwrap_or((release, "0"));
    let number = |text: &str| text.parse().unwrap_or(u32::MAX);
    ((number(major), number(minor)), cells.next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_as_people_name_it() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(951_782_400), "2000-02-29");
        assert_eq!(date(1_795_996_799), "2026-11-29");
    }

    #[test]
    fn a_row_takes_the_place_of_its_predecessor() {
        let text = format!("a\n{BEGIN}{HEAD}| 4.10 | x | no |\n| 3.9 | x | no |\n{END}\nb\n");
        let once = with_row(&text, "| 4.9 | x | yes |\n").unwrap();
        let twice = with_row(&once, "| 3.9 | x | yes |\n").unwrap();
        let rows = "| 4.10 | x | no |\n| 4.9 | x | yes |\n| 3.9 | x | yes |\n";
        assert_eq!(twice, format!("a\n{BEGIN}{HEAD}{rows}{END}\nb\n"));
    }
}
