//! What programs of the normal world print is theirs, whatever words they use.

#![allow(clippy::unwrap_used, reason = "a test ends with its first error")]

use teeleak_analysis::{
    model::Observation,
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, scan},
};

/// Lines of cameras, sound, networks, browsers, databases and kernels that have words of OP-TEE's.
const LINES: [&str; 48] = [
    "camera-hal: buffer: 4097 bytes ready",
    "CameraService: stream 3 buffer: 12 of 24 bytes",
    "v4l2src0: buffer: 614400 bytes dropped",
    "gst_buffer_pool_alloc: buffer pool 0x7f1c allocated: 3",
    "GStreamer pool: allocated 12, size 640",
    "AudioFlinger: buffer: underrun, 960 bytes short",
    "AudioFlinger: session 17 opened by pid 1200",
    "AudioTrack: close session 17",
    "pulseaudio[412]: Pool size 64, allocated 12",
    "alsa: region 0: va 12 pa 12",
    "pipewire[8]: region 3: size 0x1000 flags rw",
    "sshd[311]: pam_unix(sshd:session): session opened for user root",
    "sshd[311]: pam_unix(sshd:session): session closed for user root",
    "systemd-logind[99]: New session 4 of user root.",
    "systemd-logind[99]: Removed session 4.",
    "NetworkManager[5]: <info> device (eth0): buffer: 2048 bytes",
    "wpa_supplicant[7]: wlan0: TA 02:00:00:00:00:01 matched",
    "hostapd: STA TA mismatch, dropping",
    "iperf3: 10.0 sec 1.09 GBytes 940 Mbits/sec",
    "nginx: worker buffer: client body buffered to file",
    "chromium: [12:12:0311/102001.007:ERROR:gpu_process.cc(42)] buffer: 4096 bytes lost",
    "chromium: [12:12:0311/102001.007:INFO:CONSOLE(1)] \"session closed\", source: app.js (1)",
    "firefox: Buffer pool allocated: 4096 bytes",
    "webview: E/chromium: pool exhausted after 12 bytes",
    "java.lang.OutOfMemoryError: Java heap space",
    "mysqld: InnoDB: Buffer pool(s) load completed at 250311",
    "mysqld: InnoDB: Initializing buffer pool, total size = 128.0M",
    "postgres: could not resize shared memory: pool of 64 bytes",
    "redis: Allocated 1024 bytes in pool",
    "usb 1-1: new high-speed USB device number 2 using xhci_hcd",
    "usb-storage: buffer: 512 bytes residue",
    "mmc0: Status of card 0x900",
    "e1000e: eth0: Call stack:",
    "ION heap pool: allocated 12 pages",
    "drm: Allocated 4096 bytes for cursor",
    "swiotlb buffer is full (sz: 4096 bytes), total 32768 (slots)",
    "nvme: pool of 32 buffers, size 4096 bytes",
    "zram: Added device: zram0, pool 4096 bytes",
    "Bluetooth: hci0: SCO session 3 closed, 12 bytes left",
    "gnss[88]: buffer: 128 bytes parser.c:88",
    "modem[9]: sect 0: va 0x1000 pa 0x2000 size 0x10",
    "player: TEE pool opened, 12 bytes of 24 allocated",
    "player: opened session 5, closed session 4",
    "drmserver: TA loaded, session open, 4096 bytes",
    "widevine: buffer: 65536 bytes decrypted",
    "logger: size 24 bytes allocated 12 of pool Heap",
    "kernel buffer: 8 pages",
    "app: Max allocated 12 of pool",
];

const STAMPS: [&str; 5] = [
    "",
    "[   12.345678] ",
    "Mar 11 10:20:01 board ",
    "03-11 10:20:01.007   143 12974 I Player  : ",
    "2025-03-11T10:20:01.007Z ",
];

fn read(text: &str) -> Observation {
    let mut assembler = Assembler::new("log", IterationSplit::default());
    let mut facts = ChunkFacts::new(false);
    scan(text.as_bytes(), &Rules::default(), &mut facts);
    assembler.push(&mut facts);
    assembler.finish()
}

/// Whether a line gives a fact, or counts as damaged.
fn is_taken(line: &str) -> bool {
    let observation = read(&format!("{line}\n"));
    !observation.events.is_empty()
        || !observation.incidents.is_empty()
        || !observation.samples.is_empty()
        || observation.accounting.rejected > 0
}

#[test]
fn no_line_of_an_app_is_a_fact_or_damaged() {
    let lines =
        STAMPS.iter().flat_map(|stamp| LINES.iter().map(move |line| format!("{stamp}{line}")));
    let taken: Vec<_> = lines.filter(|line| is_taken(line)).collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn lines_of_apps_change_no_dump() {
    let dump = |lines: &str| -> String {
        let records = "I/TC: buffer: 24 bytes core/mm/mobj.c:20\n".repeat(3);
        format!("{records}{lines}E/TC:0 0 TA panicked with code 0xffff000c\n{records}")
    };
    let summary = |observation: Observation| {
        let sites: Vec<_> =
            observation.samples.iter().map(|sample| sample.sites.value().cloned()).collect();
        format!("{sites:?} {} {}", observation.incidents.len(), observation.accounting.rejected)
    };
    let bare = summary(read(&dump("")));
    let changes = |line: &&str| summary(read(&dump(&format!("{line}\n")))) != bare;
    let lines: Vec<_> = LINES.into_iter().filter(|line| changes(line)).collect();
    assert!(lines.is_empty(), "{lines:#?}");
}

#[test]
fn pools_that_vendors_name_are_read() {
    for line in [
        "tz_heap: size=65536 used=1000 peak=2000",
        "svp pool: used 1048576 of 8388608 bytes",
        "secmem pool: allocated 4096 of 1048576, failed 0",
        "vendor tzdram: total 65536 used 4096",
    ] {
        assert_eq!(read(&format!("{line}\n")).samples.len(), 1, "{line}");
    }
}
