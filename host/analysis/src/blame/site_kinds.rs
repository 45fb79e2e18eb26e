//! What the core allocates where, and who holds it.
//!
//! One row per source file or folder of optee_os; the longest prefix decides. To add a row, look up
//! who can make the core free what is allocated there: whoever holds its handle.

/// Who holds what a site allocates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum SiteHolder {
    /// A TA, by a handle of the Internal Core API. The core frees it when the instance ends.
    Handle,
    /// A TA, by a handle, or part of what another row holds: one file allocates both.
    HandleOrPart,
    /// Part of what another row holds: attributes of an object, the state of an operation.
    Part,
    /// A TA, as memory in its map.
    Map,
    /// Whoever opened the session.
    Session,
    /// The core, as long as the instance is there.
    Instance,
    /// The normal world, which registered the memory.
    SharedMemory,
    /// A PTA.
    Pta,
}

/// What one file or folder allocates.
pub(super) struct SiteKind {
    prefix: &'static str,
    /// In words, as a plural.
    pub(super) what: &'static str,
    pub(super) holder: SiteHolder,
}

impl SiteKind {
    /// Whether no TA and no client has a handle of it by itself.
    pub(super) const fn is_hidden(&self) -> bool {
        matches!(self.holder, Part | Instance)
    }

    /// Whether nobody outside the core asks for it while no TA runs.
    pub(super) const fn is_internal(&self) -> bool {
        matches!(self.holder, Part | Map)
    }
}

use SiteHolder::{Handle, HandleOrPart, Instance, Map, Part, Pta, Session, SharedMemory};

const fn row(prefix: &'static str, what: &'static str, holder: SiteHolder) -> SiteKind {
    SiteKind { prefix, what, holder }
}

/// optee_os 4.10.0, and the paths that older releases had.
const SITES: &[SiteKind] = &[
    row("core/tee/tee_obj.c", "objects (TEE_ObjectHandle)", Handle),
    row("core/tee/tee_svc_storage.c", "object enumerators and open persistent objects", Handle),
    row("core/tee/tee_pobj.c", "names of persistent objects", Part),
    row("core/tee/tee_svc_cryp.c", "operations and attributes of objects", HandleOrPart),
    row("core/tee/tee_ree_fs.c", "open files of secure storage", Part),
    row("core/tee/tee_rpmb_fs.c", "open files of secure storage", Part),
    row("core/tee/fs_", "open files of secure storage", Part),
    row("core/crypto/", "states of cryptographic operations", Part),
    row("core/lib/libtomcrypt/", "states of cryptographic operations", Part),
    row("lib/libmbedtls/", "big numbers", Part),
    row("core/lib/libmbedtls/", "big numbers", Part),
    row("core/kernel/tee_ta_manager.c", "sessions", Session),
    row("core/kernel/user_ta.c", "TA instances", Instance),
    row("core/arch/arm/kernel/user_ta.c", "TA instances", Instance),
    row("core/kernel/ldelf_", "loading of TAs", Instance),
    row("core/arch/arm/kernel/ldelf_", "loading of TAs", Instance),
    row("core/mm/mobj_dyn_shm.c", "registered shared memory", SharedMemory),
    row("core/arch/arm/mm/mobj_dyn_shm.c", "registered shared memory", SharedMemory),
    row("core/arch/arm/mm/mobj_ffa.c", "shared memory", SharedMemory),
    row("core/mm/mobj.c", "memory objects", Map),
    row("core/arch/arm/mm/mobj.c", "memory objects", Map),
    row("core/mm/fobj.c", "pages of TAs", Map),
    row("core/mm/vm.c", "regions", Map),
    row("core/arch/arm/mm/vm.c", "regions", Map),
    row("core/arch/arm/mm/tee_mmu.c", "regions", Map),
    row("core/mm/tee_mm.c", "ranges of memory", Map),
    row("core/mm/file.c", "segments shared by TAs", Map),
    row("core/pta/", "memory of a PTA", Pta),
    row("core/arch/arm/pta/", "memory of a PTA", Pta),
];

/// What a source file of the core allocates, if known.
pub(super) fn site_kind(file: &str) -> Option<&'static SiteKind> {
    let path = crate::fingerprint::source(file);
    let rows = SITES.iter().filter(|row| path.starts_with(row.prefix));
    rows.max_by_key(|row| row.prefix.len())
}

#[cfg(test)]
mod tests {
    use crate::blame::site_kinds::*;

    #[test]
    fn the_longest_prefix_decides_wherever_the_checkout_is() {
        let holder = |file| site_kind(file).map(|kind| kind.holder);
        assert_eq!(holder("core/mm/mobj_dyn_shm.c"), Some(SharedMemory));
        assert_eq!(holder("/home/a/optee_os/core/mm/mobj.c"), Some(Map));
        assert_eq!(holder("core/pta/system.c"), Some(Pta));
        assert_eq!(holder("core/kernel/dt.c"), None);
        let n_prefixes =
            SITES.iter().map(|row| row.prefix).collect::<std::collections::BTreeSet<_>>();
        assert_eq!(n_prefixes.len(), SITES.len(), "each path has one row");
    }
}
