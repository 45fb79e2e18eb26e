//! What fuzzing starts from: the fixtures, in the form that each target reads.

use std::{fs, path::Path};

use anyhow::Context as _;
use teeleak_proto::{
    client::{
        MAGIC, SLOT_WORDS, VERSION,
        batch::{BatchHead, PROCESS_BYTES},
        head::{W_BORN_NS, W_MAGIC, W_PID, W_SLOTS, W_VERSION, word},
    },
    frame::{FILE_HEAD, HEAD_BYTES},
};

use super::MAX_BYTES;

/// Frames of one capture that become seeds of their own.
const FRAMES: usize = 40;

/// Puts the seeds of `target` into `folder`.
pub(super) fn sow(target: &str, fixtures: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let seeds = match target {
        "text" | "catalogue" | "framing" => text(fixtures)?,
        "archives" => files(&fixtures.join("archive"), "")?,
        "rules" => rules(fixtures)?,
        "capture" => captures(fixtures)?,
        // The number of a frame of records is that of a whole push, too.
        "push" => captures(fixtures)?,
        "strace" => files(&fixtures.join("strace"), ".strace")?,
        "kernel" => kernel(fixtures)?,
        "normal" => ledgers(&fixtures.join("normal-world"))?,
        _ => vec![("batch".to_owned(), client_records())],
    };
    for (name, mut bytes) in seeds {
        bytes.truncate(MAX_BYTES as usize);
        let path = folder.join(name);
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

type Seeds = Vec<(String, Vec<u8>)>;

/// Every file of a folder of fixtures that ends so.
fn files(folder: &Path, end: &str) -> anyhow::Result<Seeds> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(end) && path.is_file() {
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// Every file below a folder.
fn ledgers(folder: &Path) -> anyhow::Result<Seeds> {
    let mut seeds = files(folder, "")?;
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            seeds.extend(ledgers(&path)?);
        }
    }
    Ok(seeds)
}

/// Logs, after a byte that says whether rules are applied and how long chunks are.
fn text(fixtures: &Path) -> anyhow::Result<Seeds> {
    let mut seeds = Vec::new();
    for (name, log) in files(&fixtures.join("log"), ".log")? {
        seeds.push((format!("{name}.rules"), [&[0x81], &*log].concat()));
        seeds.push((name, [&[0x40], &*log].concat()));
    }
    Ok(seeds)
}

/// Traces of the kernel, after a byte that says how long pieces are.
fn kernel(fixtures: &Path) -> anyhow::Result<Seeds> {
    let traces = files(&fixtures.join("kernel"), ".trace")?;
    Ok(traces.into_iter().map(|(name, trace)| (name, [&[99], &*trace].concat())).collect())
}

/// A rules file, and as many bytes of lines.
fn rules(fixtures: &Path) -> anyhow::Result<Seeds> {
    let folder = fixtures.join("../../host/analysis/rules");
    let mut seeds = Vec::new();
    for (name, file) in files(&folder, ".toml")? {
        for (log, lines) in files(&fixtures.join("log"), "-switches.log")? {
            let lines = &lines[..lines.len().min(file.len())];
            seeds.push((format!("{name}.{log}"), [&file, lines].concat()));
        }
    }
    Ok(seeds)
}

/// The beginning of each capture, and its first frames one by one: whole, and without their
/// checksums.
fn captures(fixtures: &Path) -> anyhow::Result<Seeds> {
    let mut seeds = Vec::new();
    for (name, capture) in files(&fixtures.join("capture"), ".tlk")? {
        let frames = capture.get(FILE_HEAD.len()..).unwrap_or_default();
        seeds.push((name.clone(), frames.to_vec()));
        let mut rest = frames;
        for n in 0..FRAMES {
            let Some(length) = rest.get(2..).and_then(<[u8]>::first_chunk) else { break };
            let end = HEAD_BYTES + u32::from_le_bytes(*length) as usize;
            let Some((frame, after)) = rest.split_at_checked(end) else { break };
            seeds.push((format!("{name}.{n}"), frame.to_vec()));
            let bare = [&frame[1..2], &frame[HEAD_BYTES..]].concat();
            seeds.push((format!("{name}.{n}.bare"), bare));
            rest = after;
        }
    }
    Ok(seeds)
}

/// A process and two records of it.
fn client_records() -> Vec<u8> {
    let mut process = vec![0; PROCESS_BYTES];
    let words = [
        (W_MAGIC, MAGIC),
        (W_VERSION, word(VERSION, u32::try_from(SLOT_WORDS).unwrap_or(0))),
        (W_SLOTS, word(16, 0)),
        (W_PID, word(1502, 1)),
        (W_BORN_NS, 1),
    ];
    for (n, word) in words {
        process[1 + n * 8..9 + n * 8].copy_from_slice(&word.to_le_bytes());
    }
    let slot_words = u32::try_from(SLOT_WORDS).unwrap_or(0);
    let head = BatchHead { pid: 1502, slot_words, born_ns: 1, first: 0, lost: 0 };
    let slot = |kind: u64| {
        let mut slot = vec![0; SLOT_WORDS * 8];
        // Kind and result are the sixth word after the state, see `ClientCall::encode`.
        slot[48..56].copy_from_slice(&kind.to_le_bytes());
        slot
    };
    [process, head.encode().to_vec(), slot(3), slot(5)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use teeleak_proto::client::batch;

    #[test]
    fn the_client_seed_is_what_the_target_reads() {
        let seed = client_records();
        let (process, calls) = seed.split_at(PROCESS_BYTES);
        assert!(batch::read_process(process).is_ok());
        let (_, records) = batch::read(calls).unwrap();
        assert_eq!(records.filter(|record| record.call.is_some()).count(), 2);
    }

    #[test]
    fn every_target_has_seeds() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        for seeds in [text(&fixtures), rules(&fixtures), captures(&fixtures)] {
            assert!(!seeds.unwrap().is_empty());
        }
    }
}
