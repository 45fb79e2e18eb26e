//! Archives: each file in a zip or tar, packed or not, is a text of its own.
//!
//! Nothing is unpacked to disk: a member is a place in its archive, and read from there.

use std::{
    fs::File,
    io::{self, Read, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, anyhow};
use teeleak_analysis::{
    model::{Gap, Observation, Reason},
    text,
};

use super::{
    read_failure::ReadFailure,
    unpack::{CheckedReader, unpack},
};

/// Most members of an archive, which bounds the time for listing it.
const MEMBERS: usize = 1_000;

/// Most bytes of a member: packed zeros may be any number.
const MEMBER_BYTES: u64 = 1 << 30;

/// Bytes at the start of a member that show whether it is a text.
const BEGIN: u64 = 512;

/// A file in an archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Member {
    archive: Arc<Path>,
    name: Arc<str>,
    start: u64,
    /// Bytes that it takes in the archive.
    bytes: u64,
    packing: Packing,
}

/// How a member is packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Packing {
    /// Both in a zip, with the checksum of the unpacked bytes.
    Stored(u32),
    Deflated(u32),
    /// In a tar, which may be packed as a whole.
    Tar,
}

/// The texts of an archive, and what is to be said about the others.
#[derive(Default, Debug)]
pub(super) struct Members {
    pub(super) texts: Vec<Member>,
    /// Members that are no texts.
    other: u64,
    /// Members that could not be read: too many, too large, encrypted, damaged.
    unread: u64,
    /// Why the archive as a whole may be wrong.
    damage: Option<ReadFailure>,
}

/// What is not read of the inputs.
#[derive(Default)]
pub(super) struct SkippedInputs {
    pub(super) notes: Vec<Arc<str>>,
    gaps: Vec<Gap>,
}

impl SkippedInputs {
    /// Adds it to the gaps and notes of an observation.
    pub(super) fn add_to(self, observation: &mut Observation) {
        observation.assumptions.extend(self.notes);
        observation.gaps.extend(self.gaps);
    }
}

impl Members {
    /// Records what was skipped in an archive: what is no text, and what could not be read.
    pub(super) fn record_skipped(&self, archive: &Path, skipped: &mut SkippedInputs) {
        let name = archive.display();
        if self.other > 0 {
            let files = text::count(self.other, "file");
            skipped.notes.push(format!("{files} in {name} skipped: not text").into());
        }
        if self.unread > 0 {
            skipped.gaps.push(Gap {
                what: format!("files in {name}").into(),
                reason: Reason::Damaged,
                remedy: Some("unpack the archive and pass its files".into()),
                lost: self.unread,
            });
        }
        if let Some(ReadFailure { text, reason }) = &self.damage {
            let (what, reason) = (format!("the end of {name}: {text}").into(), reason.clone());
            skipped.gaps.push(Gap { what, reason, remedy: None, lost: 0 });
        }
    }

    fn add(&mut self, member: Member) {
        match member.open().and_then(|reader| is_text(reader).map_err(Into::into)) {
            Err(_) => self.unread += 1,
            Ok(false) => self.other += 1,
            Ok(true) => self.texts.push(member),
        }
    }
}

impl Member {
    /// Its name in reports: `logs.zip:uart.log`.
    pub(super) fn name(&self) -> Arc<str> {
        format!("{}:{}", self.archive.display(), self.name).into()
    }

    pub(super) fn path(&self) -> PathBuf {
        PathBuf::from(&*self.name)
    }

    pub(super) const fn size(&self) -> u64 {
        self.bytes
    }

    /// Opens it for reading, unpacked.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>> {
        let open = || {
            let mut file = File::open(&self.archive)?;
            let reader: Box<dyn Read + Send> = match self.packing {
                Packing::Tar => {
                    let mut contents = unpack(Box::new(file))?;
                    io::copy(&mut contents.by_ref().take(self.start), &mut io::sink())?;
                    Box::new(contents.take(self.bytes))
                }
                Packing::Stored(checksum) => {
                    file.seek(SeekFrom::Start(self.start))?;
                    Box::new(CheckedReader::new(file.take(self.bytes), checksum))
                }
                Packing::Deflated(checksum) => {
                    file.seek(SeekFrom::Start(self.start))?;
                    let contents = flate2::read::DeflateDecoder::new(file.take(self.bytes));
                    Box::new(CheckedReader::new(contents, checksum))
                }
            };
            unpack(Box::new(reader.take(MEMBER_BYTES)))
        };
        open().with_context(|| format!("cannot read {}", self.name()))
    }
}

/// The members of a file, if it is an archive.
///
/// # Errors
/// When it is one and can't be listed.
pub(super) fn members(path: &Path) -> Result<Option<Members>> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut begin = Vec::new();
    let mut read_begin = || file.by_ref().take(BEGIN).read_to_end(&mut begin);
    read_begin().with_context(|| format!("cannot read {}", path.display()))?;
    let list = if is_zip(&begin) {
        zip_members(path)
    } else if is_tar(path) {
        tar_members(path)
    } else {
        return Ok(None);
    };
    list.map(Some).with_context(|| format!("cannot list the archive {}", path.display()))
}

/// Reads all texts of an archive to their ends; their number of bytes, 0 if it is none.
///
/// # Errors
/// When the archive can't be listed.
pub fn read_archive(path: &Path) -> Result<u64> {
    let texts = members(path)?.unwrap_or_default().texts;
    let read = |text: &Member| io::copy(&mut text.open().ok()?, &mut io::sink()).ok();
    Ok(texts.iter().filter_map(read).sum())
}

fn is_zip(begin: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06"].iter().any(|magic| begin.starts_with(*magic))
}

/// Whether an unpacked file has the magic of a tar, which is at the end of its first header.
fn is_tar(path: &Path) -> bool {
    let begin = || -> Result<Vec<u8>> {
        let mut begin = Vec::new();
        unpack(Box::new(File::open(path)?))?.take(BEGIN).read_to_end(&mut begin)?;
        Ok(begin)
    };
    begin().is_ok_and(|begin| begin.get(257..262) == Some(b"ustar"))
}

fn zip_members(path: &Path) -> Result<Members> {
    let mut archive = zip::ZipArchive::new(io::BufReader::new(File::open(path)?))?;
    let shared: Arc<Path> = path.into();
    let mut members = Members::default();
    let count = archive.len();
    members.unread = count.saturating_sub(MEMBERS) as u64;
    for at in 0..count.min(MEMBERS) {
        let Ok(file) = archive.by_index_raw(at) else {
            members.unread += 1;
            continue;
        };
        if !file.is_file() {
            continue;
        }
        let packing = match file.compression() {
            zip::CompressionMethod::Stored => Some(Packing::Stored(file.crc32())),
            zip::CompressionMethod::DEFLATE => Some(Packing::Deflated(file.crc32())),
            _ => None,
        };
        let place = packing.zip(file.data_start()).filter(|_| !file.encrypted());
        match (place, file.name()) {
            (Some((packing, start)), Ok(name)) if file.size() <= MEMBER_BYTES => {
                let (name, bytes) = (name.as_ref().into(), file.compressed_size());
                members.add(Member { archive: shared.clone(), name, start, bytes, packing });
            }
            _ => members.unread += 1,
        }
    }
    Ok(members)
}

fn tar_members(path: &Path) -> Result<Members> {
    let mut archive = tar::Archive::new(unpack(Box::new(File::open(path)?))?);
    let shared: Arc<Path> = path.into();
    let (mut places, mut members) = (Vec::new(), Members::default());
    for entry in archive.entries()? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // What follows a damaged header can't be found.
                members.unread += 1;
                members.damage = Some(error.into());
                break;
            }
        };
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if places.len() == MEMBERS || entry.size() > MEMBER_BYTES {
            members.unread += 1;
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into();
        let (start, bytes) = (entry.raw_file_position(), entry.size());
        places.push(Member { archive: shared.clone(), name, start, bytes, packing: Packing::Tar });
    }
    // A checksum of the whole is at its end.
    let rest = io::copy(&mut archive.into_inner(), &mut io::sink());
    members.damage = members.damage.or(rest.err().map(Into::into));
    places.into_iter().for_each(|member| members.add(member));
    if members.texts.is_empty() && members.unread > 0 {
        return Err(anyhow!("the archive is damaged"));
    }
    Ok(members)
}

/// Whether a member starts like a text: UTF-16, or few control characters.
fn is_text(reader: impl Read) -> io::Result<bool> {
    let mut begin = Vec::new();
    reader.take(BEGIN).read_to_end(&mut begin)?;
    let is_odd =
        |byte: &&u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && **byte != 0x1b;
    let odd = begin.iter().filter(is_odd).count();
    let is_utf16 = begin.starts_with(b"\xff\xfe") || begin.starts_with(b"\xfe\xff");
    Ok(is_utf16 || odd * 10 <= begin.len())
}
