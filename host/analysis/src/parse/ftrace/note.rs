//! Notes that the reader of the trace adds: what the kernel's text does not contain.
//!
//! ```text
//! # teeleak clock mono_ns=81234567890 raw_ns=81234561234
//! # teeleak self pid=231
//! # teeleak thread tid=241 pid=240
//! # teeleak process pid=240 ppid=231 ended=0 comm="drm-player" exe="/share/bin/drm-player"
//! # teeleak missed calls=3
//! ```

use std::fmt;

use super::line::NOTE;

/// A note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// `CLOCK_MONOTONIC` and `CLOCK_MONOTONIC_RAW`, the clock of the trace, at one moment, in
    /// nanoseconds.
    Clock {
        /// `CLOCK_MONOTONIC`.
        mono_ns: u64,
        /// `CLOCK_MONOTONIC_RAW`.
        raw_ns: u64,
    },
    /// The reader's own process, whose calls do not belong to the workload.
    Own {
        /// Process.
        pid: u32,
    },
    /// A thread whose process is missing in the kernel's text.
    Thread {
        /// Thread.
        tid: u32,
        /// Its process.
        pid: u32,
    },
    /// A process.
    Process {
        /// Its pid.
        pid: u32,
        /// Pid of its parent.
        ppid: u32,
        /// Whether it exited.
        ended: bool,
        /// Its name.
        comm: String,
        /// Its executable.
        exe: String,
    },
    /// All calls that the kernel could not follow.
    Missed {
        /// Number of calls.
        calls: u64,
    },
}

impl Note {
    /// Reads the text after [`NOTE`].
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(' ')?;
        let number = |name: &str| {
            let words = rest.split(' ').take_while(|word| !word.starts_with("comm="));
            let mut values = words.filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            values.next()?.parse::<u64>().ok()
        };
        let pid = |name| number(name)?.try_into().ok();
        Some(match kind {
            "clock" => Self::Clock { mono_ns: number("mono_ns")?, raw_ns: number("raw_ns")? },
            "self" => Self::Own { pid: pid("pid")? },
            "thread" => Self::Thread { tid: pid("tid")?, pid: pid("pid")? },
            "process" => {
                let (comm, exe) = rest.split_once("comm=\"")?.1.split_once("\" exe=\"")?;
                Self::Process {
                    pid: pid("pid")?,
                    ppid: pid("ppid")?,
                    ended: number("ended")? != 0,
                    comm: comm.to_owned(),
                    exe: exe.strip_suffix('"')?.to_owned(),
                }
            }
            "missed" => Self::Missed { calls: number("calls")? },
            _ => return None,
        })
    }
}

/// The note as a line, with its newline.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NOTE)?;
        match self {
            Self::Clock { mono_ns, raw_ns } => write!(f, "clock mono_ns={mono_ns} raw_ns={raw_ns}"),
            Self::Own { pid } => write!(f, "self pid={pid}"),
            Self::Thread { tid, pid } => write!(f, "thread tid={tid} pid={pid}"),
            Self::Process { pid, ppid, ended, comm, exe } => {
                let (ended, comm, exe) = (u8::from(*ended), plain(comm), plain(exe));
                write!(
                    f,
                    "process pid={pid} ppid={ppid} ended={ended} comm=\"{comm}\" exe=\"{exe}\""
                )
            }
            Self::Missed { calls } => write!(f, "missed calls={calls}"),
        }?;
        f.write_str("\n")
    }
}

/// A name without control characters and quotes.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_control() || c == '"' { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use crate::parse::ftrace::note::*;

    #[test]
    fn notes_are_read_again() {
        let process = Note::Process {
            pid: 240,
            ppid: 1,
            ended: true,
            comm: "a pid=7 b".into(),
            exe: "/tmp/a b".into(),
        };
        for note in [
            Note::Clock { mono_ns: 2, raw_ns: 1 },
            Note::Own { pid: 3 },
            Note::Thread { tid: 5, pid: 4 },
            process,
            Note::Missed { calls: 9 },
        ] {
            let line = note.to_string();
            let text = line.strip_prefix(NOTE).unwrap().trim_end();
            assert_eq!(Note::parse(text).as_ref(), Some(&note), "{line}");
        }
    }

    #[test]
    fn a_name_ends_no_line() {
        let (comm, exe) = ("a\n\"b".to_owned(), String::new());
        let line = Note::Process { pid: 1, ppid: 0, ended: false, comm, exe }.to_string();
        assert!(line.ends_with("comm=\"a??b\" exe=\"\"\n"), "{line}");
    }
}
