//! Run these under miri as well, with many seeds:
//! `MIRIFLAGS=-Zmiri-many-seeds=0..32 cargo +nightly miri test -p teeleak-preload ring`.

use std::{sync::atomic::Ordering::Acquire, thread};

use teeleak_proto::client::{SlotState, written_state};

use super::*;

const THREADS: u64 = 3;
const EACH: u64 = if cfg!(miri) { 12 } else { 20_000 };

fn words(slots: usize, slot_words: usize) -> Vec<AtomicU64> {
    let n = client::HEAD_BYTES / 8 + slots * slot_words;
    (0..n).map(|_| AtomicU64::new(0)).collect()
}

/// A record all of whose words follow from one number, so that a torn one shows.
fn payload(number: u64) -> [u64; client::PAYLOAD_WORDS] {
    std::array::from_fn(|n| number.wrapping_mul(0x9e37_79b9).wrapping_add(n as u64))
}

/// Reads a ticket the way a reader does: state, words, state.
fn read(ring: &Ring<'_>, ticket: u64) -> Result<[u64; client::PAYLOAD_WORDS], SlotState> {
    let (state, words) = ring.slot(ticket).unwrap();
    let before = SlotState::for_ticket(state.load(Acquire), ticket);
    if before != SlotState::Whole {
        return Err(before);
    }
    let copy = std::array::from_fn(|n| words[n].load(Relaxed));
    fence(Acquire);
    match SlotState::for_ticket(state.load(Relaxed), ticket) {
        SlotState::Whole => Ok(copy),
        other => Err(other),
    }
}

fn assert_whole(record: &[u64; client::PAYLOAD_WORDS]) {
    for (n, word) in record.iter().enumerate() {
        assert_eq!(*word, record[0].wrapping_add(n as u64), "torn at word {n}");
    }
}

#[test]
fn what_is_written_is_read() {
    let words = words(4, client::SLOT_WORDS);
    let ring = Ring::new(&words, client::SLOT_WORDS).unwrap();
    ring.set(head::W_EARLY, 3);
    assert_eq!(ring.add(head::W_EARLY, 1), 3);
    assert!(ring.push(&payload(7), &[]));
    assert_eq!(read(&ring, 0), Ok(payload(7)));
    assert_eq!(read(&ring, 1), Err(SlotState::Pending));
}

#[test]
fn a_full_ring_overwrites_its_oldest() {
    let words = words(4, client::SLOT_WORDS);
    let ring = Ring::new(&words, client::SLOT_WORDS).unwrap();
    assert!((0..6).all(|n| ring.push(&payload(n), &[])));
    assert_eq!(read(&ring, 1), Err(SlotState::Overwritten));
    assert_eq!(read(&ring, 2), Ok(payload(2)));
    assert_eq!(read(&ring, 5), Ok(payload(5)));
}

#[test]
fn a_slot_that_is_being_written_is_left_alone() {
    let words = words(2, client::SLOT_WORDS);
    let ring = Ring::new(&words, client::SLOT_WORDS).unwrap();
    let (state, _) = ring.slot(0).unwrap();
    assert!(claim(state, 0), "somebody begins and never ends");
    ring.add(head::W_TICKETS, 1);
    assert!(ring.push(&payload(1), &[]));
    assert!(!ring.push(&payload(2), &[]), "ticket 2 falls on the slot of ticket 0");
    assert!(ring.push(&payload(3), &[]));
    assert_eq!(read(&ring, 2), Err(SlotState::Pending));
    assert_eq!(read(&ring, 3), Ok(payload(3)));
}

#[test]
fn a_late_writer_does_not_go_back() {
    let words = words(1, client::SLOT_WORDS);
    let ring = Ring::new(&words, client::SLOT_WORDS).unwrap();
    let late = ring.add(head::W_TICKETS, 1);
    assert!(ring.push(&payload(1), &[]));
    let (state, _) = ring.slot(late).unwrap();
    assert!(!claim(state, late));
    assert_eq!(state.load(Relaxed), written_state(1));
}

#[test]
fn a_stack_is_cut_to_its_room() {
    let words = words(1, client::SLOT_WORDS_STACK);
    let ring = Ring::new(&words, client::SLOT_WORDS_STACK).unwrap();
    assert_eq!(ring.stack_room(), client::STACK_FRAMES);
    assert!(ring.push(&payload(1), &[5; client::STACK_FRAMES + 3]));
    assert!(ring.push(&payload(2), &[6]));
    let (_, slot) = ring.slot(0).unwrap();
    assert_eq!(slot[client::PAYLOAD_WORDS].load(Relaxed), 6);
    assert_eq!(slot[client::PAYLOAD_WORDS + 1].load(Relaxed), 0, "frames of before are gone");
}

#[test]
fn too_small_a_ring_is_none() {
    assert!(Ring::new(&words(0, 0), client::SLOT_WORDS).is_none());
    assert!(Ring::new(&[], client::SLOT_WORDS).is_none());
    assert!(Ring::new(&words(4, client::SLOT_WORDS), 3).is_none());
}

#[test]
fn writers_and_a_reader_at_once() {
    let words = words(5, client::SLOT_WORDS);
    let ring = Ring::new(&words, client::SLOT_WORDS).unwrap();
    let total = THREADS * EACH;
    let (seen, given_up) = thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|t| {
                scope.spawn(move || {
                    (0..EACH).filter(|n| !ring.push(&payload(t * EACH + n), &[])).count() as u64
                })
            })
            .collect();
        let seen = follow(&ring, total);
        (seen, writers.into_iter().map(|w| w.join().unwrap()).sum::<u64>())
    });
    assert_eq!(ring.add(head::W_TICKETS, 0), total);
    assert!(seen + given_up <= total);
    let last = (total - 5..total).filter(|&t| read(&ring, t).is_ok()).count();
    assert!(last > 0, "the newest records are there");
}

/// Tries every ticket again and again until it is there or overtaken; gives those that were whole.
fn follow(ring: &Ring<'_>, total: u64) -> u64 {
    let mut seen = 0;
    for ticket in 0..total {
        loop {
            match read(ring, ticket) {
                Ok(record) => {
                    assert_whole(&record);
                    seen += 1;
                    break;
                }
                Err(SlotState::Overwritten) => break,
                Err(_) if ring.add(head::W_TICKETS, 0) == total => break,
                Err(_) => thread::yield_now(),
            }
        }
    }
    seen
}
