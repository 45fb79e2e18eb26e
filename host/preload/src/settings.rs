//! Settings from the environment, read once at load time.

use std::{
    ffi::{CStr, c_char},
    fmt::Write,
    sync::OnceLock,
};

use teeleak_proto::client::{SLOT_WORDS, SLOT_WORDS_STACK};

use crate::text::Text;

/// Folder of the ring files; without it nothing is recorded.
const DIR: &CStr = c"TEELEAK_TRACE_DIR";
/// `1` enables call stacks.
const STACK: &CStr = c"TEELEAK_TRACE_STACK";
/// `1` enables file descriptors.
const FDS: &CStr = c"TEELEAK_TRACE_FDS";

/// Longest path of the folder, in bytes.
const DIR_BYTES: usize = 192;

/// The settings.
pub(crate) struct Settings {
    dir: Text<DIR_BYTES>,
    /// Record call stacks.
    pub(crate) stack: bool,
    /// Record file descriptors.
    pub(crate) fds: bool,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

unsafe extern "C" {
    fn secure_getenv(name: *const c_char) -> *const c_char;
}

/// The settings; `None` if recording is off, or before they are read.
pub(crate) fn get() -> Option<&'static Settings> {
    SETTINGS.get()
}

/// Reads the environment. Called once, before the program has threads.
pub(crate) fn read() -> Option<&'static Settings> {
    let dir = variable(DIR).filter(|dir| !dir.is_empty() && dir.len() <= DIR_BYTES)?;
    let mut text = Text::new();
    text.push(dir);
    let on = |name| variable(name) == Some(b"1");
    let settings = Settings { dir: text, stack: on(STACK), fds: on(FDS) };
    Some(SETTINGS.get_or_init(|| settings))
}

/// An environment variable; `None` in a set-user-ID program and the like.
fn variable(name: &CStr) -> Option<&'static [u8]> {
    // SAFETY: `name` is a C string; before there are threads nobody changes the environment.
    let value = unsafe { secure_getenv(name.as_ptr()) };
    // SAFETY: what is not null is a C string in the environment.
    (!value.is_null()).then(|| unsafe { CStr::from_ptr(value) }.to_bytes())
}

impl Settings {
    /// Words of a slot.
    pub(crate) fn slot_words(&self) -> usize {
        if self.stack { SLOT_WORDS_STACK } else { SLOT_WORDS }
    }

    /// The folder of ring files.
    pub(crate) fn dir(&self) -> &CStr {
        self.dir.as_c()
    }

    /// Path of a file in the folder: `PREFIX-PID-BORN`.
    pub(crate) fn path(&self, prefix: &str, pid: u32, born_ns: u64) -> Text<256> {
        let mut path = Text::new();
        path.push(self.dir.bytes());
        // A too long path is truncated; creating the file then fails, and nothing is recorded.
        let _ = write!(path, "/{prefix}-{pid}-{born_ns:016x}");
        path
    }
}
