//! Firmware variants: named configurations of OP-TEE.

use crate::error::{LabError, Result};
use crate::firmware::{CROSS, CROSS_32};

/// Configuration that every variant shares: what Debian builds its QEMU image
/// with (debian/rules of optee-os 4.10.0-2), and a TA log level of 3.
pub(crate) const COMMON: [&str; 7] = [
    "PLATFORM=vexpress-qemu_armv8a",
    "CFG_ARM64_core=y",
    "CFG_USER_TA_TARGETS=ta_arm64",
    "CFG_ARM_GICV3=y",
    "CFG_TEE_BENCHMARK=n",
    "CFG_TEE_CORE_LOG_LEVEL=3",
    "CFG_TEE_TA_LOG_LEVEL=3",
];

/// Malloc debug and statistics. The headers of malloc debug fill Debian's
/// 192 KiB heap, hence the bigger one.
const DEBUG: [&str; 4] = [
    "CFG_TEE_CORE_MALLOC_DEBUG=y",
    "CFG_WITH_STATS=y",
    "CFG_TA_STATS=y",
    "CFG_CORE_HEAP_SIZE=1048576",
];
/// The leak auditor. Its ring of events and the bigger heap do not fit into
/// the 2 MiB that plat-vexpress maps for the core by default (its conf.mk), and
/// a TA in a long call would keep the auditor's waiting: OP-TEE lets one thread
/// at a time into single-instance TAs (core/kernel/tee_ta_manager.c).
const AUDIT: [&str; 4] = [
    "CFG_LEAK_AUDIT=y",
    "CFG_LEAK_AUDIT_EVENTS=4096",
    "CFG_TEE_RAM_VA_SIZE=0x400000",
    "CFG_CONCURRENT_SINGLE_INSTANCE_TA=y",
];

/// What only tests have: a stand-in for a vendor's memory service (tests/leaky-ta/pta).
const LEAKY: [&str; 1] = ["CFG_LEAKY_MAP=y"];
/// A core that forgets to release what it holds (tests/leaky-ta/pta/forget.toml).
const FORGETFUL: [&str; 1] = [FORGETS];
/// The setting that has the statements of `forget.toml` made conditional.
const FORGETS: &str = "CFG_LEAKY_FORGET=y";

/// A 32-bit core and 32-bit TAs below the same 64-bit kernel, as many boxes have it. Two drivers of
/// the platform are built for 64-bit cores only.
const ARM32: [&str; 5] = [
    "CFG_ARM64_core=n",
    "CFG_ARM32_core=y",
    "CFG_USER_TA_TARGETS=ta_arm32",
    "CFG_CALLOUT=n",
    "CFG_WDT=n",
];

/// One firmware variant.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Its name on the command line and in the cache.
    pub name: &'static str,
    /// Whether ta/pta is put into the tree.
    pub patched: bool,
    /// Groups of settings, on top of those that all variants share.
    settings: &'static [&'static [&'static str]],
    /// What it is for, in a few words.
    pub purpose: &'static str,
}

/// All variants; a new one is one line.
#[rustfmt::skip]
pub const VARIANTS: [Variant; 6] = [
    Variant { name: "default", patched: true, settings: &[&DEBUG, &AUDIT, &LEAKY], purpose: "the auditor and malloc debug" },
    Variant { name: "stock", patched: false, settings: &[], purpose: "as Debian ships it" },
    Variant { name: "mdbg", patched: false, settings: &[&DEBUG], purpose: "stock plus malloc debug" },
    Variant { name: "forgetful", patched: true, settings: &[&DEBUG, &AUDIT, &LEAKY, &FORGETFUL], purpose: "default, and leaks on demand" },
    Variant { name: "arm32", patched: true, settings: &[&DEBUG, &AUDIT, &LEAKY, &ARM32], purpose: "default, on a 32-bit core" },
    Variant { name: "patched-off", patched: true, settings: &[&["CFG_LEAK_AUDIT=n"]], purpose: "patched, auditor off" },
];

impl Variant {
    /// The variant called `name`.
    ///
    /// # Errors
    /// When there is none; the message lists those that there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        VARIANTS.iter().find(|variant| variant.name == name).ok_or_else(|| {
            let known: Vec<String> =
                VARIANTS.iter().map(|v| format!("{} ({})", v.name, v.purpose)).collect();
            LabError::Unusable(format!("no variant {name}; there are {}", known.join(", ")))
        })
    }

    /// What the compiler of its core is called by.
    pub(crate) fn cross(&self) -> &'static str {
        if self.is_arm32() { CROSS_32 } else { CROSS }
    }

    /// Where make exports the kit of its TAs.
    pub(crate) fn kit(&self) -> &'static str {
        if self.is_arm32() { "export-ta_arm32" } else { "export-ta_arm64" }
    }

    /// Whether its core and its TAs are 32-bit.
    pub(crate) fn is_arm32(&self) -> bool {
        self.settings().any(|setting| setting == "CFG_ARM32_core=y")
    }

    /// Whether its core can be made to forget releases.
    pub(crate) fn forgets(&self) -> bool {
        self.settings().any(|setting| setting == FORGETS)
    }

    /// Everything that is given to OP-TEE's make for this variant.
    pub fn settings(&self) -> impl Iterator<Item = &'static str> {
        COMMON.into_iter().chain(self.settings.iter().flat_map(|group| group.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_has_nothing_of_ours() {
        let stock = Variant::named("stock").unwrap();
        assert!(!stock.patched);
        assert!(stock.settings().eq(COMMON));
    }

    #[test]
    fn patched_off_differs_from_stock_in_the_switch_only() {
        let off = Variant::named("patched-off").unwrap();
        assert!(off.patched);
        let extra: Vec<_> = off.settings().filter(|s| !COMMON.contains(s)).collect();
        assert_eq!(extra, ["CFG_LEAK_AUDIT=n"]);
    }

    #[test]
    fn names_are_unique_and_an_unknown_one_lists_them() {
        let mut names: Vec<_> = VARIANTS.iter().map(|variant| variant.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), VARIANTS.len());
        let error = Variant::named("nosuch").unwrap_err().to_string();
        assert!(error.contains("default") && error.contains("patched-off"), "{error}");
    }
}
