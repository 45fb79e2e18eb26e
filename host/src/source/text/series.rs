//! Files that the user calls series.

use std::io::{BufRead as _, Read as _};

use anyhow::{Context as _, Result, anyhow};
use teeleak_analysis::{model::NormalWorld, parse::ledgers::SeriesFile};

use super::{input::TextInput, unframed::UnframedText};

/// Longest line.
const LINE_BYTES: u64 = 1 << 16;

/// Reads them.
///
/// # Errors
/// When one can't be read to its end, or a line is not of its series.
pub(super) fn read(inputs: &[TextInput]) -> Result<Vec<NormalWorld>> {
    inputs.iter().map(read_file).collect()
}

fn read_file(input: &TextInput) -> Result<NormalWorld> {
    let name = input.name();
    let wrong = |mistake| anyhow!("cannot read series {name}: {mistake}");
    let text = input.open()?;
    let mut reader = UnframedText::new(text.reader, text.framing);
    let (mut file, mut line) = (SeriesFile::new(&name), Vec::new());
    loop {
        line.clear();
        let read = (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut line);
        if read.with_context(|| format!("cannot read {name}"))? == 0 {
            return file.finish().map_err(wrong);
        }
        file.line(&line).map_err(wrong)?;
    }
}
