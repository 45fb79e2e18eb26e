//! A log of everything that a device prints on one console: dumps, and between them sessions, region maps,
//! failures, errors that nobody knows, the kernel and its programs.

use std::io::{self, Write};

/// What is printed between two dumps; `{n}` is the number of the dump.
const BETWEEN: &str = include_str!("mixed.txt");

/// What is printed now and then.
const FAILURES: &str = include_str!("mixed_failures.txt");

/// Dumps from one failure to the next.
const BETWEEN_FAILURES: u64 = 50;

/// Sites of a dump: how many allocations, and what is printed about each.
const SITES: [(u32, &str); 12] = [
    (9, "24 bytes core/mm/tee_mm.c:137"),
    (2, "88 bytes core/kernel/pseudo_ta.c:316"),
    (4, "152 bytes core/kernel/tee_ta_manager.c:610"),
    (16, "56 bytes core/mm/vm.c:306"),
    (14, "56 bytes core/mm/mobj.c:377"),
    (14, "24 bytes core/mm/fobj.c:759"),
    (26, "432 bytes core/lib/libtomcrypt/mpi_desc.c:69"),
    (2, "832 bytes core/kernel/user_ta.c:417"),
    (1, "3584 bytes core/kernel/thread.c:211"),
    (2, "64 bytes core/mm/core_mmu.c:1981"),
    (1, "48 bytes core/tests/notif_test_wd.c:76"),
    (1, "48 bytes lib/libutils/isoc/bget_malloc.c:927"),
];

/// Writes about `bytes` of log.
pub(crate) fn write(bytes: u64, out: &mut dyn Write) -> io::Result<()> {
    let dump = dump();
    let mut written = 0;
    for n in 0_u64.. {
        if written >= bytes {
            break;
        }
        let failures = if n % BETWEEN_FAILURES == 0 { FAILURES } else { "" };
        let text = [BETWEEN, failures].concat().replace("{n}", &n.to_string());
        out.write_all(text.as_bytes())?;
        out.write_all(dump.as_bytes())?;
        written += (text.len() + dump.len()) as u64;
    }
    out.flush()
}

fn dump() -> String {
    let record = |site: &str| format!("I/TC: buffer: {site}\n");
    SITES.iter().map(|(count, site)| record(site).repeat(*count as usize)).collect()
}
