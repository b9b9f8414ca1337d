//! x
fn main() {
    let _: tauri::Context = tauri::generate_context!();
}
