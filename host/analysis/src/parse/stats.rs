//! Replies of stock OP-TEE's statistics PTA.
//!
//! `struct pta_stats_alloc` (optee_os lib/libutee/include/pta_stats.h, `struct malloc_stats` before 4.1.0)
//! has no version: it has 56 bytes up to 4.5.0, and 64 since 4.6.0 added `free2_sum`. Which one it is
//! follows from the size that the PTA requests when the buffer is too short.
//!
//! ```text
//! bytes  desc[32] | free2_sum u64 (4.6.0+) | allocated, max_allocated, size, num_alloc_fail,
//!        biggest_alloc_fail, biggest_alloc_fail_used: u32 each
//! ```

use teeleak_proto::Uuid;
use thiserror::Error;

use crate::model::{Gap, Pool, PoolKind, PoolUnit, Reason};

/// Bytes of the name, `TEE_ALLOCATOR_DESC_LENGTH`.
const NAME_BYTES: usize = 32;

/// Bytes before `heap` in `struct pta_stats_ta`: UUID, `panicked`, `sess_num`.
const TA_HEAD_BYTES: usize = 24;

/// An invalid reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum StatsError {
    /// Unknown size of an element.
    #[error("the statistics PTA uses {0} bytes per pool; expected 56 (before 4.6.0) or 64 (since)")]
    Element(usize),
    /// Not a whole number of elements.
    #[error("a reply of {bytes} bytes is not a whole number of {element}-byte elements")]
    Length {
        /// Bytes of the reply.
        bytes: usize,
        /// Bytes of an element.
        element: usize,
    },
}

/// The PTA's statistics of a TA.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaStats {
    /// The TA.
    pub uuid: Uuid,
    /// Whether it panicked.
    pub panicked: bool,
    /// Sessions from the normal world.
    pub sessions: u32,
    /// Its heap. `None` if the PTA could not query the TA, which it reports as zeros: the TA was busy,
    /// has no session from the normal world, or was built without `CFG_TA_STATS`.
    pub heap: Option<Pool>,
}

/// Reads the reply of `STATS_CMD_ALLOC_STATS`. Missing pools (nexus heap without virtualization, public
/// memory since 4.6.0) are left out.
///
/// # Errors
/// When the reply is not a list of such elements.
pub fn pools(element: usize, reply: &[u8]) -> Result<Vec<Pool>, StatsError> {
    let layout = StatsLayout::for_element(element)?;
    let is_present = |pool: &Pool| pool.size.is_some_and(|size| size > 0);
    Ok(elements(element, reply)?.map(|bytes| layout.pool(bytes)).filter(is_present).collect())
}

/// Reads the reply of `STATS_CMD_TA_STATS`; `element` is, as for [`pools`], the size of a pool.
///
/// # Errors
/// When the reply is not a list of such elements.
pub fn tas(element: usize, reply: &[u8]) -> Result<Vec<TaStats>, StatsError> {
    let layout = StatsLayout::for_element(element)?;
    let read = |bytes: &[u8]| {
        let (head, heap) = bytes.split_at(TA_HEAD_BYTES);
        let heap = Some(layout.pool(heap));
        // No TA has a heap of 0 bytes; all ones is the initial content of the buffer.
        let has_size = |heap: &Pool| !matches!(heap.size, None | Some(0 | 0xffff_ffff));
        TaStats {
            uuid: uuid(head),
            panicked: number(head, 16) != 0,
            sessions: number(head, 20),
            heap: heap.filter(has_size),
        }
    };
    Ok(elements(TA_HEAD_BYTES + element, reply)?.map(read).collect())
}

/// Bytes of an element of [`tas`] if one of [`pools`] has `element` bytes.
#[must_use]
pub const fn ta_bytes(element: usize) -> usize {
    TA_HEAD_BYTES + element
}

/// The heap of a TA of which the statistics show only zeros.
pub(super) fn no_heap(uuid: Uuid) -> Gap {
    let remedy = "keep a session to the TA open, take the statistics while no call into it is \
                  running, and build it with a TA dev kit that has CFG_TA_STATS=y";
    Gap {
        what: format!("heap of TA {uuid}: its statistics are zeros").into(),
        reason: Reason::NotOffered,
        remedy: Some(remedy.into()),
        lost: 0,
    }
}

/// A pool's kind by its name in releases 1.1 to 4.10 (core/pta/stats.c).
pub(super) fn kind(name: &str) -> PoolKind {
    match name {
        "Heap" => PoolKind::CoreHeap,
        "KHeap" => PoolKind::NexusHeap,
        "Secure DDR" | "Physical TA memory" => PoolKind::TaRam,
        name => PoolKind::Named(name.into()),
    }
}

/// Offsets of the figures in an element.
struct StatsLayout {
    free2_sum: Option<usize>,
    figures: usize,
}

impl StatsLayout {
    fn for_element(element: usize) -> Result<Self, StatsError> {
        match element {
            56 => Ok(Self { free2_sum: None, figures: NAME_BYTES }),
            64 => Ok(Self { free2_sum: Some(NAME_BYTES), figures: NAME_BYTES + 8 }),
            other => Err(StatsError::Element(other)),
        }
    }

    fn pool(&self, bytes: &[u8]) -> Pool {
        let name = bytes.get(..NAME_BYTES).unwrap_or_default();
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(NAME_BYTES);
        let kind = kind(&String::from_utf8_lossy(&name[..end]));
        let figure = |n: usize| u64::from(number(bytes, self.figures + 4 * n));
        // `phys_mem_stats` never counts a failure.
        let failures = |n| (kind != PoolKind::TaRam).then(|| figure(n));
        let wide = |at| u64::from(number(bytes, at)) | u64::from(number(bytes, at + 4)) << 32;
        Pool {
            unit: PoolUnit::Bytes,
            allocated: Some(figure(0)),
            max_allocated: Some(figure(1)),
            size: Some(figure(2)),
            largest_free: None,
            // It is 0 if the release does not maintain it.
            free2_sum: self.free2_sum.map(wide).filter(|sum| *sum > 0),
            num_alloc_fail: failures(3),
            biggest_alloc_fail: failures(4),
            biggest_alloc_fail_used: failures(5),
            num_alloc: None,
            kind,
        }
    }
}

fn elements(element: usize, reply: &[u8]) -> Result<std::slice::ChunksExact<'_, u8>, StatsError> {
    if reply.len().is_multiple_of(element) {
        Ok(reply.chunks_exact(element))
    } else {
        Err(StatsError::Length { bytes: reply.len(), element })
    }
}

/// The little-endian number at `at`; 0 beyond the end.
fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..).and_then(<[u8]>::first_chunk);
    four.map_or(0, |four| u32::from_le_bytes(*four))
}

/// A `TEE_UUID`, whose first three fields are in the machine's byte order.
fn uuid(head: &[u8]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(head.get(..16).unwrap_or(&[0; 16]));
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Uuid(bytes)
}

#[cfg(test)]
mod tests {
    use crate::parse::stats::*;

    fn element(name: &str, free2: Option<u64>, figures: [u32; 6]) -> Vec<u8> {
        let mut bytes = name.as_bytes().to_vec();
        bytes.resize(NAME_BYTES, 0);
        bytes.extend(free2.into_iter().flat_map(u64::to_le_bytes));
        bytes.extend(figures.into_iter().flat_map(u32::to_le_bytes));
        bytes
    }

    /// Four pools of 4.5.0, five of 4.10.0.
    fn replies() -> [(usize, Vec<u8>); 2] {
        let heap = [81_000, 90_000, 196_608, 2, 5_000, 190_000];
        let ram = [1 << 20, 2 << 20, 14 << 20, 0, 0, 0];
        let old = [("Heap", heap), ("", [0; 6]), ("Physical TA memory", ram), ("KHeap", [0; 6])];
        let new = [
            ("Heap", heap),
            ("Public DDR (deprecated)", [0; 6]),
            ("Physical TA memory", ram),
            ("KHeap (disabled)", [0; 6]),
            ("RPMB secure storage (no data)", [0; 6]),
        ];
        let old = old.iter().flat_map(|(name, figures)| element(name, None, *figures)).collect();
        let new = new.iter().flat_map(|(name, figures)| element(name, Some(7), *figures)).collect();
        [(56, old), (64, new)]
    }

    #[test]
    fn pools_of_both_sizes_are_read() {
        for (element, reply) in replies() {
            let pools = pools(element, &reply).unwrap();
            let kinds: Vec<_> = pools.iter().map(|pool| pool.kind.clone()).collect();
            assert_eq!(kinds, [PoolKind::CoreHeap, PoolKind::TaRam], "{element}");
            let heap = &pools[0];
            assert_eq!((heap.allocated, heap.size), (Some(81_000), Some(196_608)));
            assert_eq!(
                (heap.num_alloc_fail, heap.biggest_alloc_fail_used),
                (Some(2), Some(190_000))
            );
            assert_eq!(heap.free2_sum, (element == 64).then_some(7));
            assert_eq!(pools[1].num_alloc_fail, None, "nobody counts it");
        }
    }

    #[test]
    fn a_heap_of_zeros_was_not_seen() {
        for (size, free2) in [(56, None), (64, Some(0))] {
            let uuid = Uuid::parse("23fe83ec-2b7b-4b16-a872-7b927e6e4557").unwrap();
            let mut head = uuid.0.to_vec();
            head[..4].reverse();
            head[4..6].reverse();
            head[6..8].reverse();
            let ta = |sessions: u32, figures| {
                let state = [0_u32, sessions].into_iter().flat_map(u32::to_le_bytes);
                head.iter()
                    .copied()
                    .chain(state)
                    .chain(element("", free2, figures))
                    .collect::<Vec<_>>()
            };
            let reply = [ta(1, [100, 200, 32_768, 0, 0, 0]), ta(0, [0; 6]), ta(2, [u32::MAX; 6])];
            let tas = tas(size, &reply.concat()).unwrap();
            assert!(tas.iter().all(|ta| ta.uuid == uuid && !ta.panicked));
            assert_eq!(tas.iter().map(|ta| ta.sessions).collect::<Vec<_>>(), [1, 0, 2]);
            let heaps: Vec<_> =
                tas.iter().map(|ta| ta.heap.as_ref().map(|heap| heap.allocated)).collect();
            assert_eq!(heaps, [Some(Some(100)), None, None]);
        }
    }

    #[test]
    fn other_sizes_are_refused() {
        assert_eq!(pools(72, &[0; 72]), Err(StatsError::Element(72)));
        for (element, reply) in replies() {
            for cut in 1..reply.len() {
                let whole = cut % element == 0;
                assert_eq!(pools(element, &reply[..cut]).is_ok(), whole, "{element}: {cut}");
                assert_eq!(tas(element, &reply[..cut]).is_ok(), cut % ta_bytes(element) == 0);
            }
        }
    }
}
