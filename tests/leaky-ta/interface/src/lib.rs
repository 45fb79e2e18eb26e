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
}

/// First byte of the memory of `UnmapShared`: it is said to be unmapped, and stays mapped.
pub const LOSE: u8 = 1;

/// What maps memory for longer than a call: a PTA that stands in for a vendor's memory service
/// (`tests/leaky-ta/pta`).
pub const LEAKY_MAP: &str = "7d5c8b0f-41c9-4f0e-8a36-0e5f2b97d164";

impl Command {
    /// All commands, in order of their numbers.
    pub const ALL: [Self; 17] = [
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
