//! The tray icon on Linux: a StatusNotifierItem on the session's bus, with its menu, and no library
//! at run time. Decides nothing: what it shows is the engine's view.

use crate::clicks;
use crate::shell::{Place, Shell};
use crate::tray::{Icon, Panel};
use ksni::OfflineReason;
use ksni::blocking::{Handle, TrayMethods};
use ksni::menu::{CheckmarkItem, MenuItem, StandardItem, SubMenu};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_engine::api::menu::{Kind, Line};
use weir_engine::api::{Mark, TrayView};

/// Whatever shows such items on this desktop.
pub struct Bus;

impl Panel for Bus {
    fn put_up(&self, shell: &Arc<Shell>, view: &TrayView) -> Result<Box<dyn Icon>, String> {
        let seen = Arc::new(AtomicBool::new(true));
        let item = Item { shell: shell.clone(), view: view.clone(), seen: seen.clone() };
        // It stands also where nothing shows it yet, and hears of the panel that does.
        let put_up = item.assume_sni_available(true).spawn();
        let handle = put_up.map_err(|problem| problem.to_string())?;
        Ok(Box::new(Standing { handle, drawn: view.clone(), seen }))
    }
}

struct Standing {
    handle: Handle<Item>,
    drawn: TrayView,
    seen: Arc<AtomicBool>,
}

impl Icon for Standing {
    fn seen(&self) -> bool {
        self.seen.load(Ordering::Acquire)
    }

    fn draw(&mut self, view: &TrayView) {
        if self.drawn != *view {
            // One that is gone shows nothing, and nothing can be done about it.
            let _ = self.handle.update(|item| item.view = view.clone());
            self.drawn = view.clone();
        }
    }

    fn take_away(self: Box<Self>) {
        self.handle.shutdown().wait();
    }
}

struct Item {
    shell: Arc<Shell>,
    view: TrayView,
    seen: Arc<AtomicBool>,
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "weir".into()
    }

    // Panels name an item by its title.
    fn title(&self) -> String {
        self.view.tooltip.clone()
    }

    fn tool_tip(&self) -> ksni::ToolTip {
        ksni::ToolTip { title: self.view.tooltip.clone(), ..ksni::ToolTip::default() }
    }

    fn icon_pixmap(&self) -> Vec<ksni::Icon> {
        pixels(png_of(self.view.mark)).into_iter().collect()
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.shell.show(None);
    }

    fn watcher_online(&self) {
        self.seen.store(true, Ordering::Release);
        self.shell.set_place(Place::Shown);
    }

    // It stands on, for the panel that comes.
    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        let why = match reason {
            OfflineReason::Error(problem) => problem.to_string(),
            _ => "it went away".to_owned(),
        };
        self.seen.store(false, Ordering::Release);
        self.shell.set_place(Place::Unseen(why));
        true
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.view.lines.iter().map(drawn).collect()
    }
}

fn drawn(line: &Line) -> MenuItem<Item> {
    let (id, label) = (line.id.clone(), escaped(&line.label));
    let activate = Box::new(move |item: &mut Item| clicks::clicked(&item.shell, &id));
    match &line.kind {
        Kind::Gap => MenuItem::Separator,
        Kind::Words => StandardItem { label, enabled: false, ..StandardItem::default() }.into(),
        Kind::Item(_) => StandardItem { label, activate, ..StandardItem::default() }.into(),
        Kind::Check { on, act } => {
            let (checked, enabled) = (*on, act.is_some());
            CheckmarkItem { label, checked, enabled, activate, ..CheckmarkItem::default() }.into()
        }
        Kind::Below(lines) => {
            let submenu = lines.iter().map(drawn).collect();
            SubMenu { label, submenu, ..SubMenu::default() }.into()
        }
    }
}

/// A single underscore marks the letter to press; a name may hold one.
fn escaped(label: &str) -> String {
    label.replace('_', "__")
}

fn png_of(mark: Mark) -> &'static [u8] {
    match mark {
        Mark::Calm => include_bytes!("../../../../icons/tray/calm-44.png"),
        Mark::Near => include_bytes!("../../../../icons/tray/near-44.png"),
        Mark::Crest => include_bytes!("../../../../icons/tray/crest-44.png"),
        Mark::Over => include_bytes!("../../../../icons/tray/over-44.png"),
        Mark::Paused => include_bytes!("../../../../icons/tray/paused-44.png"),
        Mark::Offline => include_bytes!("../../../../icons/tray/offline-44.png"),
    }
}

/// A picture of four bytes a pixel, as the bus takes it: alpha first.
fn pixels(png: &[u8]) -> Option<ksni::Icon> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().ok()?;
    let mut data = vec![0; reader.output_buffer_size()?];
    let info = reader.next_frame(&mut data).ok()?;
    if (info.color_type, info.bit_depth) != (png::ColorType::Rgba, png::BitDepth::Eight) {
        return None;
    }
    data.truncate(info.buffer_size());
    for pixel in data.as_chunks_mut::<4>().0 {
        pixel.rotate_right(1);
    }
    let (width, height) = (i32::try_from(info.width).ok()?, i32::try_from(info.height).ok()?);
    Some(ksni::Icon { width, height, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_mark_has_a_picture_of_its_own_that_can_be_drawn() {
        let marks = [Mark::Calm, Mark::Near, Mark::Crest, Mark::Over, Mark::Paused, Mark::Offline];
        let mut seen = BTreeSet::new();
        for mark in marks {
            let icon = pixels(png_of(mark)).expect("four bytes a pixel");
            assert_eq!((icon.width, icon.height, icon.data.len()), (44, 44, 44 * 44 * 4));
            assert!(
                icon.data.as_chunks::<4>().0.iter().any(|pixel| pixel[0] == 255),
                "alpha first"
            );
            seen.insert(icon.data);
        }
        assert_eq!(seen.len(), marks.len());
    }

    #[test]
    fn an_underscore_in_a_name_marks_no_letter() {
        assert_eq!(escaped("qwen_2.5"), "qwen__2.5");
    }
}
