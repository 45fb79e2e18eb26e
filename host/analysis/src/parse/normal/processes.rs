//! `ps`, of everything or of one process: `USER PID PPID VSIZE RSS WCHAN PC NAME` (Android's toolbox), or
//! any other table with a column `PID` and the name at its end.
//!
//! `ps 131` that prints its heads and nothing else says that there is no such process.

use crate::model::{Holder, Said};

use super::{Context, Line, Out, Parser, Taken, fields};

#[derive(Default)]
pub(super) struct Processes {
    /// The process that was asked for.
    asked: Option<u64>,
    /// Column of the number, and where the heads stand.
    column: Option<(usize, crate::model::Place)>,
    any: bool,
}

impl Parser for Processes {
    fn line(&mut self, line: &Line<'_>, _: &Context, out: &mut Out) -> Taken {
        if let Some((_, asked)) = line.raw.rsplit_once("ps ")
            && let Some(asked) = fields::decimal(asked.trim())
            && line.raw.contains(['>', '#', '$'])
        {
            self.end(out);
            self.asked = Some(asked);
            return Taken::Parsed;
        }
        let words: Vec<_> = line.text.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| *word == "PID")
            && words.iter().any(|word| matches!(*word, "NAME" | "CMD" | "COMMAND"))
        {
            self.column = Some((at, line.place.clone()));
            return Taken::Parsed;
        }
        let Some((at, _)) = &self.column else { return Taken::Other };
        let pid = words.get(*at).and_then(|word| fields::decimal(word));
        let (Some(pid), Some(name)) = (pid, words.last()) else { return Taken::Other };
        self.any = true;
        out.say(line, Said::Process(Holder { pid, comm: (*name).into() }));
        Taken::Parsed
    }

    fn end(&mut self, out: &mut Out) {
        if let (Some(pid), Some((_, place)), false) = (self.asked, self.column.take(), self.any) {
            out.say(&Line::new("", place), Said::NoProcess { pid });
        }
        *self = Self::default();
    }
}
