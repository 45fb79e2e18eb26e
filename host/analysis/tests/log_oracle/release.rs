//! What each release of OP-TEE prints: one row of [`RELEASES`] per release.
//!
//! A message is `LEVEL FUNCTION:LINE TEXT`. The level selects the prefix of the release, in which `@` becomes
//! `FUNCTION:LINE`; a message with `-` there is raw and leaves it out. `{uuid}`, `{id}` and so on are filled in.

use crate::prefixes::{
    CORES, FROM_1_0, FROM_2_0, FROM_2_1, FROM_3_0, FROM_3_3, GUEST, MANY_CORES, Prefixes, SHORT,
    VENDOR,
};

/// Messages about sessions.
pub(crate) struct SessionWords {
    /// The first open of a TA, without that of a later session.
    pub(crate) load: &'static [&'static str],
    pub(crate) reopen: &'static str,
    /// How a session with the statistics PTA is opened before a dump; empty where there is no such PTA.
    pub(crate) statistics: &'static [&'static str],
    pub(crate) close: &'static [&'static str],
    pub(crate) destroy: &'static str,
    pub(crate) failed_open: &'static [&'static str],
}

/// Messages about a TA's status.
pub(crate) struct StatusWords {
    pub(crate) head: &'static [&'static str],
    pub(crate) region: &'static str,
    pub(crate) panic: &'static [&'static str],
}

/// A release and its words.
pub(crate) struct Release {
    pub(crate) name: &'static str,
    /// Whether boot prints the version in a form that can be read.
    pub(crate) boot: &'static str,
    pub(crate) prefixes: &'static Prefixes,
    pub(crate) record: &'static str,
    /// `None` where a line about an open has no whole UUID.
    pub(crate) sessions: Option<&'static SessionWords>,
    pub(crate) status: Option<&'static StatusWords>,
    /// Where `print_oom` prints, if the release has it.
    pub(crate) out_of_memory: Option<&'static str>,
    pub(crate) core_panic: &'static [&'static str],
}

const SESSIONS_2_0: SessionWords = SessionWords {
    load: &["D tee_ta_init_session_with_context:512  ... Re-open TA {uuid}"],
    reopen: "D tee_ta_init_session_with_context:512  ... Re-open TA {uuid}",
    statistics: &[],
    close: &[
        "D tee_ta_close_session:400 tee_ta_close_session(0x{session})",
        "D tee_ta_close_session:420  ... Destroy session",
    ],
    destroy: "D tee_ta_close_session:440  ... Destroy TA ctx",
    failed_open: &["E tee_ta_open_session:520 Failed. Return error {code}"],
};

const SESSIONS_2_6: SessionWords = SessionWords {
    load: &["D tee_ta_init_user_ta_session:641 Lookup user TA {uuid} (REE)"],
    reopen: "D tee_ta_init_session_with_context:540 Re-open TA {uuid}",
    statistics: &[],
    close: &[
        "D tee_ta_close_session:409 tee_ta_close_session(0x{session})",
        "D tee_ta_close_session:428 Destroy session",
    ],
    destroy: "D tee_ta_close_session:454 Destroy TA ctx",
    failed_open: &[
        "D tee_ta_init_user_ta_session:641 Lookup user TA {uuid} (REE)",
        "E tee_ta_open_session:590 Failed. Return error {code}",
    ],
};

const SESSIONS_3_2: SessionWords = SessionWords {
    load: &[
        "D tee_ta_init_pseudo_ta_session:274 Lookup pseudo TA {uuid}",
        "D load_elf:842 Lookup user TA ELF {uuid} (REE)",
        "D load_elf:846 res=0x0",
    ],
    failed_open: &[
        "D tee_ta_init_pseudo_ta_session:274 Lookup pseudo TA {uuid}",
        "D load_elf:842 Lookup user TA ELF {uuid} (REE)",
        "D load_elf:846 res={code}",
        "E tee_ta_open_session:590 Failed. Return error {code}",
    ],
    ..SESSIONS_2_6
};

const SESSIONS_3_7: SessionWords = SessionWords {
    load: &[
        "D tee_ta_init_pseudo_ta_session:280 Lookup pseudo TA {uuid}",
        "D load_ldelf:704 ldelf load address 0x40006000",
        "LD ldelf:168 Loading TA {uuid}",
        "D system_open_ta_binary:250 Lookup user TA ELF {uuid} (REE)",
        "D system_open_ta_binary:253 res=0x0",
        "LD ldelf:206 ELF ({uuid}) at 0x40009000",
    ],
    reopen: "D tee_ta_init_session_with_context:583 Re-open TA {uuid}",
    statistics: &[],
    close: &[
        "D tee_ta_close_session:499 csess 0x{session} id {id}",
        "D tee_ta_close_session:518 Destroy session",
    ],
    destroy: "D destroy_context:308 Destroy TA ctx (0x{context})",
    failed_open: &[
        "D tee_ta_init_pseudo_ta_session:280 Lookup pseudo TA {uuid}",
        "D load_ldelf:704 ldelf load address 0x40006000",
        "LD ldelf:168 Loading TA {uuid}",
        "E init_with_ldelf:232 ldelf failed with res: {code}",
        "D tee_ta_open_session:687 init session failed {code}",
    ],
};

const SESSIONS_3_18: SessionWords = SessionWords {
    load: &[
        "D tee_ta_init_pseudo_ta_session:297 Lookup pseudo TA {uuid}",
        "D ldelf_load_ldelf:95 ldelf load address 0x40006000",
        "LD ldelf:168 Loading TS {uuid}",
        "D ldelf_syscall_open_bin:143 Lookup user TA ELF {uuid} (REE)",
        "D ldelf_syscall_open_bin:147 res=0",
        "LD ldelf:207 ELF ({uuid}) at 0x40063000",
    ],
    failed_open: &[
        "D tee_ta_init_pseudo_ta_session:297 Lookup pseudo TA {uuid}",
        "D ldelf_load_ldelf:95 ldelf load address 0x40006000",
        "LD ldelf:168 Loading TS {uuid}",
        "E ldelf_init_with_ldelf:134 ldelf failed with res: {code}",
        "D tee_ta_open_session:687 init session failed {code}",
        "E tee_ta_open_session:734 Failed for TA {uuid}. Return error {code}",
    ],
    ..SESSIONS_3_7
};

const SESSIONS_3_22: SessionWords = SessionWords { statistics: STATISTICS, ..SESSIONS_3_18 };

const SESSIONS_4_3: SessionWords = SessionWords {
    reopen: "D tee_ta_init_session_with_context:570 Re-open trusted service {uuid}",
    ..SESSIONS_3_22
};

const SESSIONS_4_10: SessionWords = SessionWords {
    close: &["D tee_ta_close_session:513 id {id}", "D tee_ta_close_session:527 Destroy session"],
    destroy: "D destroy_context:326 Destroy TA ctx (0x{context})",
    ..SESSIONS_4_3
};

const STATISTICS: &[&str] = &[
    "D tee_ta_init_pseudo_ta_session:303 Lookup pseudo TA d96a5b40-e2c7-b1af-8794-1002a5d5c61b",
    "D tee_ta_init_pseudo_ta_session:315 Open stats.pta",
    "D tee_ta_init_pseudo_ta_session:330 stats.pta : d96a5b40-e2c7-b1af-8794-1002a5d5c61b",
];

const STATUS_2_4: StatusWords = StatusWords {
    head: &[
        "E tee_ta_dump:100 Status of TA {uuid} (0x{context}) (active)",
        "E tee_ta_dump:110 - load addr : 0x300000    ctx-idr: 1",
        "E tee_ta_dump:111 - stack: 0x102000 2048",
    ],
    region: "E tee_ta_dump:112 sect {n} : va 0x{va} pa 0x{pa} 0x{size}",
    panic: &[
        "D tee_user_ta_enter:300 tee_user_ta_enter: TA panicked with code 0x{code} usr_sp 0x102fe0 \
         usr_lr 0x10a4d5",
    ],
};

const STATUS_2_6: StatusWords = StatusWords {
    head: &[
        "E user_ta_dump_state:400 Status of TA {uuid} (0x{context}) (active)",
        "E user_ta_dump_state:402  arch: arm  load address: 0x103000  ctx-idr: 1",
        "E user_ta_dump_state:404  stack: 0x100000 4096",
    ],
    region: "E user_ta_dump_state:407  region {n}: va 0x{va} pa 0x{pa} size 0x{size} flags rw-",
    ..STATUS_2_4
};

const STATUS_3_0: StatusWords = StatusWords {
    head: &[
        "E - Status of TA {uuid} (0x{context}) (active)",
        "E -  arch: aarch64  load address: 0x40005000  ctx-idr: 3",
        "E -  stack: 0x40000000 2048",
    ],
    region: "E -  region {n}: va 0x{va} pa 0x{pa} size 0x{size} flags rw-RW-",
    panic: &["E - TA panicked with code 0x{code}"],
};

const STATUS_3_2: StatusWords = StatusWords {
    head: &[
        "E - Status of TA {uuid} (0x{context}) (active)",
        "E -  arch: aarch64  load address: 0x40005000 ctx-idr: 3",
        "E -  stack: 0x40000000 2048",
    ],
    region: "E -  region {n}: va 0x{va} pa 0x{pa} size 0x{size} flags rw-RW- ",
    ..STATUS_3_0
};

/// A vendor's core prints it, with what else it knows of the TA.
const STATUS_VENDOR: StatusWords = StatusWords {
    head: &[
        "E - Status of user TA((null) {uuid}) (0x{context})",
        "E - Arch: arm",
        "E - Flags: SINGLE_INSTANCE|MULTI_SESSION|CACHE_MAINTENANCE",
        "E - Stack Ptr: 0x118800, Size: 0x9000, Free: 0x7e20",
        "E - Memory Used: 0x402000",
        "E - Memory List:",
    ],
    region: "E - region {n}: va 0x00{va} pa 0x0{pa} size 0x00{size} flags rw-RW-",
    ..STATUS_3_0
};

const STATUS_LDELF: StatusWords = StatusWords {
    head: &["LE - Status of TA {uuid}", "LE -  arch: aarch64"],
    region: "LE - region  {n}: va 0x{va} pa 0x{pa} size 0x00{size} flags rw-s",
    panic: &["E - ", "E - TA panicked with code 0x{code}"],
};

const CORE_PANIC: &[&str] = &[
    "E - Panic at core/kernel/assert.c:28 <_assert_break>",
    "E - TEE load address @ 0xe100000",
    "E - Call stack:",
    "E -  0x0e1084c0",
    "E -  0x0e11a2bc",
];

const OLD_CORE_PANIC: &[&str] = &["E - Panic at core/arch/arm/mm/core_mmu.c:312 <map_memarea>"];

const BOOT: &str = "I - OP-TEE version: {release}";

/// The oldest form; the others name what differs.
const ROW_1_0: Release = Release {
    name: "1.0",
    boot: "D main_init_primary:300 OP-TEE version: {release}",
    prefixes: &FROM_1_0,
    record: "D mdbg_check:714 Orphaned buffer: {size} bytes {site}",
    sessions: None,
    status: None,
    out_of_memory: None,
    core_panic: OLD_CORE_PANIC,
};

const ROW_3_3: Release = Release {
    name: "3.3",
    boot: BOOT,
    prefixes: &FROM_3_3,
    record: "I - buffer: {size} bytes {site}",
    sessions: Some(&SESSIONS_3_2),
    status: Some(&STATUS_3_2),
    out_of_memory: None,
    core_panic: CORE_PANIC,
};

const ROW_3_7: Release = Release {
    name: "3.7",
    sessions: Some(&SESSIONS_3_7),
    status: Some(&STATUS_LDELF),
    out_of_memory: Some("print_oom:200"),
    ..ROW_3_3
};

/// All releases, oldest first.
pub(crate) const RELEASES: &[Release] = &[
    ROW_1_0,
    Release {
        name: "2.0",
        prefixes: &FROM_2_0,
        record: "D mdbg_check:804 buffer: {size} bytes {site}",
        sessions: Some(&SESSIONS_2_0),
        ..ROW_1_0
    },
    Release {
        name: "2.4",
        prefixes: &FROM_2_1,
        record: "I - buffer: {size} bytes {site}",
        sessions: Some(&SESSIONS_2_0),
        status: Some(&STATUS_2_4),
        ..ROW_1_0
    },
    Release {
        name: "2.6",
        prefixes: &FROM_2_1,
        record: "I - buffer: {size} bytes {site}",
        sessions: Some(&SESSIONS_2_6),
        status: Some(&STATUS_2_6),
        ..ROW_1_0
    },
    Release {
        name: "3.0",
        prefixes: &FROM_3_0,
        sessions: Some(&SESSIONS_2_6),
        status: Some(&STATUS_3_0),
        ..ROW_3_3
    },
    Release { name: "3.2", prefixes: &FROM_3_0, ..ROW_3_3 },
    ROW_3_3,
    ROW_3_7,
    Release {
        name: "3.11 vendor",
        prefixes: &VENDOR,
        record: "I gen_mdbg_check:639 count: {n}, vaddr: 0x{va}, buffer: {size} bytes {site}",
        status: Some(&STATUS_VENDOR),
        out_of_memory: Some("print_oom:201"),
        ..ROW_3_7
    },
    Release {
        name: "3.9 cores",
        prefixes: &CORES,
        record: "I gen_mdbg_check:638 buffer: {size} bytes {site}",
        ..ROW_3_7
    },
    Release { name: "3.16 short", prefixes: &SHORT, sessions: Some(&SESSIONS_3_18), ..ROW_3_7 },
    Release {
        name: "3.20 many cores",
        prefixes: &MANY_CORES,
        sessions: Some(&SESSIONS_3_18),
        out_of_memory: Some("print_oom:185"),
        ..ROW_3_7
    },
    Release {
        name: "3.18",
        sessions: Some(&SESSIONS_3_18),
        out_of_memory: Some("print_oom:185"),
        ..ROW_3_7
    },
    Release {
        name: "3.22",
        sessions: Some(&SESSIONS_3_22),
        out_of_memory: Some("print_oom:186"),
        ..ROW_3_7
    },
    Release {
        name: "4.3",
        sessions: Some(&SESSIONS_4_3),
        out_of_memory: Some("print_oom:186"),
        ..ROW_3_7
    },
    Release {
        name: "4.3 core maps",
        sessions: Some(&SESSIONS_4_3),
        status: Some(&STATUS_3_2),
        out_of_memory: Some("print_oom:186"),
        ..ROW_3_7
    },
    Release {
        name: "4.6 guest",
        prefixes: &GUEST,
        record: "I gen_mdbg_check:682 buffer: {size} bytes {site}",
        sessions: Some(&SESSIONS_4_3),
        out_of_memory: Some("print_oom:186"),
        ..ROW_3_7
    },
    Release {
        name: "4.10",
        sessions: Some(&SESSIONS_4_10),
        out_of_memory: Some("print_oom:181"),
        ..ROW_3_7
    },
];

impl Release {
    /// Whether a close says which session it is of.
    pub(crate) fn has_session_ids(&self) -> bool {
        self.sessions.is_some_and(|words| words.close.iter().any(|line| line.contains("{id}")))
    }
}

/// The message with `{name}` replaced by its value.
pub(crate) fn fill(message: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(message.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
