//! Lets tauri read `tauri.conf.json` and `capabilities/` at the root, and makes one permission for
//! each command the window may call: none is open by default.

fn main() {
    let commands = tauri_build::AppManifest::new().commands(&[
        "view",
        "pause",
        "copy_address",
        "copy",
        "requests",
        "request",
        "summary",
        "breakdown",
        "chart",
        "models",
        "prices",
        "route_test",
        "keys",
        "key_set",
        "key_remove",
        "key_test",
        "shadow",
        "simulate",
        "budgets",
        "budget_order",
        "local",
        "local_order",
        "tunnel",
        "tunnel_start",
        "tunnel_stop",
        "tunnel_test",
        "config_shown",
        "config_check",
        "doctor",
        "tools",
        "clients",
        "tool_rehearse",
        "tool_connect",
        "tool_disconnect",
        "tools_restore",
        "login",
        "login_set",
        "retry",
        "quit",
    ]);
    let attributes = tauri_build::Attributes::new().app_manifest(commands);
    tauri_build::try_build(attributes).expect("tauri.conf.json and capabilities/ are read");
}
