//! What a failure of the secure world lacked, and in which stage of a TA's life.

use serde::Deserialize;

use super::PoolKind;

/// Defines an enum whose values have a name in JSON and message files, and a label for readers.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$value_doc:meta])* $value:ident = $name:literal, $label:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
        pub enum $type {
            $($(#[$value_doc])* #[serde(rename = $name)] $value,)*
        }

        impl $type {
            /// All values.
            pub const ALL: [Self; [$(Self::$value),*].len()] = [$(Self::$value),*];

            /// Its name in JSON and in message files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $name,)* }
            }

            /// Its name for readers.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$value => $label,)* }
            }
        }
    };
}

named! {
    /// A resource of the secure world, or one that it needs of the normal world.
    Resource {
        /// The TEE core's heap.
        CoreHeap = "core_heap", "core heap";
        /// The nexus heap, shared by all guests.
        NexusHeap = "nexus_heap", "nexus heap";
        /// Memory for the segments, stacks and heaps of TAs.
        TaRam = "ta_ram", "TA memory";
        /// Translation tables of TAs.
        PageTables = "page_tables", "page tables";
        /// Scratch memory of the crypto library.
        CryptoPool = "crypto_pool", "crypto bignum pool";
        /// The heap of a TA.
        TaHeap = "ta_heap", "heap of the TA";
        /// The heap of the loader of TAs.
        LoaderHeap = "loader_heap", "heap of the TA loader";
        /// A stack.
        Stack = "stack", "stack";
        /// The integrity of a heap.
        HeapIntegrity = "heap_integrity", "integrity of a heap";
        /// Memory that both worlds share, allocated by the normal world.
        SharedMemory = "shared_memory", "shared memory of the normal world";
        /// Sessions.
        Sessions = "sessions", "sessions";
        /// Threads of the TEE core.
        Threads = "threads", "threads of the TEE core";
        /// Secure storage.
        Storage = "storage", "secure storage";
        /// The process of the normal world that serves the TEE.
        Supplicant = "supplicant", "tee-supplicant";
    }
}

named! {
    /// The stage in which something failed.
    FailedStage {
        /// While the TEE boots.
        Boot = "boot", "while the TEE booted";
        /// While a TA is loaded.
        Load = "load", "while a TA was loaded";
        /// While a session is opened.
        Open = "open", "while a session was opened";
        /// While a command runs.
        Invoke = "invoke", "while a command ran";
        /// While a session is closed.
        Close = "close", "while a session was closed";
    }
}

impl Resource {
    /// The pool with this resource, if it is one.
    #[must_use]
    pub const fn pool(self) -> Option<PoolKind> {
        Some(match self {
            Self::CoreHeap => PoolKind::CoreHeap,
            Self::NexusHeap => PoolKind::NexusHeap,
            Self::TaRam => PoolKind::TaRam,
            Self::PageTables => PoolKind::PageTables,
            Self::CryptoPool => PoolKind::Crypto,
            Self::Sessions => PoolKind::Sessions,
            Self::Threads => PoolKind::Threads,
            _ => return None,
        })
    }
}
