//! Inputs: files, directories and standard input, plain or compressed.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use teeleak_analysis::parse::framing::{BEGIN, Framing};
use teeleak_proto::frame::FILE_HEAD;

use super::{
    archive::{self, Member, Members, SkippedInputs},
    unpack::unpack,
};
use crate::capture;

/// One input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TextInput {
    /// Standard input.
    Pipe,
    /// A file.
    File(PathBuf),
    /// A file in an archive.
    Member(Member),
}

impl TextInput {
    /// Its name in reports.
    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Self::Pipe => "standard input".into(),
            Self::File(path) => path.display().to_string().into(),
            Self::Member(member) => member.name(),
        }
    }

    /// The traced task, where `strace -ff` put its number into the file name.
    pub(super) fn task(&self) -> Option<u32> {
        match self {
            Self::Pipe => None,
            Self::File(path) => path.extension()?.to_str()?.parse().ok(),
            Self::Member(member) => member.path().extension()?.to_str()?.parse().ok(),
        }
    }

    /// Whether it can be read from its start more than once: a pipe can't, whatever its path.
    pub(super) fn has_start(&self) -> bool {
        match self {
            Self::Pipe => false,
            Self::File(path) => path.is_file(),
            Self::Member(_) => true,
        }
    }

    /// Size on disk in bytes, 0 for standard input.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Pipe => 0,
            Self::File(path) => fs::metadata(path).map_or(0, |file| file.len()),
            Self::Member(member) => member.size(),
        }
    }

    /// Opens it for reading, decompressed, and detects its frames.
    pub(super) fn open(&self) -> Result<OpenText> {
        OpenText::new(self.bytes()?).with_context(|| format!("cannot read {}", self.name()))
    }

    /// Opens it for reading, decompressed.
    fn bytes(&self) -> Result<Box<dyn Read + Send>> {
        match self {
            Self::Pipe => unpack(Box::new(io::stdin())),
            Self::File(path) => {
                let file =
                    File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
                unpack(Box::new(file)).with_context(|| format!("cannot read {}", path.display()))
            }
            Self::Member(member) => member.open(),
        }
    }
}

/// An open text, and its frames.
pub(super) struct OpenText {
    pub(super) reader: Box<dyn Read + Send>,
    /// What is around its lines.
    pub(super) framing: Option<Framing>,
}

impl OpenText {
    fn new(mut reader: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut begin = Vec::new();
        reader.by_ref().take(BEGIN as u64).read_to_end(&mut begin)?;
        let framing = Framing::detect(whole_lines(&begin));
        Ok(Self { reader: Box::new(io::Cursor::new(begin).chain(reader)), framing })
    }
}

/// The start of a text without a line that may be cut off.
fn whole_lines(begin: &[u8]) -> &[u8] {
    let end = if begin.len() < BEGIN { None } else { memchr::memrchr(b'\n', begin) };
    end.map_or(begin, |end| &begin[..=end])
}

/// The inputs in `paths`: `-` is standard input, a directory is all files below it, sorted by name.
pub(super) fn expand(paths: &[PathBuf]) -> Result<Vec<TextInput>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            inputs.push(TextInput::Pipe);
        } else {
            add(path, &mut inputs, 0)?;
        }
    }
    if inputs.is_empty() {
        bail!("expected files, found only empty directories: check the paths");
    }
    Ok(inputs)
}

/// Replaces archives by their texts; a capture is no text.
///
/// # Errors
/// When an archive can't be listed, or one of `paths` itself is a capture.
pub(super) fn open_archives(inputs: Vec<TextInput>, paths: &[PathBuf]) -> Result<OpenArchives> {
    let mut archives = OpenArchives::default();
    for input in inputs {
        match &input {
            TextInput::File(path) if path.is_file() => archives.add(path, paths.contains(path))?,
            _ => archives.inputs.push(input),
        }
    }
    Ok(archives)
}

/// Inputs, with those in archives.
#[derive(Default)]
pub(super) struct OpenArchives {
    pub(super) inputs: Vec<TextInput>,
    /// Archives and what was skipped in them.
    pub(super) archives: Vec<(PathBuf, Members)>,
    /// Captures in directories.
    pub(super) captures: Vec<PathBuf>,
}

impl OpenArchives {
    /// Adds a file, or what is in it.
    fn add(&mut self, path: &Path, is_named: bool) -> Result<()> {
        if is_capture(path) {
            if is_named {
                bail!("{0} is a capture, not a log: type `teeleak report {0}`", path.display());
            }
            self.captures.push(path.to_owned());
            return Ok(());
        }
        match archive::members(path)? {
            Some(mut members) => {
                self.inputs.extend(members.texts.drain(..).map(TextInput::Member));
                self.archives.push((path.to_owned(), members));
            }
            None => self.inputs.push(TextInput::File(path.to_owned())),
        }
        Ok(())
    }

    /// What is not read of the inputs.
    pub(super) fn skipped_inputs(&self) -> SkippedInputs {
        let mut skipped_inputs = SkippedInputs::default();
        for (path, members) in &self.archives {
            members.record_skipped(path, &mut skipped_inputs);
        }
        let captures = self.captures.iter().map(|path| {
            format!("{0} skipped: a capture, for `teeleak report {0}`", path.display()).into()
        });
        skipped_inputs.notes.extend(captures);
        skipped_inputs
    }
}

fn is_capture(path: &Path) -> bool {
    let mut begin = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(FILE_HEAD.len() as u64).read_to_end(&mut begin));
    read.is_ok() && capture::is_capture(&begin)
}

/// As [`expand`], but `paths` may be empty.
pub(super) fn expand_any(paths: &[PathBuf]) -> Result<Vec<TextInput>> {
    if paths.is_empty() { Ok(Vec::new()) } else { expand(paths) }
}

/// Most levels of nested directories.
const DEPTH: u32 = 32;

fn add(path: &Path, inputs: &mut Vec<TextInput>, depth: u32) -> Result<()> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot open {}", path.display()))?;
    if !metadata.is_dir() {
        inputs.push(TextInput::File(path.to_owned()));
        return Ok(());
    }
    if depth == DEPTH {
        bail!("{} is more than {DEPTH} directories deep", path.display());
    }
    let list = fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
    let mut names = list.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    names.sort();
    // Skip dangling links, special files and files that disappeared: none was named explicitly.
    for name in names.into_iter().filter(|name| name.is_file() || name.is_dir()) {
        add(&name, inputs, depth + 1)?;
    }
    Ok(())
}
