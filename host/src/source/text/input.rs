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

use super::archive::{self, Member, Members, SkippedInputs};
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
                self.inputs.append(&mut members.inputs);
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

/// First bytes of gzip (RFC 1952), xz (its file format 1.2) and zstd (RFC 8878) files.
const PACKED: [&[u8]; 3] = [b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];

/// Decompresses what is compressed.
pub(super) fn unpack(mut raw: Box<dyn Read + Send>) -> Result<Box<dyn Read + Send>> {
    let mut first = Vec::with_capacity(6);
    raw.by_ref().take(6).read_to_end(&mut first)?;
    let format = PACKED.iter().position(|magic| first.starts_with(magic));
    let stream = io::Cursor::new(first).chain(raw);
    Ok(match format {
        Some(0) => Box::new(flate2::read::MultiGzDecoder::new(stream)),
        Some(1) => Box::new(lzma_rust2::XzReader::new(stream, true)),
        Some(_) => Box::new(Frames { whole: io::BufReader::new(stream), frame: None }),
        None => Box::new(stream),
    })
}

/// Decompresses the consecutive frames of a zstd file.
struct Frames<R: Read> {
    whole: io::BufReader<R>,
    frame: Option<Box<ruzstd::decoding::FrameDecoder>>,
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::io::BufRead as _;

        use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
        loop {
            if let Some(frame) = &mut self.frame {
                if frame.can_collect() == 0 && !frame.is_finished() {
                    let limit = BlockDecodingStrategy::UptoBytes(buffer.len());
                    frame.decode_blocks(&mut self.whole, limit).map_err(io::Error::other)?;
                }
                let n = frame.read(buffer)?;
                if n > 0 || buffer.is_empty() {
                    return Ok(n);
                }
                if !frame.is_finished() {
                    continue;
                }
                self.frame = None;
            }
            if self.whole.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let mut frame = Box::new(FrameDecoder::new());
            frame.init(&mut self.whole).map_err(io::Error::other)?;
            self.frame = Some(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::source::text::input::*;

    #[test]
    fn packed_text_reads_like_plain_text() {
        // `printf 'a\n'` through gzip, xz and zstd, and two of each in a row.
        let gz = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\xe4\x02\x00\x07\xa1\xea\xdd\x02\x00\x00\x00";
        let zst = b"\x28\xb5\x2f\xfd\x04\x58\x11\x00\x00\x61\x0a\x55\xc8\xcc\x1e";
        let xz = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x01\x61\x0a\x00\
            \x00\x00\x13\x47\x3f\xb8\x93\x9d\x45\xd4\x00\x01\x1a\x02\xdc\x2e\xa5\x7e\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";
        for packed in [gz.as_slice(), zst.as_slice(), xz.as_slice()] {
            for times in [1, 2] {
                let mut text = String::new();
                let mut reader = unpack(Box::new(io::Cursor::new(packed.repeat(times)))).unwrap();
                reader.read_to_string(&mut text).unwrap();
                assert_eq!(text, "a\n".repeat(times));
            }
        }
    }

    #[test]
    fn short_input_is_plain() {
        for plain in [b"".as_slice(), b"a", b"\x1f"] {
            let mut bytes = Vec::new();
            unpack(Box::new(plain)).unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, plain);
        }
    }
}
