//! What a single line says, before anything is concluded from its neighbours.

use teeleak_proto::Uuid;

use crate::{
    model::{IncidentKind, Time},
    parse::console::lines::prefix::Image,
};

/// Who wrote a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Who {
    /// Which image; `None` for the normal world.
    pub image: Option<Image>,
    /// Thread of the TEE core, where printed.
    pub thread: Option<u16>,
}

/// A line, or a run of lines, that the model is built from.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Line within the chunk, from 0.
    pub line: u32,
    /// Who wrote it.
    pub who: Who,
    /// When.
    pub time: Option<Time>,
    /// What it says.
    pub what: What,
}

/// Successive records of one dump.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    /// Where its site numbers begin among those of the harvest.
    pub from: u32,
    /// Where they end.
    pub to: u32,
    /// `count:` of the first and of the last record, where the dialect has it.
    pub ordinals: Option<(u32, u32)>,
    /// Time of the last record.
    pub until: Option<Time>,
}

/// What a line says.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Live allocations.
    Records(Run),
    /// Lines of the secure world about something else; only their number matters.
    Other(u32),
    /// A line that should have said something.
    Damaged,
    /// The core heap had no room.
    OutOfMemory {
        /// Bytes requested.
        requested: u64,
        /// Heap.
        context: Option<u64>,
    },
    /// Something else went wrong.
    Trouble(IncidentKind, Box<str>),
    /// Where the TEE core is loaded.
    LoadAddress(u64),
    /// A call stack follows.
    CallStack,
    /// An address on a line of its own: of a call stack, or of a list of sessions.
    Address(u64, Option<Box<str>>),
    /// A TA's status follows.
    Status {
        /// The TA.
        uuid: Option<Uuid>,
        /// Address of its context, where printed.
        context: Option<u64>,
    },
    /// Further lines of a TA's status.
    StatusDetail,
    /// A list of the TA's sessions follows.
    SessionList,
    /// A region of the TA whose status this is.
    Region(MapLine),
    /// An ELF of the TA whose status this is, and where it is loaded.
    Elf(Uuid, u64),
    /// A session, or a TA, begins or ends.
    Session(SessionLine),
    /// A line of `xtest --stats`.
    Stat(StatLine),
    /// The user's mark of an iteration.
    Mark,
    /// The next one of the steps that rules name.
    Step,
    /// The TEE starts.
    Boot(Box<str>),
}

/// A line of a region map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MapLine {
    /// Number within the map.
    pub index: u32,
    /// Virtual address.
    pub va: u64,
    /// Physical address, or an offset: no identity (`ldelf/ta_elf.c`).
    pub pa: u64,
    /// Bytes.
    pub size: u64,
    /// `rwxs` as bits 0 to 3.
    pub access: u8,
}

/// A line about a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SessionLine {
    /// A TA that runs gets one more session.
    Reopen(Uuid),
    /// A PTA is looked for; printed for every TA, too.
    LookupPta(Uuid),
    /// A PTA was found.
    OpenPta,
    /// A TA is loaded: a new instance.
    Load(Uuid),
    /// Opening failed.
    Failed(Option<Uuid>, u32),
    /// A session is closed; by its id, or unknown.
    Close(Option<u32>),
    /// The session that was to be closed does not exist.
    NotFound,
    /// The session closed is gone.
    Destroy,
    /// An instance is gone.
    DestroyContext,
    /// A command failed.
    InvokeError(u32),
}

/// A line of `xtest --stats`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StatLine {
    /// A pool's name.
    Pool(Box<str>),
    /// A figure of it, by its position in the table.
    Figure(u8, u64),
    /// A TA's UUID.
    Ta(Uuid),
    /// Whether it panicked.
    Panicked(bool),
    /// Sessions to it.
    Sessions(u32),
    /// A heading.
    Heading,
}

/// Why a line was rejected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Why {
    /// It ends in the middle of a message.
    Cut,
    /// It is the end of a message whose beginning is missing.
    Headless,
    /// A message has something in it that does not belong there.
    Garbled,
    /// It is as long as a trace line can get, so its last number may be cut.
    Full,
    /// The input ends before the line does.
    Unterminated,
    /// It is longer than any line is read.
    TooLong,
    /// A number in it does not fit.
    Number,
}

impl Why {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Cut,
        Self::Headless,
        Self::Garbled,
        Self::Full,
        Self::Unterminated,
        Self::TooLong,
        Self::Number,
    ];

    /// What to tell a person.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Cut => "ends within the message",
            Self::Headless => "beginning of the message is missing",
            Self::Garbled => "message is garbled",
            Self::Full => "as long as a trace line gets: its end may be cut",
            Self::Unterminated => "the input ends within the line",
            Self::TooLong => "longer than 64 KiB",
            Self::Number => "number out of range",
        }
    }
}

/// What a message turned out to be.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// One live allocation: (`count:`, where the rest after `buffer: ` begins in the message).
    Record(Option<u32>),
    /// Something to build from.
    Fact(What),
    /// About something else.
    Ignored,
    /// Damaged.
    Damaged(Why),
}
