//! What each says of the same text, in the same form.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use teeleak_analysis::{
    model::LogFact,
    parse::{ledgers, strace},
};

/// Allocations and pages of each stack, which is its functions.
pub(crate) type Stacks = BTreeMap<String, (u64, u64)>;

/// Copies of descriptors that were not closed: the descriptor and its copy.
pub(crate) type Copies = BTreeSet<(u64, u64, u64)>;

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Ours of a text of `page_owner`.
pub(crate) fn our_stacks(path: &Path) -> Result<Stacks> {
    let mut reader = ledgers::LedgerReader::new(&path.display().to_string());
    reader.lines(&fs::read(path)?);
    let normal_world = reader.finish();
    let lines = normal_world.accounting;
    ensure!(lines.read == lines.parsed, "lines were left: {lines:?}");
    let mut stacks = Stacks::new();
    for row in normal_world.censuses.iter().flat_map(|census| &census.rows) {
        let names: Vec<_> = row.stack.iter().map(|name| &**name).collect();
        let known = stacks.entry(names.join(" ")).or_default();
        *known = (known.0 + row.count, known.1 + row.bytes / PAGE);
    }
    Ok(stacks)
}

/// What `page_owner_sort --cull=stacktrace` wrote: `2 times, 8 pages:`, and the stack.
pub(crate) fn sorted_stacks(path: &Path) -> Result<Stacks> {
    let text = fs::read_to_string(path)?;
    let mut stacks = Stacks::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (head, stack) =
            block.trim_start().split_once(":\n").context("a block without a head")?;
        let (times, pages) = head.split_once(" times, ").context("a head without times")?;
        let pages = pages.strip_suffix(" pages").context("a head without pages")?;
        let names: Vec<_> = stack.lines().filter_map(function).collect();
        let known = stacks.entry(names.join(" ")).or_default();
        *known = (known.0 + times.parse::<u64>()?, known.1 + pages.parse::<u64>()?);
    }
    Ok(stacks)
}

/// A function with its module, of `virtio_mmio_probe+0x6c/0x100 [virtio_mmio]`.
fn function(line: &str) -> Option<String> {
    let (name, rest) = line.trim().split_once('+')?;
    let module = rest.split_once(' ').map_or(String::new(), |(_, module)| format!(" {module}"));
    Some(format!("{name}{module}"))
}

/// Ours of a text of strace. Its tasks are threads; `process` has the process of each.
pub(crate) fn our_copies(path: &Path) -> Result<Copies> {
    let mut reader = strace::StraceReader::new(&path.display().to_string(), None);
    let mut text = BufReader::new(fs::File::open(path)?);
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        reader.line(&line);
        line.clear();
    }
    let trace = reader.finish();
    ensure!(trace.accounting.rejected == 0, "lines were left: {:?}", trace.accounting);
    let copies = trace.copies.iter().filter_map(|one| match one.said {
        LogFact::Duplicated { task, old, new, .. } => Some((process(task?), old, new)),
        _ => None,
    });
    Ok(copies.collect())
}

/// The process of a thread of [`crate::trace`].
const fn process(task: u64) -> u64 {
    task - task % 100
}

/// What the script printed: `PROCESS OLD NEW`.
pub(crate) fn printed_copies(text: &str) -> Result<Copies> {
    let numbers = |line: &str| {
        let words: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [process, old, new] = words[..] else { return None };
        Some((process, old, new))
    };
    text.lines().map(|line| numbers(line).with_context(|| format!("what is {line:?}?"))).collect()
}
