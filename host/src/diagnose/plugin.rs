//! Whether the TA can push dumps on its own while no teeleak runs.

use std::path::Path;

use teeleak_proto::push::PLUGIN_TEXT;

use super::{Check, CheckId, State};

/// Where tee-supplicant looks for plugins, unless it was built otherwise (optee_client,
/// `CFG_TEE_PLUGIN_LOAD_PATH`).
const FOLDER: &str = "usr/lib/tee-supplicant/plugins";

/// Checks for the plugin below `root`. Whether tee-supplicant loaded it can't be detected.
pub(super) fn check(root: &Path) -> Check {
    let name = format!("{PLUGIN_TEXT}.plugin");
    let there = root.join(FOLDER).join(&name).exists();
    let detail = if there {
        "installed; tee-supplicant loads it when it starts".into()
    } else {
        format!("no {name} in /{FOLDER}")
    };
    let remedy = format!(
        "install libteeleak_plugin.so as /{FOLDER}/{name}, or where this tee-supplicant looks for \
         plugins, and restart tee-supplicant"
    );
    Check {
        id: CheckId::SupplicantPlugin,
        brings: "dumps that the TA pushes on its own",
        state: if there { State::Present } else { State::Missing },
        detail,
        remedy: (!there).then_some(remedy),
    }
}
