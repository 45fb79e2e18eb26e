//! Builtin protocols.

/// A builtin protocol file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pack {
    /// Its name.
    pub name: &'static str,
    /// Content of the file.
    pub text: &'static str,
    /// Whether it is on by default, as it applies to any events of the TEE core.
    pub implied: bool,
}

impl Pack {
    /// All builtin protocol files.
    pub const ALL: [Self; 9] = [
        Self {
            name: "sessions",
            text: include_str!("../../../packs/sessions.toml"),
            implied: true,
        },
        Self { name: "regions", text: include_str!("../../../packs/regions.toml"), implied: true },
        Self {
            name: "descriptors",
            text: include_str!("../../../packs/descriptors.toml"),
            implied: true,
        },
        Self {
            name: "secure-video",
            text: include_str!("../../../packs/secure-video.toml"),
            implied: false,
        },
        Self {
            name: "client-api",
            text: include_str!("../../../packs/client-api.toml"),
            implied: false,
        },
        Self {
            name: "shared-memory",
            text: include_str!("../../../packs/shared-memory.toml"),
            implied: false,
        },
        Self { name: "dma-buf", text: include_str!("../../../packs/dma-buf.toml"), implied: false },
        Self { name: "ion", text: include_str!("../../../packs/ion.toml"), implied: false },
        Self { name: "kmem", text: include_str!("../../../packs/kmem.toml"), implied: false },
    ];

    /// The pack of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pack| pack.name == name)
    }
}
