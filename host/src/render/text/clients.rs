//! Client calls and how many events they could be matched with.

use std::io;

use teeleak_analysis::{
    model::Clients,
    text::{count, number},
};

use super::{TextLine, TextPage};
use crate::render::labels::source as source_words;

/// Writes how client calls match TEE events; nothing if no process was recorded.
pub(crate) fn write(clients: &Clients, page: &mut TextPage<'_>) -> io::Result<()> {
    if clients.processes.is_empty() {
        return Ok(());
    }
    let called = clients.processes.iter().filter(|process| process.called).count();
    let called = number(called as u64);
    let calls = count(clients.calls.len() as u64, "client call");
    let sources: Vec<_> = clients.sources.iter().copied().map(source_words).collect();
    let mut line = TextLine::indent(2).text(format_args!("{calls} of {called} processes "));
    line = line.dim(format_args!("(from {})", sources.join(" and ")));
    if clients.lost > 0 {
        line = line.text(", ").warn(format_args!("{} lost", number(clients.lost)));
    }
    page.write_line(line)?;
    let Some(joined) = &clients.joined else { return Ok(()) };
    let by_name = number(joined.matched + joined.by_process + joined.by_kernel);
    let line = TextLine::indent(2).text(format_args!("events matched to a process: {by_name} "));
    page.write_line(line.dim(format_args!(
        "({} to a call, {} closed by the kernel); unmatched: {}",
        number(joined.matched),
        number(joined.by_kernel),
        number(joined.unclaimed)
    )))
}
