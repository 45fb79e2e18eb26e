//! Who called, and how far that could be told.

use std::io::{self, Write};

use teeleak_analysis::model::Clients;

use super::{DIM, WARN};
use crate::render::words::{count, source as source_words};

/// Writes how calls and events went together; nothing where no process was recorded.
pub(crate) fn write(clients: &Clients, out: &mut dyn Write) -> io::Result<()> {
    if clients.processes.is_empty() {
        return Ok(());
    }
    let called = clients.processes.iter().filter(|process| process.called).count() as u64;
    let calls = count(clients.calls.len() as u64, "client call");
    let sources: Vec<_> = clients.sources.iter().copied().map(source_words).collect();
    write!(out, "  {calls} of {called} processes {DIM}(from {}){DIM:#}", sources.join(" and "))?;
    if clients.lost > 0 {
        write!(out, ", {WARN}{} lost{WARN:#}", clients.lost)?;
    }
    writeln!(out)?;
    let Some(joined) = &clients.joined else { return Ok(()) };
    let by_name = joined.matched + joined.by_process + joined.by_kernel;
    writeln!(
        out,
        "  events with a process: {by_name} {DIM}({} with the call itself, {} of closing by the kernel), \
         without: {}{DIM:#}",
        joined.matched, joined.by_kernel, joined.unclaimed
    )
}
