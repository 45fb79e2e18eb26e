//! Events after a cursor.

use teeleak_proto::{
    event::{EventRecord, EventsHead, EventsRequest},
    pta,
    record::{Record, RecordWriter},
};

use crate::{Pta, Query, Refusal, pta::Scratch, rows};

/// Longest record of an event with its length, in bytes: of 64-bit numbers at most 10, of 32-bit
/// ones 5, of 16-bit ones 3 each.
pub(crate) const EVENT_BYTES: usize = 2 + 1 + 2 * 10 + 5 + 1 + 2 * 5 + 3 + 3 * 5 + 16 + 5 + 8 * 5;

/// Longest head of a page of events with its length, in bytes.
const HEAD_BYTES: usize = 2 + 1 + 2 * 10 + 1;

/// The query for the events from a sequence number on.
pub(crate) const fn query(from: u64) -> Query {
    // Two halves, the low one first.
    #[expect(clippy::cast_possible_truncation, reason = "the other half goes on its own")]
    let halves = [from as u32, (from >> 32) as u32];
    Query { cmd: pta::CMD_EVENTS, first: halves, second: [0, 0] }
}

/// Writes a page. Its head counts losses: overwritten events, and kinds that this build does not
/// know.
pub(crate) fn write(
    pta: &mut dyn Pta,
    scratch: &mut Scratch,
    request: &EventsRequest,
    writer: &mut RecordWriter<'_>,
) -> Result<(), Refusal> {
    let batch = scratch.ask::<pta::Event>(pta, &query(request.from))?;
    // The head comes first and states where the page ends, but can't be patched later, since it is
    // in client memory. So the number of events is limited by their longest form.
    let room = writer.room().saturating_sub(HEAD_BYTES) / EVENT_BYTES;
    let page = || batch.rows().take(room);
    let n_unknown = page().filter(|row| rows::event(row).is_none()).count();
    let left_over = batch.rows().nth(room);
    let is_last = batch.head.next == 0 && left_over.is_none();
    let next = left_over.map_or(batch.head.generation, |row| row.seq);
    let n_lost = u64::from(batch.head.lost).saturating_add(n_unknown as u64);
    let short = |_| Refusal::ShortBuffer(teeleak_proto::limits::REPLY_BYTES_MIN);
    writer.push(&Record::Events(EventsHead { lost: n_lost, next, is_last })).map_err(short)?;
    for event in page().filter_map(|row| rows::event(&row)) {
        writer.push(&Record::Event(event)).map_err(short)?;
    }
    Ok(())
}

/// Most PTA replies per pull: 28,000 events, seven times its usual ring.
const PULLS_MAX: u32 = 64;

/// Passes all events from a sequence number on to `see`, with the losses before each PTA reply;
/// returns the next sequence number.
pub(crate) fn pull(
    pta: &mut dyn Pta,
    scratch: &mut Scratch,
    from: u64,
    mut see: impl FnMut(u64, Option<&EventRecord>),
) -> Result<u64, Refusal> {
    let mut start = from;
    for _ in 0..PULLS_MAX {
        let batch = scratch.ask::<pta::Event>(pta, &query(start))?;
        see(batch.head.lost.into(), None);
        for row in batch.rows() {
            let event = rows::event(&row);
            see(event.is_none().into(), event.as_ref());
        }
        let ends = batch.head.next == 0 || batch.head.generation <= start;
        start = start.max(batch.head.generation);
        if ends {
            break;
        }
    }
    Ok(start)
}
