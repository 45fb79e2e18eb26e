//! `cargo xtask qemu -- CMD`: one command in a guest.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use teeleak_qemu::{Lab, User};

use super::OPTEE_OS_SRC;

/// Arguments of `qemu`.
#[derive(Debug, clap::Args)]
#[command(after_help = OPTEE_OS_SRC)]
pub(crate) struct Args {
    /// Which firmware to boot
    #[arg(long, default_value = "default")]
    variant: String,
    /// Say more on the command line of the guest's kernel, such as slub_debug=U
    #[arg(long, default_value = "", value_name = "OPTIONS")]
    kernel: String,
    /// Leave out the TAs and programs of this repository
    #[arg(long)]
    bare: bool,
    /// Who runs the command
    #[arg(long, value_enum, default_value = "root")]
    user: Who,
    /// Put a file into the guest: FILE or FILE=PLACE, where PLACE is
    /// bin/NAME (the default), ta/UUID.ta or lib/UUID.plugin
    #[arg(long = "put", value_name = "FILE[=PLACE]")]
    files: Vec<String>,
    /// Get a file out of the guest afterwards, whatever came of the command: NAME or NAME=FILE, where
    /// NAME is that of /share/NAME there
    #[arg(long, value_name = "NAME[=FILE]")]
    get: Vec<String>,
    /// Seconds that the command may take
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    limit: u64,
    /// Show the end of the secure world's console afterwards: so many lines
    #[arg(long, default_value_t = 0, value_name = "LINES")]
    secure: usize,
    /// The command; one word is given to the shell as it is
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// The users of the guest.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Who {
    Root,
    /// May open the TEE's device
    Guest,
    /// May not
    Nobody,
}

impl From<Who> for User {
    fn from(who: Who) -> Self {
        match who {
            Who::Root => Self::Root,
            Who::Guest => Self::Guest,
            Who::Nobody => Self::Nobody,
        }
    }
}

/// Runs it; the exit code is the command's.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let lab = Lab::new()?;
    let mut files = if args.bare { Vec::new() } else { lab.products_for(&args.variant)? };
    files.extend(args.files.iter().map(|file| placed(file)));
    let mut guest = lab.boot_with(&args.kernel, &args.variant, &files)?;
    let running = guest.start(args.user.into(), &shell_line(&args.command))?;
    let outcome = guest.wait_shown(running, Duration::from_secs(args.limit))?;
    if args.secure > 0 {
        let path = guest.secure_log();
        let log =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        for line in &lines[lines.len().saturating_sub(args.secure)..] {
            println!("secure: {line}");
        }
    }
    for wanted in &args.get {
        let (from, to) = got(wanted);
        let from = guest.share().join(from);
        std::fs::copy(&from, &to).with_context(|| {
            format!("cannot get {} out of the guest to {}", from.display(), to.display())
        })?;
    }
    guest.shutdown()?;
    Ok(ExitCode::from(u8::try_from(outcome.code).unwrap_or(1)))
}

/// What is to be got, and where it goes: into the current folder if nothing is said.
fn got(wanted: &str) -> (&str, PathBuf) {
    match wanted.split_once('=') {
        Some((from, to)) => (from, to.into()),
        None => (wanted, Path::new(wanted).file_name().unwrap_or_default().into()),
    }
}

fn placed(file: &str) -> (PathBuf, String) {
    if let Some((from, to)) = file.split_once('=') {
        return (from.into(), to.to_owned());
    }
    let path = PathBuf::from(file);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let folder = match path.extension().and_then(|extension| extension.to_str()) {
        Some("ta") => "ta",
        Some("plugin" | "so") => "lib",
        _ => "bin",
    };
    let place = format!("{folder}/{name}");
    (path, place)
}

/// Several words are quoted for the shell, so that they arrive as they are.
fn shell_line(words: &[String]) -> String {
    match words {
        [line] => line.clone(),
        _ => words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_arrive_as_they_are_and_one_line_is_a_line() {
        let line =
            |words: &[&str]| shell_line(&words.iter().map(|&w| w.into()).collect::<Vec<_>>());
        assert_eq!(line(&["a; b"]), "a; b");
        assert_eq!(line(&["echo", "a b", "it's"]), r"'echo' 'a b' 'it'\''s'");
    }

    #[test]
    fn what_is_got_goes_where_it_is_wanted() {
        assert_eq!(got("junit.xml"), ("junit.xml", "junit.xml".into()));
        assert_eq!(got("out/junit.xml"), ("out/junit.xml", "junit.xml".into()));
        assert_eq!(got("junit.xml=/x/y.xml"), ("junit.xml", "/x/y.xml".into()));
    }

    #[test]
    fn files_go_where_their_kind_belongs() {
        assert_eq!(placed("/x/u.ta").1, "ta/u.ta");
        assert_eq!(placed("/x/tool").1, "bin/tool");
        assert_eq!(placed("/x/p.so").1, "lib/p.so");
        assert_eq!(placed("/x/p.so=lib/u.plugin"), ("/x/p.so".into(), "lib/u.plugin".into()));
    }
}
