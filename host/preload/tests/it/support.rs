//! Builds the C programs, runs them with the library and reads what it recorded.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use teeleak_proto::client::{
    ClientCall, HEAD_BYTES, SlotState,
    head::{self, Head},
};

/// Which libteec.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Abi {
    /// `libteec.so.1`
    One,
    /// `libteec.so.2`
    Two,
}

/// The C programs of one [`Abi`], built once.
pub(crate) struct Programs {
    folder: PathBuf,
    abi: Abi,
}

/// The programs of `abi`.
pub(crate) fn programs(abi: Abi) -> &'static Programs {
    static ONE: OnceLock<Programs> = OnceLock::new();
    static TWO: OnceLock<Programs> = OnceLock::new();
    let place = if abi == Abi::One { &ONE } else { &TWO };
    place.get_or_init(|| Programs::build(abi))
}

impl Programs {
    fn build(abi: Abi) -> Self {
        let name = format!("c-{abi:?}-{}", env!("CARGO_CRATE_NAME"));
        let built = Self { folder: Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), abi };
        fs::create_dir_all(&built.folder).unwrap();
        let library = format!("-Wl,-soname,{}", built.library_name());
        built.cc("stub.c", &built.library_name(), &["-shared", "-fPIC", &library]);
        let link = format!("-l:{}", built.library_name());
        let linked = ["-L.", &link, "-Wl,-rpath,$ORIGIN"];
        built.cc("client.c", "client", &linked);
        built.cc("plugin.c", "plugin.so", &["-shared", "-fPIC", linked[0], linked[1], linked[2]]);
        built.cc("loader.c", "loader", &[]);
        built.cc("host.c", "host", &[]);
        built
    }

    fn library_name(&self) -> String {
        format!("libteec.so.{}", if self.abi == Abi::One { 1 } else { 2 })
    }

    fn cc(&self, source: &str, to: &str, more: &[&str]) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(source);
        let abi = format!("-DTEEC_ABI={}", if self.abi == Abi::One { 1 } else { 2 });
        let built = Command::new("cc")
            .current_dir(&self.folder)
            .args(["-O1", "-g", "-Wall", "-Wextra", "-Werror", "-pthread", &abi, "-o", to])
            .arg(source)
            .args(more)
            .status()
            .expect("a C compiler is needed to run these tests");
        assert!(built.success(), "{to} does not build");
    }

    /// Path of a program or library.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Path of the stub.
    pub(crate) fn library(&self) -> PathBuf {
        self.path(&self.library_name())
    }
}

/// The library under test.
pub(crate) fn preload() -> PathBuf {
    let here = env::current_exe().unwrap();
    let deps = here.parent().unwrap();
    let library = deps.join("libteeleak_preload.so");
    assert!(library.exists(), "{} is not there", library.display());
    library
}

/// A folder for rings, and the programs that run with it.
pub(crate) struct Trace {
    /// The folder.
    pub(crate) folder: tempfile::TempDir,
}

impl Trace {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A command that will run under the library.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("LD_PRELOAD", preload()).env("TEELEAK_TRACE_DIR", self.folder.path());
        command
    }

    /// Runs a program to its end.
    pub(crate) fn run(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Output {
        self.command(program).args(args).output().unwrap()
    }

    /// The rings, in the order in which they were made.
    pub(crate) fn rings(&self) -> Vec<Ring> {
        let mut rings: Vec<_> = self.files("ring-").iter().map(|path| Ring::read(path)).collect();
        rings.sort_by_key(|ring| ring.head.born_ns);
        rings
    }

    /// The only ring.
    pub(crate) fn ring(&self) -> Ring {
        let mut rings = self.rings();
        assert_eq!(rings.len(), 1);
        rings.pop().unwrap()
    }

    /// Files whose name starts so.
    pub(crate) fn files(&self, prefix: &str) -> Vec<PathBuf> {
        let all = fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap());
        let named = all.filter(|entry| entry.file_name().to_str().unwrap().starts_with(prefix));
        named.map(|entry| entry.path()).collect()
    }
}

/// What a ring file holds once its process is gone.
pub(crate) struct Ring {
    /// Its head.
    pub(crate) head: Head,
    /// Records, in order.
    pub(crate) calls: Vec<ClientCall>,
    /// Return addresses that belong to them.
    pub(crate) stacks: Vec<Vec<u64>>,
    /// Tickets without a record.
    pub(crate) lost: u64,
    /// Bytes of the file.
    pub(crate) bytes: usize,
}

impl Ring {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let words: Vec<_> = bytes
            .chunks_exact(8)
            .map(|word| u64::from_ne_bytes(word.try_into().unwrap()))
            .collect();
        let head = Head::decode(words.first_chunk::<{ head::WORDS }>().unwrap()).unwrap();
        let mut ring = Self { head, calls: vec![], stacks: vec![], lost: 0, bytes: bytes.len() };
        for ticket in 0..head.tickets {
            ring.take(ticket, &words[HEAD_BYTES / 8..]);
        }
        ring
    }

    fn take(&mut self, ticket: u64, slots: &[u64]) {
        let at = usize::try_from(ticket % self.head.slots).unwrap() * self.head.slot_words;
        let slot = &slots[at..at + self.head.slot_words];
        if SlotState::for_ticket(slot[0], ticket) != SlotState::Whole {
            self.lost += 1;
            return;
        }
        let payload = slot[1..].first_chunk().unwrap();
        self.calls.push(ClientCall::decode(payload).unwrap());
        let frames = slot[1 + payload.len()..].iter().copied().take_while(|frame| *frame != 0);
        self.stacks.push(frames.collect());
    }
}
