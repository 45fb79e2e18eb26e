//! Entries of a snapshot. The PTA's header defines their meanings and units.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Uuid, pta};

/// Live allocations of the core heap that differ only in their address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SiteRecord<'a> {
    /// Source file; its end, if longer than the PTA's field.
    pub file: &'a str,
    /// Source line, 16 bits as mdbg keeps it.
    pub line: u16,
    /// Bytes requested by each.
    pub size: u32,
    /// Number of allocations.
    pub count: u32,
    /// Owner number, 0 for the core itself.
    pub owner: u16,
    /// Owner number of the PTA that was serving the owner, 0 for none.
    pub server: u16,
    /// Session of the owner that was being served.
    pub session: u16,
    /// Epoch they were made in.
    pub epoch: u32,
    /// Return address of the call as an offset into the core, 0 if unknown.
    pub caller: u32,
    /// Number of its [`StackRecord`], 0 for none. Records of version 1 end before it.
    #[serde(deserialize_with = "zero_if_absent")]
    pub stack: u32,
}

/// A field that was appended to the last structure of a record: 0 where an older writer ends.
pub(crate) fn zero_if_absent<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(T::deserialize(deserializer).unwrap_or_default())
}

/// A call stack that allocations were made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StackRecord {
    /// Its number, the same for one stack until epochs are restarted.
    pub stack: u32,
    /// Return addresses as offsets into the core, innermost first; 0 from where it is unknown.
    pub frames: [u32; pta::FRAMES as usize],
}

/// One live allocation of the core heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BlockRecord<'a> {
    /// Identity: offset of the block in its heap pool, in bytes.
    pub block: u64,
    /// Its site; `count` is 1.
    #[serde(borrow)]
    pub site: SiteRecord<'a>,
}

/// The meaning of an owner number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OwnerRecord {
    /// Owner number.
    pub owner: u16,
    /// `PTA_LEAK_AUDIT_OWNER_*`.
    pub kind: u16,
    /// Instance number, never used twice in one boot.
    pub instance: u32,
    /// UUID of the TA or PTA.
    pub uuid: Uuid,
}

/// A user TA instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InstanceRecord {
    /// Instance number, never used twice in one boot.
    pub instance: u32,
    /// UUID of the TA.
    pub uuid: Uuid,
    /// `PTA_LEAK_AUDIT_INSTANCE_*`.
    pub state: u32,
    /// `TA_FLAG_*` of the TA's header.
    pub ta_flags: u32,
    /// References: sessions open to it.
    pub ref_count: u32,
    /// Regions, 0 when busy.
    pub n_regions: u32,
    /// Bytes mapped, 0 when busy.
    pub mapped_bytes: u64,
    /// Panic code, if panicked.
    pub panic_code: u32,
    /// Objects that it has handles of, if `PTA_LEAK_AUDIT_INSTANCE_HANDLES` is set. Records of version 1 end before it.
    #[serde(deserialize_with = "zero_if_absent")]
    pub n_objects: u32,
    /// Operations, in the same case.
    #[serde(deserialize_with = "zero_if_absent")]
    pub n_operations: u32,
    /// Object enumerators, in the same case.
    #[serde(deserialize_with = "zero_if_absent")]
    pub n_enumerators: u32,
}

/// An open session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Session id, unique among those of one opener.
    pub session: u32,
    /// Instance that opened it, 0 for the normal world.
    pub opener: u32,
    /// Instance that serves it, 0 for a PTA.
    pub instance: u32,
    /// UUID of the TA or PTA that serves it.
    pub uuid: Uuid,
    /// `TEE_LOGIN_*` of the client's identity.
    pub login: u32,
    /// UUID of the client's identity.
    pub client: Uuid,
}

/// A region of the instance that the section head names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RegionRecord {
    /// Virtual address in the TA.
    pub va: u64,
    /// Bytes mapped.
    pub size: u64,
    /// Physical address, or a keyed hash of it, see `flags`.
    pub pa: u64,
    /// `TEE_MATTR_*`.
    pub attr: u32,
    /// `PTA_LEAK_AUDIT_REGION_*`.
    pub flags: u32,
}
