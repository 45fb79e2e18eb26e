//! Texts that no device prints: each has one thing without end.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

/// A text of any length.
pub(crate) struct HostileText {
    /// What there is no end of.
    pub(crate) name: &'static str,
    /// Appends what the text has the `n`th time.
    append: fn(&mut String, n: u64),
}

/// All of them.
pub(crate) const TEXTS: [HostileText; 29] = [
    text("sites", |out, n| record(out, n % 4000 + 8, &format!("core/a{n}.c"), 7)),
    text("sizes of a site", |out, n| record(out, n, "core/mm/mobj.c", 168)),
    text("long names of sites", |out, n| record(out, 24, &long_name(n), 1)),
    text("tiny dumps", tiny_dump),
    text("dumps that grow", growing_dump),
    text("dumps without an end", |out, n| record(out, 24, "core/mm/mobj.c", n % 300)),
    text("open sessions", |out, _| reopen(out, 7)),
    text("open sessions of TAs", reopen),
    text("TAs", load),
    text("closes", close),
    text("loads that fail", failed_load),
    text("unknown errors", unknown_error),
    text("unknown errors of 4 kB", |out, n| out.push_str(&long_error(n))),
    text("results of programs", program),
    text("requests that fail", failed_request),
    text("results", |out, n| say(out, "E/TC:? 0 tee_ta_invoke_command:831 Error: ffff{} of 4", n)),
    text("panics", panic),
    text("aborts", abort),
    text("maps", |out, n| map(out, n, 9)),
    text("large maps", |out, n| map(out, n, 4_000)),
    text("regions", region),
    text("pools", pool),
    text("boots", boot),
    text("cut records", |out, n| say(out, "I/TC: buffer: {} bytes core/mm/mo", n)),
    text("quotes", quote),
    text("a line without end", |out, _| out.push_str("I/TC: buffer: 24 bytes a.c:137 ")),
    text("test cases", test_case),
    text("empty lines", |out, _| out.push('\n')),
    text("control characters", |out, n| say(out, "\x1b[3{}m\x1b[0m\0I/TC: \x08\r", n)),
];

const fn text(name: &'static str, append: fn(&mut String, u64)) -> HostileText {
    HostileText { name, append }
}

impl HostileText {
    /// Writes about `bytes` of it.
    pub(crate) fn write(&self, bytes: u64, out: &mut dyn Write) -> io::Result<()> {
        let (mut text, mut written) = (String::new(), 0);
        for n in 0.. {
            if written >= bytes {
                break;
            }
            text.clear();
            (self.append)(&mut text, n);
            out.write_all(text.as_bytes())?;
            written += text.len() as u64;
        }
        out.flush()
    }
}

/// Appends a line with a number in it.
fn say(out: &mut String, line: &str, n: u64) {
    out.push_str(&line.replace("{}", &n.to_string()));
    out.push('\n');
}

/// Appends a line with a UUID in it, another one for each number.
fn say_uuid(out: &mut String, line: &str, n: u64) {
    let uuid = format!("{:08x}-5dc0-11e8-9c2d-{n:012x}", n * 0x9e37_79b9 % 0xffff_fffb);
    out.push_str(&line.replace("{}", &uuid));
    out.push('\n');
}

/// A word of letters, another one for each number.
fn word(n: u64) -> String {
    (0..8).map(|at| char::from(b"abcdefghiklmnopr"[(n >> (4 * at) & 15) as usize])).collect()
}

fn long_name(n: u64) -> String {
    format!("core/{}{n}.c", "folder/".repeat(120))
}

fn record(out: &mut String, size: u64, file: &str, line: u64) {
    // Writing to a string can't fail.
    let _ = writeln!(out, "I/TC: buffer: {size} bytes {file}:{line}");
}

fn tiny_dump(out: &mut String, n: u64) {
    record(out, 24 + n % 2, "core/mm/mobj.c", 377);
    record(out, 48, "lib/libutils/isoc/bget_malloc.c", 927);
}

fn growing_dump(out: &mut String, n: u64) {
    (0..n % 2000).for_each(|at| record(out, 24, "core/mm/mobj.c", at % 300));
    record(out, 48, "lib/libutils/isoc/bget_malloc.c", 927);
}

fn load(out: &mut String, ta: u64) {
    say_uuid(out, "D/TC:? 0 tee_ta_init_pseudo_ta_session:303 Lookup pseudo TA {}", ta);
    say_uuid(out, "D/LD:  ldelf:142 Loading TS {}", ta);
    say_uuid(out, "D/LD:  ldelf:176 ELF ({}) at 0x40034000", ta);
}

fn reopen(out: &mut String, ta: u64) {
    let line = "D/TC:? 0 tee_ta_init_session_with_context:570 Re-open trusted service {}";
    say_uuid(out, line, ta);
}

fn close(out: &mut String, n: u64) {
    say(out, "D/TC:? 0 tee_ta_close_session:513 csess 0x3e1b2a60 id {}", n);
    say(out, "D/TC:? 0 tee_ta_close_session:532 Destroy session", n);
}

fn failed_load(out: &mut String, n: u64) {
    load(out, n);
    say_uuid(out, "D/TC:? 0 ldelf_syscall_open_bin:142 Lookup user TA ELF {} (REE)", n);
    say(out, "D/TC:? 0 ldelf_syscall_open_bin:146 res=0xffff000c", n);
    say(out, "E/TC:? 0 tee_ta_open_session:741 init session failed 0xffff000c", n);
}

fn unknown_error(out: &mut String, n: u64) {
    let _ = writeln!(out, "E/TC:? 0 {}:12 {} is odd", word(n), word(n * 7));
}

fn long_error(n: u64) -> String {
    format!("E/TC:? 0 {}:12 {}\n", word(n), word(n * 7).repeat(500))
}

fn program(out: &mut String, n: u64) {
    let name = word(n);
    let _ = writeln!(out, "{name}[{n}]: TEEC_OpenSession of {name} failed: 0xffff000c origin 0x3");
}

fn failed_request(out: &mut String, n: u64) {
    say(out, "E/TC:? 0 Memory allocation failed: size {} context 2", n);
}

fn panic(out: &mut String, n: u64) {
    say(out, "E/TC:? 0 TA panicked with code 0x{}", n % 100_000_000);
    map(out, n, 3);
    say(out, "E/LD:  Call stack:", n);
    (0..20).for_each(|at| say(out, "E/LD:   0x000000{}", 10_000_000_000 + n * at % 1_000_000));
}

fn abort(out: &mut String, n: u64) {
    say(out, "E/TC:? 0 User mode data-abort at address 0x{} (translation fault)", n);
    (0..12).for_each(|at| say(out, "E/TC:? 0  x0  0000000040034000 x1  00000000{}", n + at));
}

fn map(out: &mut String, n: u64, regions: u64) {
    say_uuid(out, "E/TC:? 0 Status of TA {}", n);
    say(out, "E/TC:? 0  arch: aarch64", n);
    (0..regions).for_each(|at| region(out, at));
}

fn region(out: &mut String, n: u64) {
    let va = 0x4000_0000 + (n << 12);
    let _ = writeln!(
        out,
        "E/TC:? 0  region {n:2}: va {va:#010x} pa 0x0e300000 size 0x001000 flags rw-s"
    );
}

fn pool(out: &mut String, n: u64) {
    let _ = writeln!(out, "Pool:                {}", word(n));
    say(out, "Bytes allocated:     {}", n);
    say(out, "Max bytes allocated: {}", n);
    say(out, "Size of pool:        65536", n);
}

fn boot(out: &mut String, n: u64) {
    say(out, "I/TC: OP-TEE version: {}.2.0 (gcc) #1 aarch64", n);
    tiny_dump(out, n);
}

fn quote(out: &mut String, n: u64) {
    out.push_str(&"> ".repeat((n % 400) as usize));
    record(out, 24, "core/mm/tee_mm.c", 137);
}

fn test_case(out: &mut String, n: u64) {
    say(out, "* regression_{} a test", n);
    failed_request(out, n);
    say(out, "  regression_{} FAILED", n);
}
