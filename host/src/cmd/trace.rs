//! `teeleak trace`

use std::{
    ffi::OsString,
    fs::{self, File},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;

use super::snapshot::create;
use crate::{
    capture::{CapturePiece, CaptureReader},
    env::Env,
    error::NotObservable,
    exit::Exit,
    render::calls::{Log, Style},
    source::{
        Sink,
        clients::{Extra, Recorder, RingFolder, Tracing, kernel::Probes},
        live::{Workload, send_meta},
    },
    terminal::signals::Interrupt,
};

/// Pause between two polls of the rings: short enough that a ring of 16,000 calls does not overrun.
const PAUSE: Duration = Duration::from_millis(20);

/// Arguments of `teeleak trace`.
#[derive(Args, Debug)]
#[command(after_help = "\
Runs a program, and all processes it starts, with a library in front of libteec that records each
call, and prints the calls of all processes in order of time. The program's own output goes to
standard error. Programs that are linked statically, that run with elevated privileges (setuid), or
whose environment is cleared are not recorded. One that forbids itself system calls (seccomp) after
it has started may be ended by its own filter: use --kernel for it.

A process that is already running records if it was started with
  LD_PRELOAD=/usr/lib/teeleak/libteeleak_preload.so TEELEAK_TRACE_DIR=/run/teeleak
and --collect reads its records until Ctrl-C.

With --kernel, the kernel itself records all clients of OP-TEE in the system, including those that
the library can't be loaded into and those that started earlier, while the program runs or, without
a program, until Ctrl-C. It also records sessions that it closes for a process that has exited. Needs
root and Linux 6.9 or later: `teeleak doctor` shows whether it works here.

Exits with 0 when calls were recorded, 3 when there were none.

Examples:
  teeleak trace -- ./switch-channel.sh
  teeleak trace --follow --stacks -- xtest 1004
  teeleak trace -o calls.tlk -- ./switch-channel.sh && teeleak trace --read calls.tlk
  teeleak trace --collect /run/teeleak --follow
  teeleak trace --kernel --follow")]
pub(crate) struct Arguments {
    /// Print calls as they happen, not at the end.
    #[arg(long)]
    follow: bool,
    /// Record call stacks, too.
    #[arg(long)]
    stacks: bool,
    /// Record file descriptors of the TEE and of dma-bufs, too.
    #[arg(long)]
    fds: bool,
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
    /// Write the recorded calls to a capture file, too.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Record system-wide, with kernel probes.
    #[arg(long, conflicts_with_all = ["collect", "read", "stacks", "fds"])]
    kernel: bool,
    /// Read calls that processes record into this directory, instead of running a program.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["read", "words", "stacks", "fds"])]
    collect: Option<PathBuf>,
    /// Print the calls of a capture file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["words", "output", "stacks", "fds"])]
    read: Option<PathBuf>,
    /// The program and its arguments.
    #[arg(last = true, value_name = "CMD", required_unless_present_any = ["collect", "read", "kernel"])]
    words: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let file = create(arguments.output.as_ref())?;
    let layout = env.screen.layout(true);
    let style = Style { json: arguments.json, follow: arguments.follow, layout };
    let mut log = Log::new(style, file, env.out);
    let outcome = match (&arguments.read, &arguments.collect) {
        (Some(capture), _) => read(capture, &mut log).map(|()| None),
        (None, Some(folder)) => collect(folder, env.interrupt.heed(), &mut log).map(|()| None),
        (None, None) => recorder(arguments, env.preload.as_ref(), &env.root).and_then(|recorder| {
            launch(recorder, &arguments.words, env.interrupt.heed(), &mut log)
        }),
    };
    let call_count = log.finish()?;
    if let Some(status) = outcome?.filter(|status| *status != 0) {
        writeln!(env.err, "teeleak: the program ended with status {status}")?;
    }
    if call_count == 0 {
        return Err(anyhow!(NotObservable("no call was recorded".into())));
    }
    Ok(Exit::Clean)
}

fn no_library() -> anyhow::Error {
    let text = "libteeleak_preload.so is missing: install it next to teeleak or in ../lib/teeleak, \
                or set TEELEAK_PRELOAD to its path";
    anyhow!(NotObservable(text.into()))
}

fn recorder(arguments: &Arguments, library: Option<&PathBuf>, root: &Path) -> Result<Recorder> {
    if arguments.kernel {
        return Ok(Recorder::Kernel(Box::new(Probes::new(root)?)));
    }
    let library = library.cloned().ok_or_else(no_library)?;
    let extra = Extra { stacks: arguments.stacks, fds: arguments.fds };
    Ok(Recorder::Preload(Tracing::new(library, extra)?))
}

/// Records until the program has ended, and returns its exit status; without a program, records
/// until interrupted.
fn launch(
    mut recorder: Recorder,
    words: &[OsString],
    interrupt: &Interrupt,
    log: &mut Log<'_>,
) -> Result<Option<i32>> {
    let texts: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    send_meta(&texts.join("\0"), log)?;
    let status = if words.is_empty() {
        while !interrupt.is_set() {
            recorder.poll(log)?;
            thread::sleep(PAUSE);
        }
        None
    } else {
        Some(attend(&mut recorder, words, interrupt, log)?)
    };
    // One poll to notice exited processes, one to read their last records.
    recorder.poll(log)?;
    recorder.finish(log)?;
    log.reject(recorder.unreadable());
    Ok(status)
}

fn attend(
    recorder: &mut Recorder,
    words: &[OsString],
    interrupt: &Interrupt,
    log: &mut Log<'_>,
) -> Result<i32> {
    let start = |command: &mut std::process::Command| recorder.apply(command);
    let mut workload = Workload::start(words, start, interrupt)
        .with_context(|| format!("cannot run {:?}", words[0]))?;
    loop {
        if let Some(status) = workload.poll()? {
            return Ok(status);
        }
        recorder.poll(log)?;
    }
}

/// Reads a folder until interrupted.
fn collect(path: &Path, interrupt: &Interrupt, log: &mut Log<'_>) -> Result<()> {
    if !path.is_dir() {
        fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
    }
    send_meta("", log)?;
    let mut folder = RingFolder::new(path);
    while !interrupt.is_set() {
        folder.poll(log)?;
        folder.clear_ended();
        thread::sleep(PAUSE);
    }
    folder.finish(log)?;
    log.reject(folder.unreadable());
    Ok(())
}

fn read(path: &Path, log: &mut Log<'_>) -> Result<()> {
    let open = || CaptureReader::new(File::open(path)?);
    let mut reader = open().with_context(|| format!("cannot read {}", path.display()))?;
    while let Some(piece) = reader.next_piece()? {
        match piece {
            CapturePiece::Frame { kind, payload } => log.frame(kind, payload)?,
            CapturePiece::Damage(damage) => log.damage(damage),
        }
    }
    Ok(())
}
