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
        pngs_of(self.view.mark).into_iter().filter_map(pixels).collect()
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

/// A mark's pictures, small to large: a panel that has to shrink one blurs what tells them apart.
fn pngs_of(mark: Mark) -> [&'static [u8]; 3] {
    macro_rules! of {
        ($name:literal) => {
            [
                include_bytes!(concat!("../../../../icons/tray/", $name, "-16.png")),
                include_bytes!(concat!("../../../../icons/tray/", $name, "-22.png")),
                include_bytes!(concat!("../../../../icons/tray/", $name, "-44.png")),
            ]
        };
    }
    match mark {
        Mark::Calm => of!("calm"),
        Mark::Near => of!("near"),
        Mark::Crest => of!("crest"),
        Mark::Over => of!("over"),
        Mark::Paused => of!("paused"),
        Mark::Offline => of!("offline"),
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
    const MARKS: [Mark; 6] =
        [Mark::Calm, Mark::Near, Mark::Crest, Mark::Over, Mark::Paused, Mark::Offline];
    /// How many of its pixels two marks must differ in, by more than half of what covers them: at the
    /// heights of panels, 16 and 22.
    const APART: [(usize, usize); 2] = [(0, 18), (1, 30)];

    fn pictures(mark: Mark) -> Vec<ksni::Icon> {
        pngs_of(mark).into_iter().map(|png| pixels(png).expect("four bytes a pixel")).collect()
    }

    /// Which pixels are covered: what is left of a picture without its colours.
    fn covered(icon: &ksni::Icon) -> Vec<bool> {
        icon.data.as_chunks::<4>().0.iter().map(|pixel| pixel[0] > 127).collect()
    }

    #[test]
    fn every_mark_can_be_drawn_in_a_panel_of_any_height() {
        for mark in MARKS {
            let drawn = pictures(mark);
            assert_eq!(drawn.iter().map(|icon| icon.width).collect::<Vec<_>>(), [16, 22, 44]);
            for icon in drawn {
                let size = usize::try_from(icon.width).unwrap();
                assert_eq!((icon.height, icon.data.len()), (icon.width, size * size * 4));
                let solid = icon.data.as_chunks::<4>().0.iter().any(|pixel| pixel[0] == 255);
                assert!(solid, "alpha first");
            }
        }
    }

    #[test]
    fn no_two_marks_are_taken_for_each_other_without_their_colours() {
        for (size, apart) in APART {
            for (n, one) in MARKS.into_iter().enumerate() {
                for other in MARKS.into_iter().skip(n + 1) {
                    let [a, b] = [one, other].map(|mark| covered(&pictures(mark)[size]));
                    let differ = a.iter().zip(&b).filter(|(a, b)| a != b).count();
                    assert!(differ >= apart, "{one:?} and {other:?}: {differ} pixels");
                }
            }
        }
    }

    #[test]
    fn the_more_of_a_budget_is_used_the_fuller_the_mark_is() {
        for (size, apart) in APART {
            let levels = [Mark::Calm, Mark::Near, Mark::Crest];
            let full = levels.map(|mark| {
                covered(&pictures(mark)[size]).into_iter().filter(|covered| *covered).count()
            });
            assert!(full.windows(2).all(|two| two[1] >= two[0] + apart), "{full:?}");
        }
    }

    #[test]
    fn an_underscore_in_a_name_marks_no_letter() {
        assert_eq!(escaped("qwen_2.5"), "qwen__2.5");
    }
}
