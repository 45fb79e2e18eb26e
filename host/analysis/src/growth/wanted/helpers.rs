//! Code of optee_os that allocates on behalf of others, and so is never the answer to who wanted it.
//!
//! A new line is a path within optee_os; one that ends in `/` stands for the whole folder. Code that
//! keeps what it allocates for itself does not belong here.

/// Shared allocators: memory objects, regions, physical memory, buffers, big numbers.
const HELPERS: &[&str] = &[
    "core/include/",
    "core/lib/libtomcrypt/mpi_desc.c",
    "core/mm/core_mmu.c",
    "core/mm/fobj.c",
    "core/mm/mobj.c",
    "core/mm/page_alloc.c",
    "core/mm/pgt_cache.c",
    "core/mm/phys_mem.c",
    "core/mm/tee_mm.c",
    "core/mm/vm.c",
    "lib/libmbedtls/mbedtls/library/bignum.c",
    "lib/libutils/",
];

/// Whether a source file of optee_os allocates on behalf of others only.
pub(super) fn is_helper(file: &str) -> bool {
    let covers = |helper: &str| match helper.strip_suffix('/') {
        Some(_) => file.starts_with(helper),
        None => file == helper,
    };
    HELPERS.iter().any(|helper| covers(helper))
}

#[cfg(test)]
mod tests {
    use super::{HELPERS, is_helper};

    #[test]
    fn files_and_folders_are_helpers() {
        assert!(is_helper("core/mm/mobj.c") && is_helper("lib/libutils/ext/mempool.c"));
        assert!(!is_helper("core/mm/mobj_dyn_shm.c") && !is_helper("core/pta/system.c"));
    }

    #[test]
    fn lines_are_sorted() {
        assert!(HELPERS.is_sorted());
    }
}
