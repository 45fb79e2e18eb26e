//! Outputs that are kept in files.

use std::{fs, path::Path};

/// Compares with `tests/fixtures/cli/NAME`, or rewrites it where `BLESS` is set.
pub fn golden(name: &str, actual: &str) {
    kept(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cli").join(name), actual);
}

/// The same with `host/schema/NAME`, which is published.
pub fn published(name: &str, actual: &str) {
    kept(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/schema").join(name), actual);
}

fn kept(path: &Path, actual: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for fixtures");
        fs::write(path, actual).expect("a fixture that can be written");
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    let name = path.display();
    assert!(
        expected == actual,
        "{name} differs; if that is right: cargo xtask bless\n--- expected\n{expected}\n--- actual\n{actual}"
    );
}
