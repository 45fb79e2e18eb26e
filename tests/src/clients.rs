//! C programs that call a libteec without a TEE, for what is recorded of clients.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The client, linked against the stub; see `client.c` for how it can be made to behave.
#[must_use]
pub fn client() -> &'static str {
    static BUILT: OnceLock<String> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = env::temp_dir().join(format!("teeleak-clients-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the programs");
        let shared = ["-shared", "-fPIC", "-Wl,-soname,libteec.so.2"];
        cc(&folder, "stub.c", "libteec.so.2", &shared);
        cc(&folder, "client.c", "client", &["-L.", "-l:libteec.so.2", "-Wl,-rpath,$ORIGIN"]);
        folder.join("client").to_str().expect("a plain name").to_owned()
    })
}

fn cc(folder: &Path, source: &str, to: &str, more: &[&str]) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/preload/tests/c");
    let built = Command::new("cc")
        .current_dir(folder)
        .args(["-O1", "-pthread", "-DTEEC_ABI=2", "-o", to])
        .arg(sources.join(source))
        .args(more)
        .status()
        .expect("a C compiler is needed to run these tests");
    assert!(built.success(), "{to} does not build");
}

/// The preload library, which cargo builds next to this test.
#[must_use]
pub fn preload() -> PathBuf {
    let here = env::current_exe().expect("a path of this program");
    let library = here.with_file_name("libteeleak_preload.so");
    assert!(library.exists(), "{} is not there", library.display());
    library
}
