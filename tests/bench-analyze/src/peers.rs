//! Those that take turns.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{Args, Logs, TextFile};

/// What an engineer's script does to get the same facts: records by dump, regions by map, sessions.
const AWK: &str = include_str!("full.awk");

/// As little as a script can do: records by site, without looking at what they are.
const AWK_FIELDS: &str = r#"
{ at = index($0, "buffer: ")
  if (at == 0) next
  if (index($0, "count: 1,")) dump++
  split(substr($0, at + 8), part, " ")
  n[dump, part[1], part[3]]++ }
END { for (key in n) sum++; print sum, dump }"#;

/// The same question to lnav, over all dumps at once.
const SQL: &str = r";SELECT regexp_match('buffer: (\d+) bytes (\S+:\d+)', log_raw_text) AS site, count(*) FROM all_logs GROUP BY site";

/// The same question to ripgrep, which only extracts.
const RG: &str = r"buffer: \d+ bytes \S+:\d+";

/// Programs that may be missing, and the package that has each.
const PACKAGES: [(&str, &str); 3] = [("rg", "ripgrep"), ("mawk", "mawk"), ("lnav", "lnav")];

/// One of those that take turns.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// What it reads from its standard input.
    pub(crate) piped: Option<PathBuf>,
    /// Rounds that it takes part in: the slow ones only in the first.
    pub(crate) rounds: u32,
    /// Bytes that it is given; the slow ones get less.
    pub(crate) bytes: u64,
    pub(crate) command: Vec<String>,
}

/// All that are installed.
pub(crate) fn list(args: &Args, ours: &Path, logs: &Logs) -> Vec<Peer> {
    let ours = ours.display().to_string();
    let all = args.rounds;
    let peer = |name, rounds, words: &[&str], log: &TextFile| {
        let path = log.path.display().to_string();
        let command = words.iter().copied().chain([&*path]).map(str::to_owned).collect();
        Peer { name, piped: None, rounds, bytes: log.bytes, command }
    };
    let (one, two) = ([&ours, "analyze", "--threads", "1"], [&*ours, "analyze", "--threads", "2"]);
    let mut peers = vec![
        peer("teeleak, 1 thread", all, &one, &logs.dumps),
        peer("teeleak, 2 threads", all, &two, &logs.dumps),
        peer("rg -o (extract)", all, &["rg", "-o", RG], &logs.dumps),
        peer("mawk, full parse", 1, &["mawk", AWK], &logs.dumps),
        peer("mawk, fields only", 2, &["mawk", AWK_FIELDS], &logs.dumps),
        peer("lnav (group)", 1, &["lnav", "-n", "-c", SQL], &logs.part),
        peer("mixed: teeleak, 1", all, &one, &logs.mixed),
        peer("mixed: teeleak, 2", all, &two, &logs.mixed),
        peer("mixed: rg -o", all, &["rg", "-o", RG], &logs.mixed),
    ];
    if let Some(script) = &args.symbolize {
        let command = vec!["python3".to_owned(), script.display().to_string()];
        let (name, piped) = ("symbolize.py (copy)", Some(logs.part.path.clone()));
        peers.push(Peer { name, piped, rounds: 1, bytes: logs.part.bytes, command });
    }
    for (program, package) in PACKAGES.iter().filter(|(program, _)| !is_installed(program)) {
        eprintln!("{program} is not installed and left out: `apt-get install {package}` adds it");
    }
    peers.retain(|peer| is_installed(&peer.command[0]));
    peers
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    Path::new(program).is_absolute()
        || env::split_paths(&path).any(|dir| dir.join(program).is_file())
}
