//! `teeleak analyze`

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context as _, Result};
use clap::Args;
use teeleak_analysis::{
    audit::Needs,
    catalogue::Catalogue,
    parse::{console::Rules, ledgers::Tables},
};

use super::report;
use crate::{
    cmd::args::{analysis::Reporting, named_file::BuiltIn},
    env::Env,
    exit::Exit,
    source::text::{self, ElfSymbols, ReadProgress, Reading},
};

/// Arguments of `teeleak analyze`.
#[derive(Args, Debug)]
#[command(after_help = "\
Reads the console output of any OP-TEE release, however it was captured: serial console, kernel log,
logcat, terminal log, mail. Each dump of mdbg_check(1) is a snapshot; without --mark, each one ends an
iteration. No release marks the end of a dump, so it is inferred: from other lines, pauses, the table
of heap pools or, failing these, the recurring sites of the boot; \"inferred\" names the evidence.

Output of strace is detected from its first lines. It shows who opens and closes sessions, who calls
commands (strace 6.1 or later), and who leaves descriptors of shared memory and dma-bufs open, with
  strace -f -y -tt -o FILE -e trace=%process,ioctl,openat,dup,dup2,dup3,fcntl,close,mmap,munmap CMD

So are ledgers of the normal world: meminfo, buddyinfo, slabinfo, slabtop, alloc_calls, page_owner,
vmallocinfo, kmemleak, dma-bufs with their fdinfo, dmabuf_dump, ls -l /proc/PID/fd, ion heaps and trace,
MediaTek's dma_heap and iommu_debug, binder, ps, free, vmstat, top, reports of the OOM killer and of full
caches and areas, columns of figures (CSV). A path below /proc or /sys identifies a file; files of one
directory are read in the order of their names.

A table of a vendor's is described by its head and its columns:
  [[table]]
  name = \"pools\"
  head = \"pool cap used owner\"
  columns = [\"name\", \"-\", \"bytes pages\", \"-\"]

A rules file turns a vendor's own lines into steps that --protocol then checks:
  [[rule]]
  step = \"map\"
  pattern = 'buf_map: channel (?<channel>\\d+) pa (?<address>0x[0-9a-f]+) ret (?<result>\\S+)'
Named groups are the step's keys; result (a code or words; 0 or ok for success), session, ta, pid, tid
and comm are special. The numbers of a group value are a series, in the unit that the step's name ends
with (used_kb), whose growth is judged.

Examples:
  teeleak analyze uart.log
  teeleak analyze --mark 'switch-channel: loop' --rules vendor.toml --protocol secure-video logs/
  adb logcat -b kernel -d | teeleak analyze -")]
pub(crate) struct Arguments {
    /// Logs, directories of logs, archives (zip, tar) or - for standard input; .gz, .xz and .zst are unpacked.
    #[arg(value_name = "LOG", required_unless_present_any = ["strace", "normal_world", "series"])]
    logs: Vec<PathBuf>,
    /// Output of strace, if not auto-detected (repeatable).
    #[arg(long, value_name = "TEXT")]
    strace: Vec<PathBuf>,
    /// A ledger of the normal world, if not auto-detected (repeatable).
    #[arg(long, value_name = "TEXT")]
    normal_world: Vec<PathBuf>,
    /// Columns of figures, one line for each moment (CSV), whatever they look like (repeatable).
    #[arg(long, value_name = "FILE")]
    series: Vec<PathBuf>,
    /// Read the tables that this file describes, before the built-in ones (repeatable).
    #[arg(long, value_name = "FILE")]
    table: Vec<PathBuf>,
    /// Explain lines with the messages of this file, before the built-in ones (repeatable).
    #[arg(long, value_name = "FILE")]
    messages: Vec<PathBuf>,
    /// Turn lines into steps with this rules file, or built-in rules of this name (repeatable).
    #[arg(long, value_name = "FILE", value_parser = BuiltIn::Rules)]
    rules: Vec<PathBuf>,
    /// Start an iteration at each line that matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    mark: Option<String>,
    /// Warm-up iterations at the start, which don't count.
    #[arg(long, value_name = "K", default_value_t = 0)]
    warmup: u32,
    /// Write lines that look relevant but could not be parsed to this file.
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
    #[command(flatten)]
    images: Images,
    /// Number of parser threads; one per core if not given.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    reporting: Reporting,
}

/// ELF files that call stacks are symbolized with.
#[derive(Args, Debug)]
pub(crate) struct Images {
    /// Symbolize call stacks of the TEE core with this file: out/core/tee.elf of a build.
    #[arg(long, value_name = "ELF")]
    tee: Option<PathBuf>,
    /// Symbolize call stacks of TAs with the files UUID.elf in this directory.
    #[arg(long, value_name = "DIR")]
    ta: Option<PathBuf>,
}

impl Images {
    pub(crate) fn symbols(&self) -> Result<ElfSymbols> {
        ElfSymbols::new(self.tee.as_deref(), self.ta.as_deref())
    }
}

pub(crate) fn run(arguments: &Arguments, env: &mut Env<'_>) -> Result<Exit> {
    let mut rules = rules(arguments)?;
    add_messages(&arguments.messages, &mut rules)?;
    let mut options = arguments.reporting.analysis.options()?;
    for file in &options.asked {
        let steps = file.protocols.iter().flat_map(|protocol| &protocol.steps);
        rules.expect_steps(&file.name, steps.map(|step| &*step.name));
    }
    options.needs = Needs::SITES;
    let rejected_file = arguments.rejected.as_deref().map(create).transpose()?;
    let tables = tables(&arguments.table)?;
    let reading = Reading {
        tables: &tables,
        paths: &arguments.logs,
        traces: &arguments.strace,
        ledgers: &arguments.normal_world,
        series: &arguments.series,
        rules: &rules,
        warmup: arguments.warmup,
        threads: arguments.threads.unwrap_or_else(cores),
    };
    let progress = ReadProgress { out: env.err, terminal: env.progress };
    let symbols = arguments.images.symbols()?;
    let mut observation = text::read(&reading, rejected_file, progress)?;
    symbols.resolve(&mut observation);
    report::print(&mut observation, &options, &arguments.reporting, env)
}

/// The catalogue with the user's own messages.
fn add_messages(paths: &[PathBuf], rules: &mut Rules) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let mut catalogue = Catalogue::built_in().clone();
    for path in paths {
        let name = path.display().to_string();
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read messages {name}"))?;
        catalogue
            .add_file(&name, &text)
            .map_err(|mistake| crate::render::mistake::error("messages", &text, &[mistake]))?;
    }
    rules.set_messages(catalogue);
    Ok(())
}

/// The tables that are known.
fn tables(paths: &[PathBuf]) -> Result<Tables> {
    let mut tables = Tables::built_in().clone();
    for path in paths {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read tables {}", path.display()))?;
        let mistake = |message| anyhow::anyhow!("cannot read tables {}: {message}", path.display());
        tables.add(&text).map_err(mistake)?;
    }
    Ok(tables)
}

fn cores() -> NonZeroUsize {
    thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

fn create(path: &Path) -> Result<Box<dyn Write + Send>> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}

fn rules(arguments: &Arguments) -> Result<Rules> {
    let mut rules = Rules::default();
    if let Some(mark) = &arguments.mark {
        rules.add_mark(mark)?;
    }
    for path in &arguments.rules {
        let name = path.display().to_string();
        let text = match Rules::built_in(&name).filter(|_| !path.exists()) {
            Some(text) => text.to_owned(),
            None => fs::read_to_string(path).with_context(|| BuiltIn::Rules.unreadable(path))?,
        };
        rules
            .add_file(&name, &text)
            .map_err(|mistake| crate::render::mistake::error("rules", &text, &[mistake]))?;
    }
    Ok(rules)
}
