//! Lets tauri read `tauri.conf.json` and `capabilities/` at the root, and makes one permission for
//! each command the window may call: none is open by default.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&[
        "view",
        "pause",
        "copy_address",
        "retry",
        "quit",
    ]);
    let attributes = tauri_build::Attributes::new().app_manifest(commands);
    tauri_build::try_build(attributes).expect("tauri.conf.json and capabilities/ are read");
}
