//! A log as a device of the field writes it: the vendor's dialect, one dump and one region map per channel
//! switch, and a leak of two objects each time.

use std::io::{self, Write};

/// Sites of allocations that stay: size in bytes, file, line.
const SITES: [(u32, &str, u32); 24] = [
    (16, "core/kernel/tee_ta_manager.c", 701),
    (24, "core/mm/tee_mm.c", 238),
    (24, "core/mm/tee_mm.c", 20),
    (28, "core/arch/arm/mm/tee_mmu.c", 257),
    (28, "core/arch/arm/mm/tee_mmu.c", 368),
    (32, "core/arch/arm/mm/mobj.c", 168),
    (32, "core/mm/fobj.c", 77),
    (40, "core/arch/arm/kernel/user_ta.c", 390),
    (40, "core/kernel/handle.c", 46),
    (48, "core/tee/tee_fs_rpc.c", 110),
    (56, "core/arch/arm/mm/mobj.c", 303),
    (56, "core/arch/arm/mm/mobj.c", 412),
    (64, "core/mm/pgt_cache.c", 88),
    (64, "core/tee/tee_obj.c", 60),
    (72, "core/drivers/gic.c", 201),
    (80, "core/kernel/mutex.c", 30),
    (96, "core/crypto/crypto.c", 131),
    (120, "core/tee/tee_svc_cryp.c", 1204),
    (152, "core/arch/arm/kernel/generic_boot.c", 402),
    (208, "core/tee/tadb.c", 99),
    (264, "core/lib/libtomcrypt/hash.c", 44),
    (512, "core/tee/tee_ree_fs.c", 611),
    (1032, "core/kernel/tee_ta_manager.c", 622),
    (16, "lib/libutils/isoc/bget_malloc.c", 936),
];

/// Allocations of each site that stay.
const EACH: u32 = 25;

/// Channel switches until the device starts again, so that dumps don't grow without end.
const SWITCHES: u32 = 600;

/// Writes about `bytes` of log.
pub(crate) fn write(bytes: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut log = Log { out, written: 0, us: 57_288_043_962, line: Vec::new() };
    let mut switch = 0;
    while log.written < bytes {
        log.dump(switch)?;
        log.session()?;
        log.map(switch)?;
        switch = (switch + 1) % SWITCHES;
        if switch == 0 {
            log.say(format_args!(
                "I/TC: OP-TEE version: 3.11.0 #1 Fri Oct 16 16:09:12 UTC 2020 arm"
            ))?;
        }
    }
    log.out.flush()
}

struct Log<'o> {
    out: &'o mut dyn Write,
    written: u64,
    us: u64,
    line: Vec<u8>,
}

impl Log<'_> {
    fn say(&mut self, text: std::fmt::Arguments<'_>) -> io::Result<()> {
        self.us += 1_400;
        self.line.clear();
        let (second, us, core) = (self.us / 1_000_000, self.us % 1_000_000, self.us / 1_400 % 4);
        writeln!(self.line, "[{second:5}.{us:06}@{core}] [TEE] {text}")?;
        self.written += self.line.len() as u64;
        self.out.write_all(&self.line)
    }

    fn record(&mut self, count: &mut u32, (size, file, line): (u32, &str, u32)) -> io::Result<()> {
        *count += 1;
        let address = 0x32ef_e000 + *count * 0x48;
        self.say(format_args!(
            "I/TC:3 00 gen_mdbg_check:639 count: {count}, vaddr: {address:#x}, buffer: {size} bytes {file}:{line}"
        ))
    }

    fn dump(&mut self, switch: u32) -> io::Result<()> {
        let mut count = 0;
        for _ in 0..switch {
            self.record(&mut count, SITES[5])?;
            self.record(&mut count, SITES[3])?;
        }
        for _ in 0..EACH {
            SITES[..23].iter().try_for_each(|site| self.record(&mut count, *site))?;
        }
        self.record(&mut count, SITES[23])
    }

    fn session(&mut self) -> io::Result<()> {
        let uuid = "acbe4b66-6e40-46dc-a2fe-a576922cf170";
        self.say(format_args!("D/TC:? 00 tee_ta_init_session_with_context:583 Re-open TA {uuid}"))?;
        self.say(format_args!("D/TC:? 00 tee_ta_close_session:490 csess 0x24b78bf8 id 1"))?;
        self.say(format_args!("D/TC:? 00 tee_ta_close_session:509 Destroy session"))
    }

    fn map(&mut self, switch: u32) -> io::Result<()> {
        let uuid = "acbe4b66-6e40-46dc-a2fe-a576922cf170";
        self.say(format_args!("E/TC:? 00 Status of user TA((null) {uuid}) (0x32f05560)"))?;
        self.say(format_args!("E/TC:? 00 Memory List:"))?;
        for n in 0..9 + switch {
            let (va, pa) = (0x10_0000 + n * 0x2000, 0x5a39_9000_u32.wrapping_add(n * 0x1000));
            self.say(format_args!(
                "E/TC:? 00 region {n}: va {va:#010x} pa {pa:#010x} size 0x001000 flags rw-RW-"
            ))?;
        }
        Ok(())
    }
}
