//! Fingerprints: identities of findings across runs, builds and moved source lines.
//!
//! A fingerprint is readable text: `v1:` + kind + subject, joined by `:`. It holds no line numbers,
//! addresses, counts, instance or session ids. The version changes with the recipe, so an accepted
//! finding of an older recipe is reported as unknown and never matched by accident.

use std::sync::Arc;

use crate::model::{FindingKind, Fingerprint, Subject};

/// Version of the recipe.
const VERSION: &str = "v1";

/// Source folders of optee_os; anything before them depends on the build.
const ROOTS: [&str; 4] = ["core/", "lib/", "ldelf/", "ta/"];

/// The fingerprint of a finding of `kind` about `subject`; `detail` distinguishes findings with the
/// same subject: states of a protocol, names of steps.
#[must_use]
pub fn fingerprint(kind: FindingKind, subject: &Subject, detail: &[&str]) -> Fingerprint {
    let mut text = format!("{VERSION}:{}", kind.info().id);
    match subject {
        Subject::Site { file, size, owner, .. } => {
            push(&mut text, source(file));
            push(&mut text, &owner.map_or_else(|| "-".to_owned(), |owner| owner.to_string()));
            push(&mut text, &size_class(*size));
        }
        Subject::Ta(uuid) => push(&mut text, &uuid.to_string()),
        Subject::Pool(pool) => push(&mut text, &pool.id()),
        Subject::Holding { listing, name, .. } => {
            push(&mut text, listing.id());
            push(&mut text, name);
        }
        Subject::Resource { protocol, resource } => {
            push(&mut text, protocol);
            push(&mut text, resource);
        }
    }
    for part in detail {
        push(&mut text, part);
    }
    Fingerprint(Arc::from(text))
}

/// Adds a part; a colon within it is written `%3a`, a space `_`.
fn push(text: &mut String, part: &str) {
    text.push(':');
    for character in part.chars() {
        match character {
            ':' => text.push_str("%3a"),
            ' ' => text.push('_'),
            other => text.push(other),
        }
    }
}

/// The path within optee_os if known, so that the location of the checkout does not matter.
pub(crate) fn source(file: &str) -> &str {
    if ROOTS.iter().any(|root| file.starts_with(root)) {
        return file;
    }
    let path_from_root = |root: &&str| file.find(&format!("/{root}")).map(|at| &file[at + 1..]);
    ROOTS.iter().filter_map(path_from_root).max_by_key(|path| path.len()).unwrap_or(file)
}

/// Sizes up to the same power of two are one class, so a structure may gain a field.
fn size_class(size: u64) -> String {
    size.checked_next_power_of_two().map_or_else(|| "<=2^64".into(), |power| format!("<={power}"))
}

#[cfg(test)]
mod tests {
    use crate::fingerprint::*;
    use crate::model::{LedgerKind, Listing, NormalPool, PoolKind};

    fn site(file: &str, size: u64) -> String {
        let subject = Subject::Site {
            file: file.into(),
            line: 168,
            size,
            heap: PoolKind::CoreHeap,
            owner: None,
            caller: None,
        };
        fingerprint(FindingKind::SiteGrowth, &subject, &[]).to_string()
    }

    #[test]
    fn recipe_is_frozen() {
        assert_eq!(site("core/mm/mobj.c", 28), "v1:site-growth:core/mm/mobj.c:-:<=32");
        let pool = Subject::Pool(PoolKind::CoreHeap);
        let pool = fingerprint(FindingKind::PoolGrowth, &pool, &["a:b"]);
        assert_eq!(pool.to_string(), "v1:pool-growth:core_heap:a%3ab");
    }

    /// A label may change, what users stored may not.
    #[test]
    fn pools_keep_their_names() {
        let all = [
            (PoolKind::CoreHeap, "core_heap"),
            (PoolKind::NexusHeap, "nexus_heap"),
            (PoolKind::TaRam, "TA_memory"),
            (PoolKind::Crypto, "big_numbers_of_the_crypto_library"),
            (PoolKind::PageTables, "translation_tables"),
            (PoolKind::Sessions, "sessions"),
            (PoolKind::Threads, "threads_of_the_TEE_core"),
            (PoolKind::Named("pool 9: x".into()), "pool_9%3a_x"),
        ];
        let normal_world = [
            (NormalPool::Anonymous, "anonymous_memory"),
            (NormalPool::Shared, "shared_memory"),
            (NormalPool::Slab, "slab"),
            (NormalPool::IonSystem, "ion_system_heap"),
            (NormalPool::IonCma, "ion_cma_heap"),
            (NormalPool::IonCarveout, "ion_carveout_heap"),
            (NormalPool::Gpu, "gpu"),
            (NormalPool::Unaccounted, "memory_that_nobody_accounts_for"),
            (NormalPool::KernelStacks, "kernel_stacks_and_page_tables"),
            (NormalPool::FreePages, "free_pages"),
            (NormalPool::Descriptors, "file_descriptors"),
            (NormalPool::IommuAddresses("cam".into()), "addresses_of_the_iommu_for_cam"),
        ];
        let normal_world = normal_world.map(|(pool, name)| (PoolKind::NormalWorld(pool), name));
        for (pool, name) in all.into_iter().chain(normal_world) {
            let found = fingerprint(FindingKind::PoolGrowth, &Subject::Pool(pool), &[]);
            assert_eq!(*found.0, *format!("v1:pool-growth:{name}"));
        }
    }

    #[test]
    fn listings_keep_their_names() {
        let all = [
            (Listing::DmaBufs, "dma-bufs"),
            (Listing::Binder, "binder"),
            (Listing::Cache("kmalloc-64".into()), "kmalloc-64"),
            (Listing::Ledger(LedgerKind::PageOwner), "page_owner"),
            (Listing::Ledger(LedgerKind::Kmemleak), "kmemleak"),
            (Listing::Ledger(LedgerKind::CpuMonitor), "cpu_monitor"),
            (Listing::Ledger(LedgerKind::Slab), "slabinfo"),
            (Listing::Ledger(LedgerKind::DmaHeap), "dma_heap"),
            (Listing::Ledger(LedgerKind::DmaBuf), "dma-buf_bufinfo"),
            (Listing::Ledger(LedgerKind::Mappings), "mappings"),
            (Listing::Ledger(LedgerKind::IovaMap), "iova_map"),
            (Listing::Ledger(LedgerKind::IonHeap), "ion_heap"),
            (Listing::Ledger(LedgerKind::IonOrphans), "orphans_of_an_ion_heap"),
            (Listing::Ledger(LedgerKind::IommuUsers), "users_of_the_iommu"),
            (Listing::Ledger(LedgerKind::Descriptors), "descriptors"),
        ];
        for (listing, id) in all {
            for pid in [None, Some(7)] {
                let subject =
                    Subject::Holding { listing: listing.clone(), pid, name: "a b".into() };
                let found = fingerprint(FindingKind::Unpaired, &subject, &[]);
                assert_eq!(*found.0, *format!("v1:unpaired:{id}:a_b"));
            }
        }
    }

    #[test]
    fn checkout_and_line_are_no_part() {
        assert_eq!(site("/home/a/optee_os/core/mm/mobj.c", 30), site("core/mm/mobj.c", 32));
        assert_ne!(site("core/mm/mobj.c", 33), site("core/mm/mobj.c", 32));
        assert_eq!(site("unknown", 1), "v1:site-growth:unknown:-:<=1");
    }
}
