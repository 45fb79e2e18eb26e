//! Where tests find what they read, and put what they write.

use std::{
    fs,
    path::{Path, PathBuf},
};

use teeleak::capture::{CapturePiece, CaptureReader};
use teeleak_analysis::{clients::settle, model::Observation, parse::capture::ObservationBuilder};

/// The folder of this crate, with a slash at its end; goldens have paths without it.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/");

/// A TA with a UUID like that of a field report.
pub(crate) const DRM: &str = "b3a5a6a6-3e5e-4f0b-9d27-6a1c8e4b7f10";

/// How the calls of a player of protected video have to follow each other.
pub(crate) const DRM_PLAYER: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/leaky-ta/player/drm-player.toml");

/// Path of a file of `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> String {
    format!("{FOLDER}fixtures/{name}")
}

/// Path of a recording of a real OP-TEE 4.10.0.
pub(crate) fn capture(name: &str) -> String {
    fixture(&format!("capture/4.10.0.{name}.tlk"))
}

/// What it holds.
pub(crate) fn observed(name: &str) -> Observation {
    let file = fs::read(capture(name)).unwrap();
    let mut reader = CaptureReader::new(&*file).unwrap();
    let mut builder = ObservationBuilder::new(name);
    while let Some(piece) = reader.next_piece().unwrap() {
        let CapturePiece::Frame { kind, payload } = piece else { panic!("{piece:?}") };
        builder.frame(kind, payload);
    }
    let mut observation = builder.finish();
    settle(&mut observation);
    observation
}

/// A folder for the files of a module of tests.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A place in it for a test's own folder: what an earlier run left there is removed.
pub(crate) fn empty(module: &str, name: &str) -> PathBuf {
    let place = folder(module).join(name);
    let _ = fs::remove_dir_all(&place);
    place
}
