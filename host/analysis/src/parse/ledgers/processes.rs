//! `ps`, of all processes or of one: `USER PID PPID VSIZE RSS WCHAN PC NAME` (Android's toolbox, whose head
//! lacks one column), or any other table with a column `PID` and the name or the command at its end.
//!
//! `ps 131` that prints only its head shows that the process does not exist.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{Holder, LogFact};

#[derive(Default)]
pub(super) struct ProcessList {
    /// The requested process.
    asked: Option<u64>,
    /// Columns of the pid and of a command with arguments, and the place of the head.
    column: Option<(usize, Option<usize>, crate::model::SourceLocation)>,
    any: bool,
}

impl Parser for ProcessList {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if let Some((_, asked)) = line.raw.rsplit_once("ps ")
            && let Some(asked) = fields::decimal(asked.trim())
            && line.raw.contains(['>', '#', '$'])
        {
            self.end(out);
            self.asked = Some(asked);
            return LineOutcome::Parsed;
        }
        let words: Vec<_> = line.text.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| *word == "PID")
            && words.iter().any(|word| matches!(*word, "NAME" | "CMD" | "COMMAND"))
        {
            let command = words.iter().position(|word| matches!(*word, "CMD" | "COMMAND"));
            self.column = Some((at, command, line.place.clone()));
            return LineOutcome::Parsed;
        }
        let Some((at, command, _)) = &self.column else { return LineOutcome::Ignored };
        let pid = words.get(*at).and_then(|word| fields::decimal(word));
        let name = command.map_or(words.last(), |at| words.get(at));
        let (Some(pid), Some(name)) = (pid, name) else { return LineOutcome::Ignored };
        self.any = true;
        let comm = if command.is_some() { program(name) } else { name };
        out.say(line, LogFact::Process(Holder { pid, comm: comm.into() }));
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        if let (Some(pid), Some((.., place)), false) = (self.asked, self.column.take(), self.any) {
            out.say(&LedgerLine::new("", place), LogFact::NoProcess { pid });
        }
        *self = Self::default();
    }
}

/// Name of the program at the start of a command; busybox puts a script in braces, and every `ps` puts a
/// kernel thread in brackets.
fn program(command: &str) -> &str {
    let name = command.rsplit('/').next().unwrap_or(command);
    let bare = |from, to| command.strip_prefix(from).and_then(|name| name.strip_suffix(to));
    bare('{', '}').or_else(|| bare('[', ']')).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use crate::{model::LogFact, parse::ledgers::LedgerReader};

    #[test]
    fn commands_have_arguments_and_names_do_not() {
        let mut reader = LedgerReader::new("ps");
        for line in [
            "PID   USER     COMMAND",
            "    2 root     [kthreadd]",
            "  154 root     {init} /usr/bin/busybox sh /init",
            "  176 root     /share/bin/leaky-ree serve /tmp/dma-buf dma-buf",
            "USER     PID   PPID  VSIZE  RSS     WCHAN    PC         NAME",
            "root      1     0     8908   1448  ffffffff 00000000 S /init",
        ] {
            reader.line(line.as_bytes());
        }
        let normal_world = reader.finish();
        let names = normal_world.sayings.iter().filter_map(|one| match &one.said {
            LogFact::Process(holder) => Some((holder.pid, &*holder.comm)),
            _ => None,
        });
        let names: Vec<_> = names.collect();
        assert_eq!(names, [(2, "kthreadd"), (154, "init"), (176, "leaky-ree"), (1, "/init")]);
    }
}
