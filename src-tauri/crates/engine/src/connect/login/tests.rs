//! The entry at login: where it is, what it runs, and that it is there exactly while a tool needs it.

use super::*;
use crate::connect::Files;
use crate::connect::tests::World;

const PROGRAM: &str = "/usr/bin/weir";

fn entry(world: &World) -> Option<String> {
    let path = place(&world.around, world.home.root());
    world.disk.read(&path).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_desktop_entry_names_program_and_home_whatever_is_in_their_paths() {
    let text = text(Platform::Linux, "n", Path::new("/a b/w$\"%"), Path::new(r"/h\x")).unwrap();
    let exec = text.lines().find(|line| line.starts_with("Exec=")).unwrap();
    assert_eq!(exec, r#"Exec="/a b/w\\$\\"%%" guard at-login --home "/h\\\\x""#);
    assert!(super::text(Platform::Linux, "n", Path::new("/a\nb"), Path::new("/h")).is_none());
}

#[test]
fn macos_and_windows_have_theirs_where_these_look_at_login() {
    let world = World::new();
    let on = |platform| Surroundings { platform, ..world.around.clone() };
    let mac = place(&on(Platform::Mac), Path::new("/h"));
    assert!(mac.starts_with(world.around.home.join("Library/LaunchAgents")), "{mac:?}");
    let plist = text(Platform::Mac, "weir-restore-1", Path::new("/A&B/weir"), Path::new("/h"));
    let plist = plist.unwrap();
    assert!(plist.contains("<string>/A&amp;B/weir</string><string>guard</string>"), "{plist}");
    let windows = place(&on(Platform::Windows), Path::new("/h"));
    let startup = Path::new("Start Menu/Programs/Startup");
    assert!(windows.parent().unwrap().ends_with(startup), "{windows:?}");
    let batch = text(Platform::Windows, "n", Path::new("C:\\W\\weir.exe"), Path::new("C:\\100%"));
    let line = "@start \"\" /min \"C:\\W\\weir.exe\" guard at-login --home \"C:\\100%%\"\r\n";
    assert_eq!(batch.unwrap(), format!("@chcp 65001 >nul\r\n{line}"));
}

#[test]
fn two_homes_of_a_user_have_an_entry_each() {
    let world = World::new();
    assert_ne!(place(&world.around, Path::new("/a")), place(&world.around, Path::new("/b")));
}

#[test]
fn the_entry_is_there_while_a_tool_leads_to_weir_and_goes_with_the_last_one() {
    let world = World::new();
    let shop = world.shop();
    for tool in [Tool::ClaudeCode, Tool::Codex] {
        world.connect(tool).unwrap();
    }
    shop.put_login_entry(Path::new(PROGRAM)).unwrap();
    assert!(entry(&world).unwrap().contains("\"/usr/bin/weir\" guard at-login"));
    world.disconnect(Tool::ClaudeCode).unwrap();
    assert!(entry(&world).is_some(), "Codex still leads to Weir");
    world.disconnect(Tool::Codex).unwrap();
    assert_eq!(entry(&world), None);
}

#[test]
fn an_entry_that_a_killed_run_left_goes_when_anything_is_put_back() {
    let world = World::new();
    let shop = world.shop();
    shop.put_login_entry(Path::new(PROGRAM)).unwrap();
    world.disconnect(Tool::Codex).unwrap();
    assert_eq!(entry(&world), None);
}

#[test]
fn a_program_of_another_place_takes_the_entry_over() {
    let world = World::new();
    let shop = world.shop();
    shop.put_login_entry(Path::new("/old/weir")).unwrap();
    shop.put_login_entry(Path::new(PROGRAM)).unwrap();
    assert!(!entry(&world).unwrap().contains("/old"));
}
