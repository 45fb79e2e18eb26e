//! Maps sessions to their TAs, so that every record of a session can name the TA.
//!
//! A session that does not fit is recorded without a UUID; a reader still finds the UUID in the
//! record that opened the session.

use teeleak_proto::{Uuid, client::head};

use crate::table::Table;

/// More sessions than OP-TEE allows in one process.
static SESSIONS: Table<512> = Table::new();

/// Remembers the TA of session `id` of the context with the file descriptor `fd`.
pub(crate) fn remember(fd: i32, id: u32, uuid: Uuid) {
    // A full table is handled by the reader, see above.
    let _ =
        SESSIONS.insert(key(fd, id), [head::text_word(&uuid.0, 0), head::text_word(&uuid.0, 1)]);
}

/// The TA of a session; zeros if unknown.
pub(crate) fn uuid_of(fd: i32, id: u32) -> Uuid {
    SESSIONS.get(key(fd, id)).map_or_else(Uuid::default, |words| Uuid(head::text(&words)))
}

/// Forgets a session.
pub(crate) fn forget(fd: i32, id: u32) {
    SESSIONS.remove(key(fd, id));
}

/// Never 0 and never all ones.
fn key(fd: i32, id: u32) -> u64 {
    head::word(id, fd.cast_unsigned() & 0x3fff_ffff | 0x4000_0000)
}
