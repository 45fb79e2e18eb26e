//! The facts of a single line, before neighboring lines are considered.

use teeleak_proto::Uuid;

use crate::{
    catalogue::MessageHit,
    model::{IncidentKind, Pool, Registers, Time},
    parse::console::lines::prefix::LineImage,
};

/// The image and thread that wrote a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LineOrigin {
    /// The image; `None` for the normal world.
    pub image: Option<LineImage>,
    /// Thread of the TEE core, where printed.
    pub thread: Option<u16>,
}

/// A line, or a run of lines, with a fact.
#[derive(Clone, Debug)]
pub(crate) struct ChunkEntry {
    /// Line within the chunk, from 0.
    pub line: u32,
    /// Image and thread that wrote it.
    pub who: LineOrigin,
    /// Its time stamp.
    pub time: Option<Time>,
    /// The fact.
    pub what: ConsoleFact,
}

/// Successive records of one dump.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ChunkRun {
    /// Index of its first site number among those of the chunk.
    pub from: u32,
    /// Index after its last site number.
    pub to: u32,
    /// `count:` of the first and of the last record, if the dialect has it.
    pub ordinals: Option<(u32, u32)>,
    /// Time of the last record.
    pub until: Option<Time>,
}

/// The fact of a line.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum ConsoleFact {
    /// Live allocations.
    Records(ChunkRun),
    /// Unrelated lines of the secure world; only their number matters.
    Other(u32),
    /// A line that should have been a fact and could not be read.
    Damaged(LostLine),
    /// The core heap had no room.
    OutOfMemory {
        /// Bytes requested.
        requested: u64,
        /// Heap.
        context: Option<u64>,
    },
    /// Another incident.
    Trouble(IncidentKind, Box<str>),
    /// The core returned from a TA that panicked: the panic code, and the message.
    TaReturn(u32, Box<str>),
    /// A message of the catalogue.
    Message(Box<MessageHit>),
    /// An error that no entry of the catalogue knows, and the function and line that printed it.
    UnknownError(Box<str>, Option<Box<str>>),
    /// Registers of an abort.
    Registers(Box<Registers>),
    /// Load address of the TEE core.
    LoadAddress(u64),
    /// A call stack follows.
    CallStack,
    /// A line with only an address: of a call stack, or of a list of sessions.
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
    /// Start and size of a TA's stack, in its status.
    Stack(u64, u64),
    /// A list of the TA's sessions follows.
    SessionList,
    /// A region of the TA in the status.
    Region(MapLine),
    /// An ELF of the TA in the status, and its load address.
    Elf(Uuid, u64),
    /// A session is opened or closed, or a TA is loaded or destroyed.
    Session(SessionLine),
    /// A line of `xtest --stats`.
    Stat(StatLine),
    /// The user's mark of an iteration.
    Mark,
    /// The next step of the rules.
    Step,
    /// The TEE boots; its release.
    Boot(Box<str>),
}

/// The kind of fact that a damaged line hides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LostLine {
    /// A record of a dump.
    Record,
    /// A line of a region map, with the region's number if that is intact.
    Region(Option<u32>),
    /// A message that is no record: a step, or a line about a session.
    Message,
    /// Anything.
    Unknown,
}

/// A line of a region map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MapLine {
    /// Number of the region within the map.
    pub index: u32,
    /// Virtual address.
    pub va: u64,
    /// Physical address, or an offset that identifies nothing (`ldelf/ta_elf.c`).
    pub pa: u64,
    /// Bytes.
    pub size: u64,
    /// `rwxs` as bits 0 to 3.
    pub access: u8,
    /// Whether it is the TA's stack.
    pub stack: bool,
}

/// A line about a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SessionLine {
    /// A running TA gets another session.
    Reopen(Uuid),
    /// A PTA is looked up; printed for every TA too.
    LookupPta(Uuid),
    /// A PTA was found.
    OpenPta,
    /// A TA is loaded: a new instance.
    Load(Uuid),
    /// Opening failed.
    Failed(Option<Uuid>, u32),
    /// The loader of TAs gave up: opening fails, whether or not that is printed.
    LoaderFailed(u32),
    /// A session is closed; its id, if printed.
    Close(Option<u32>),
    /// The session to close does not exist.
    NotFound,
    /// The closed session is destroyed.
    Destroy,
    /// An instance is destroyed.
    DestroyContext,
    /// A command failed.
    InvokeError(u32),
}

/// A line of `xtest --stats`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StatLine {
    /// A pool's name.
    Pool(Box<str>),
    /// A figure of the pool, by its position in the table.
    Figure(u8, u64),
    /// A TA's UUID.
    Ta(Uuid),
    /// Whether the TA panicked.
    Panicked(bool),
    /// Number of sessions to the TA.
    Sessions(u32),
    /// A heading.
    Heading,
    /// A pool on one line, in a tool's own words.
    Row(Box<Pool>),
    /// The most that the pool of big numbers ever held.
    HighWater(u64),
}

/// Why a line was rejected.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RejectReason {
    /// The line ends within the message.
    Cut,
    /// The start of the message is missing.
    Headless,
    /// The message has something in it that does not belong there.
    Garbled,
    /// The line has the maximum length, so its last number may be cut off.
    Full,
    /// The input ends within the line.
    Unterminated,
    /// The line is longer than the limit.
    TooLong,
    /// A number is out of range.
    Number,
    /// An error that no message of the catalogue explains: shown, and not counted as damage.
    Unexplained,
}

impl RejectReason {
    /// All reasons, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Cut,
        Self::Headless,
        Self::Garbled,
        Self::Full,
        Self::Unterminated,
        Self::TooLong,
        Self::Number,
        Self::Unexplained,
    ];

    /// The text shown to users.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Cut => "ends within the message",
            Self::Headless => "start of the message is missing",
            Self::Garbled => "message is garbled",
            Self::Full => "maximum length of a trace line: its end may be cut off",
            Self::Unterminated => "the input ends within the line",
            Self::TooLong => "longer than 64 KiB",
            Self::Number => "number out of range",
            Self::Unexplained => "an error that no message of the catalogue explains",
        }
    }
}

/// The result of reading a message.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum MessageOutcome {
    /// One live allocation, with its `count:` if printed.
    Record(Option<u32>),
    /// A fact.
    Fact(ConsoleFact),
    /// An unrelated message.
    Ignored,
    /// A damaged message.
    Damaged(RejectReason),
}
