//! How lines get into a file: one row of [`TRANSPORTS`] per way.

/// A way into a file. In a frame, `{s}`, `{us}` and `{ms}` are seconds and their fraction,
/// `{usec}` microseconds since boot, `{n}` the number of the line.
pub(crate) struct Transport {
    pub(crate) name: &'static str,
    /// Before a line of the secure world.
    pub(crate) secure: &'static str,
    /// Before a line of the normal world.
    pub(crate) normal: &'static str,
    pub(crate) end: &'static str,
}

const BARE: Transport = Transport { name: "bare", secure: "", normal: "", end: "\n" };

/// All ways; the first is that of a serial console of its own.
pub(crate) const TRANSPORTS: &[Transport] = &[
    BARE,
    Transport { name: "kernel stamps", secure: "[{s}.{us}] ", normal: "[{s}.{us}] ", ..BARE },
    Transport {
        name: "[TEE] and CPU",
        secure: "[{s}.{us}@2] [TEE] ",
        normal: "[{s}.{us}@1] ",
        ..BARE
    },
    Transport { name: "kmsg", secure: "5,{n},{usec},-;[TEE] ", normal: "6,{n},{usec},-;", ..BARE },
    Transport {
        name: "logcat",
        secure: "08-07 15:27:01.{ms}     0     0 I KERNEL  : [{s}.{us}][T1234@2] [TEE] ",
        normal: "08-07 15:27:01.{ms}     0     0 I KERNEL  : [{s}.{us}][T1234@0] ",
        ..BARE
    },
    Transport {
        name: "syslog",
        secure: "Nov 29 11:20:01 board kernel: [{s}.{us}] ",
        normal: "Nov 29 11:20:01 board kernel: [{s}.{us}] ",
        ..BARE
    },
    Transport {
        name: "terminal stamps",
        secure: "(240807_15:27:01.{ms})",
        normal: "(240807_15:27:01.{ms})",
        ..BARE
    },
    Transport { name: "CRLF", end: "\r\n", ..BARE },
    Transport { name: "driver's tag", secure: "[{s}.{us}] optee: ", normal: "[{s}.{us}] ", ..BARE },
    Transport {
        name: "log level",
        secure: "<6>[{s}.{us}] [OPTEE] ",
        normal: "<6>[{s}.{us}] ",
        ..BARE
    },
    Transport {
        name: "dates",
        secure: "[Sun Nov 29 11:20:01 2026] ",
        normal: "[Sun Nov 29 11:20:01 2026] ",
        ..BARE
    },
    Transport {
        name: "terminal dates",
        secure: "[2026-11-29 15:27:01.{ms}] ",
        normal: "[2026-11-29 15:27:01.{ms}] ",
        ..BARE
    },
];
