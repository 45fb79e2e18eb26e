//! Archives: whatever is in one, listing and reading its texts ends with a report or an error.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("teeleak-fuzz-{}", std::process::id()));
    fs::write(&path, data).unwrap();
    let _ = teeleak::read_archive(&path);
    fs::remove_file(&path).unwrap();
});
