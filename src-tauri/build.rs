//! Lets tauri read `tauri.conf.json` and `capabilities/` at the root. Nothing else.

fn main() {
    tauri_build::build();
}
