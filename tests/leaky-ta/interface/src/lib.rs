//! The commands of the leaky TA: a stand-in for a DRM TA, and of what the tests need besides.
//!
//! It is real input: nothing in teeleak knows its UUID or its commands, except through the
//! protocol file that is given on the command line.
//!
//! | command | value 0.a | 0.b | value 1.a | 1.b |
//! | --- | --- | --- | --- | --- |
//! | `OpenChannel` | out: channel | | | |
//! | `Map` | channel | size in bytes | out: address, low half | out: high half |
//! | `Unmap` | channel | | address, low half | high half |
//! | `CloseChannel` | channel | | | |
//! | `CacheFill` | objects each time | times | | |
//! | `Oscillate` | seed | mean | | |
//! | `SlowLeak` | | | | |
//! | `LeakMany` | objects | regions of a page | | |
//! | `BusyMs` | milliseconds | | | |
//! | `LeakSession`, `TryOpen` | UUID, first word | second | third | fourth |
//! | `Freed` | | | | |
//! | `LeakOperations` | operations | | | |
//! | `LeakRam` | bytes | | | |
//! | `Panic` | | | | |
//! | `MapShared`, `UnmapShared` | in: the client's memory | | out: not used | |
//! | `OpenMissing`, `Digest`, `MakeKey`, `Store` | | | | |
//! | `AskPlugin` | command of the plugin | | | |
//!
//! Parameters that the table leaves empty are of no type. The words of a UUID are big-endian.
#![no_std]
#![forbid(unsafe_code)]

/// UUID of the leaky TA.
pub const LEAKY: &str = "23fe83ec-2b7b-4b16-a872-7b927e6e4557";

/// UUID of its peer, a TA to which it leaves sessions open.
pub const PEER: &str = "f375a27f-9f12-45e4-982d-bc6a4a3227f8";

/// Command numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Command {
    /// Opens a channel. Channels belong to the instance: another client may close them.
    OpenChannel = 0,
    /// Maps memory of a channel into the TA.
    Map = 1,
    /// Unmaps it. `TEE_ERROR_ITEM_NOT_FOUND` once the channel is closed: then it stays mapped.
    Unmap = 2,
    /// Closes a channel, whatever is mapped.
    CloseChannel = 3,
    /// Fills a cache the first few times and keeps it.
    CacheFill = 4,
    /// Allocates and frees objects, their number varying around a mean.
    Oscillate = 5,
    /// Loses one object in every fourth call.
    SlowLeak = 6,
    /// Loses many objects and regions at once.
    LeakMany = 7,
    /// Takes its time.
    BusyMs = 8,
    /// Opens a session to another TA and loses it.
    LeakSession = 9,
    /// Opens a session to another TA or PTA and closes it; its error is the command's result.
    TryOpen = 10,
    /// Gives back what `CacheFill` and the commands that leak hold.
    Freed = 11,
    /// Loses cryptographic operations.
    LeakOperations = 12,
    /// Loses one region of a size.
    LeakRam = 13,
    /// Panics.
    Panic = 14,
    /// Maps the client's memory for longer than the call.
    MapShared = 15,
    /// Unmaps what was mapped last of a client's memory, or forgets it: [`LOSE`].
    UnmapShared = 16,
    /// Opens a persistent object that is not there: its error is the command's result.
    OpenMissing = 17,
    /// Makes a digest with an operation of its own.
    Digest = 18,
    /// Makes a key of an elliptic curve, which takes big numbers.
    MakeKey = 19,
    /// Creates a persistent object and deletes it.
    Store = 20,
    /// Asks the plugin of tee-supplicant that only tests have.
    AskPlugin = 21,
}

/// The plugin of tee-supplicant that only tests have (`tests/leaky-ta/plugin`).
pub const PLUGIN: &str = "6b0a1f52-3c8e-4d17-9a26-d58f04b7e311";

/// What concerns that plugin.
pub mod plugin {
    /// Its UUID as `TEEC_UUID` on a little-endian machine.
    pub const UUID_LITTLE_ENDIAN: [u8; 16] = [
        0x52, 0x1f, 0x0a, 0x6b, 0x8e, 0x3c, 0x17, 0x4d, 0x9a, 0x26, 0xd5, 0x8f, 0x04, 0xb7, 0xe3,
        0x11,
    ];

    /// Command: opens a file and closes it.
    pub const KEEP: u32 = 0;
    /// Command: opens a file and loses its descriptor.
    pub const LOSE: u32 = 1;
}

/// The PTA that makes the core forget releases (`tests/leaky-ta/pta/forget.toml`).
pub mod forget {
    /// Its UUID.
    pub const PTA: &str = "2f1f6a3e-90c4-4d5b-b71d-630a5ce24897";
    /// Command: choose what is forgotten, value 0.a, and how often, value 0.b.
    pub const CHOOSE: u32 = 0;
    /// Command: nothing.
    pub const PING: u32 = 1;
}

/// Value 0.a of an opening: the peer refuses the session.
pub const REFUSE: u32 = 1;

/// First byte of the memory of `UnmapShared`: it is said to be unmapped, and stays mapped.
pub const LOSE: u8 = 1;

/// What maps memory for longer than a call: a PTA that stands in for a vendor's memory service
/// (`tests/leaky-ta/pta`).
pub const LEAKY_MAP: &str = "7d5c8b0f-41c9-4f0e-8a36-0e5f2b97d164";

impl Command {
    /// All commands, in order of their numbers.
    pub const ALL: [Self; 22] = [
        Self::OpenChannel,
        Self::Map,
        Self::Unmap,
        Self::CloseChannel,
        Self::CacheFill,
        Self::Oscillate,
        Self::SlowLeak,
        Self::LeakMany,
        Self::BusyMs,
        Self::LeakSession,
        Self::TryOpen,
        Self::Freed,
        Self::LeakOperations,
        Self::LeakRam,
        Self::Panic,
        Self::MapShared,
        Self::UnmapShared,
        Self::OpenMissing,
        Self::Digest,
        Self::MakeKey,
        Self::Store,
        Self::AskPlugin,
    ];

    /// The command with this number.
    #[must_use]
    pub fn from_id(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|command| *command as u32 == id)
    }
}

/// `TEE_ERROR_OUT_OF_MEMORY`: the TEE core, its memory for TAs or the TA's own heap is full.
pub const OUT_OF_MEMORY: u32 = 0xffff_000c;

/// `TEE_ERROR_ITEM_NOT_FOUND`: no such channel, or nothing of it mapped there.
pub const ITEM_NOT_FOUND: u32 = 0xffff_0008;

/// `TEE_ERROR_ACCESS_DENIED`: the peer refuses a session.
pub const ACCESS_DENIED: u32 = 0xffff_0001;

/// What the stand-in for the auditor's TA does: it has that one's UUID and hands on to the PTA
/// whatever it is given.
pub mod forward {
    /// The one command. Parameter 0: value in, command and parameter types for the PTA. Parameter
    /// 1: memref in, the eight numbers of `struct utee_params`, little-endian. Parameter 2: value
    /// out, the result and the size that memref 0 has then. Parameter 3: memref inout, shared
    /// memory of the client's.
    pub const COMMAND: u32 = 0;

    /// In place of an address: this and an offset into 64 KiB of private memory.
    pub const PRIVATE: u64 = 0xa000_0000_0000_0000;
    /// In place of an address: this and an offset into parameter 3.
    pub const SHARED: u64 = 0xb000_0000_0000_0000;
    /// In place of an address: this and an offset into the TA's code.
    pub const CODE: u64 = 0xc000_0000_0000_0000;
    /// Which of these an address is.
    pub const KIND: u64 = 0xf000_0000_0000_0000;

    /// Bytes of private memory.
    pub const PRIVATE_BYTES: usize = 64 << 10;
}
