//! Frames: the contents of a capture file.
//!
//! A file is [`FILE_HEAD`] and then consecutive frames, so a file truncated at any byte still has
//! every completely written frame. A frame is
//!
//! | bytes | content |
//! | --- | --- |
//! | 1 | [`SYNC`], to find the next frame after damage |
//! | 1 | [`FrameKind`] |
//! | 4 | length of the payload, little-endian, at most [`crate::limits::FRAME_BYTES`] |
//! | 4 | CRC-32 (ISO-HDLC) of kind, length and payload, little-endian |
//! | n | payload |

use serde::{Deserialize, Serialize};

use crate::limits;

/// First bytes of a capture file: a name and the version of the framing, little-endian.
pub const FILE_HEAD: [u8; 10] = *b"TEELEAK\0\x01\x00";

/// First byte of every frame.
pub const SYNC: u8 = 0xa7;

/// Bytes of a frame before its payload.
pub const HEAD_BYTES: usize = 10;

/// Kind of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FrameKind {
    /// [`Meta`]: origin of the capture.
    Meta = 1,
    /// [`Phase`]: the phase of the frames up to the next one of these.
    Phase = 2,
    /// Records of one reply of the TA, see [`crate::record`].
    Records = 3,
    /// Unchanged console bytes.
    Console = 4,
    /// [`Iteration`]: how the workload of an iteration ended.
    Iteration = 5,
    /// A process of the normal world that records its TEE client calls, see
    /// [`crate::client::batch`].
    ClientProcess = 6,
    /// TEE client calls that a process recorded.
    ClientCalls = 7,
    /// [`crate::stock::StatsReply`]: a reply of stock OP-TEE's statistics PTA.
    Stats = 8,
    /// [`crate::stock::DumpFrame`]: the preceding console text is a dump.
    Dump = 9,
    /// Kernel trace of the optee driver, split at any byte.
    KernelTrace = 10,
    /// [`crate::normal_world::NormalTextFrame`]: text of a normal-world kernel file.
    NormalText = 11,
    /// [`crate::normal_world::UnreadLedger`]: something of the normal world that was not observed.
    NormalUnseen = 12,
    /// [`crate::normal_world::TeeAbsenceFrame`]: the TEE is not observed.
    NoTee = 13,
    /// [`Hang`]: the workload of an iteration did not end; a snapshot of that moment follows.
    Hang = 14,
}

impl FrameKind {
    /// The kind with this number.
    #[must_use]
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            1 => Some(Self::Meta),
            2 => Some(Self::Phase),
            3 => Some(Self::Records),
            4 => Some(Self::Console),
            5 => Some(Self::Iteration),
            6 => Some(Self::ClientProcess),
            7 => Some(Self::ClientCalls),
            8 => Some(Self::Stats),
            9 => Some(Self::Dump),
            10 => Some(Self::KernelTrace),
            11 => Some(Self::NormalText),
            12 => Some(Self::NormalUnseen),
            13 => Some(Self::NoTee),
            14 => Some(Self::Hang),
            _ => None,
        }
    }
}

/// Origin of the capture. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Meta<'a> {
    /// Version of teeleak that wrote it.
    pub tool: &'a str,
    /// Name of the machine.
    pub host: &'a str,
    /// The workload, its words separated by zero bytes.
    pub workload: &'a str,
    /// Start time, nanoseconds since 1970-01-01 UTC.
    pub unix_ns: u64,
    /// The clock that the other frames use (`CLOCK_MONOTONIC`) at that moment, in nanoseconds.
    pub monotonic_ns: u64,
}

/// Stage of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum PhaseStage {
    /// Before the first iteration.
    Before,
    /// Snapshots without the workload, to measure their own effect.
    Idle,
    /// Warm-up iterations, which don't count.
    Warmup,
    /// Measured iterations.
    Measured,
    /// After the last iteration.
    After,
}

/// The phase of the frames up to the next phase. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Phase {
    /// Its stage.
    pub stage: PhaseStage,
    /// Number of the iteration within its stage, from 1; 0 outside iterations.
    pub iteration: u32,
    /// Epoch of allocations from here on.
    pub epoch: u32,
    /// Start time (`CLOCK_MONOTONIC`), in nanoseconds.
    pub monotonic_ns: u64,
}

/// How the workload of an iteration ended. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Iteration {
    /// Exit code, or 128 plus the number of the fatal signal.
    pub status: i32,
    /// Duration in nanoseconds.
    pub duration_ns: u64,
    /// End time (`CLOCK_MONOTONIC`), in nanoseconds.
    pub monotonic_ns: u64,
}

/// A workload that was still running when its time was over. Postcard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hang {
    /// Stage of its iteration.
    pub stage: PhaseStage,
    /// Number of the iteration within its stage, from 1.
    pub iteration: u32,
    /// Time since its start, in nanoseconds.
    pub after_ns: u64,
}

/// The head of a frame with this payload; `None` for a too long payload.
#[must_use]
pub fn head(kind: FrameKind, payload: &[u8]) -> Option<[u8; HEAD_BYTES]> {
    let length = u32::try_from(payload.len()).ok()?;
    if payload.len() > limits::FRAME_BYTES {
        return None;
    }
    let mut head = [0; HEAD_BYTES];
    head[0] = SYNC;
    head[1] = kind as u8;
    head[2..6].copy_from_slice(&length.to_le_bytes());
    let crc = checksum(&head, payload).to_le_bytes();
    head[6..].copy_from_slice(&crc);
    Some(head)
}

/// Result of a scan for a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameScan<'a> {
    /// A whole frame; `kind` is `None` for one that this build doesn't know.
    Frame {
        /// Its kind.
        kind: Option<FrameKind>,
        /// Its payload.
        payload: &'a [u8],
        /// Size of the frame in bytes.
        bytes: usize,
    },
    /// The data ends before the frame does.
    NeedMore,
    /// Not a frame: continue with the next byte.
    Damaged,
}

/// Length of the payload that this head claims, if a frame can have it.
fn claimed_length(head: &[u8; HEAD_BYTES]) -> Option<usize> {
    let length = usize::try_from(u32::from_le_bytes([head[2], head[3], head[4], head[5]])).ok()?;
    (head[0] == SYNC && length <= limits::FRAME_BYTES).then_some(length)
}

/// Bytes whose checksum [`scan()`] of this data calculates.
#[must_use]
pub fn checked_bytes(data: &[u8]) -> usize {
    let head = data.first_chunk::<HEAD_BYTES>();
    let length = head.and_then(claimed_length);
    length.filter(|length| HEAD_BYTES + length <= data.len()).unwrap_or(0)
}

/// Looks at the start of `data` for a frame.
#[must_use]
pub fn scan(data: &[u8]) -> FrameScan<'_> {
    let Some(&sync) = data.first() else { return FrameScan::NeedMore };
    if sync != SYNC {
        return FrameScan::Damaged;
    }
    let Some((head, rest)) = data.split_first_chunk::<HEAD_BYTES>() else {
        return FrameScan::NeedMore;
    };
    let Some(length) = claimed_length(head) else { return FrameScan::Damaged };
    let Some(payload) = rest.get(..length) else { return FrameScan::NeedMore };
    if checksum(head, payload).to_le_bytes() != head[6..] {
        return FrameScan::Damaged;
    }
    FrameScan::Frame { kind: FrameKind::from_id(head[1]), payload, bytes: HEAD_BYTES + length }
}

fn checksum(head: &[u8; HEAD_BYTES], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head[1..6]);
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use crate::frame::*;

    fn frame(payload: &[u8]) -> Vec<u8> {
        let mut bytes = head(FrameKind::Records, payload).unwrap().to_vec();
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn a_frame_is_found_again() {
        let bytes = frame(b"facts");
        let want = FrameScan::Frame {
            kind: Some(FrameKind::Records),
            payload: b"facts",
            bytes: bytes.len(),
        };
        assert_eq!(scan(&bytes), want);
    }

    #[test]
    fn every_cut_needs_more() {
        let bytes = frame(b"facts");
        for cut in 0..bytes.len() {
            assert_eq!(scan(&bytes[..cut]), FrameScan::NeedMore, "cut at {cut}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = frame(b"facts");
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!matches!(scan(&bytes), FrameScan::Frame { .. }), "bit {bit}");
        }
    }

    #[test]
    fn too_long_a_payload_has_no_head() {
        assert_eq!(head(FrameKind::Console, &vec![0; limits::FRAME_BYTES + 1]), None);
    }
}
