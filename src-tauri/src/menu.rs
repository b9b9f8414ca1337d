//! The tray's menu as the desktop holds it, changed in place: a line that only says something else
//! is told so, and only lines that come or go are put in or taken out, so that an open menu stays
//! open. Decides nothing: the lines are the engine's.

use tauri::menu::{CheckMenuItem, IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::{AppHandle, Wry};
use weir_engine::api::menu::{Kind, Line};

/// A menu that is kept as its lines say.
pub struct Drawn {
    menu: Menu<Wry>,
    nodes: Vec<Node>,
}

/// A line as it is drawn now.
struct Node {
    id: String,
    label: String,
    item: Item,
}

enum Item {
    /// With whether it can be clicked.
    Words(MenuItem<Wry>, bool),
    Check(CheckMenuItem<Wry>, bool),
    Below(Submenu<Wry>, Vec<Node>),
    Gap(PredefinedMenuItem<Wry>),
}

/// The two places a line can stand in.
enum Place<'a> {
    Menu(&'a Menu<Wry>),
    Below(&'a Submenu<Wry>),
}

impl Drawn {
    /// A menu with these lines.
    ///
    /// # Errors
    /// What the desktop says.
    pub fn new(app: &AppHandle, lines: &[Line]) -> tauri::Result<Self> {
        let mut drawn = Self { menu: Menu::new(app)?, nodes: Vec::new() };
        drawn.draw(app, lines)?;
        Ok(drawn)
    }

    /// What an icon is given.
    pub fn menu(&self) -> &Menu<Wry> {
        &self.menu
    }

    /// Changes what differs.
    ///
    /// # Errors
    /// What the desktop says. What was changed by then is known, and the next drawing goes on there.
    pub fn draw(&mut self, app: &AppHandle, lines: &[Line]) -> tauri::Result<()> {
        level(app, &Place::Menu(&self.menu), &mut self.nodes, lines)
    }
}

fn level(
    app: &AppHandle,
    place: &Place<'_>,
    nodes: &mut Vec<Node>,
    lines: &[Line],
) -> tauri::Result<()> {
    let head = nodes.iter().zip(lines).take_while(|(node, line)| node.is(line)).count();
    let rest = nodes.len().min(lines.len()) - head;
    let pairs = nodes.iter().rev().zip(lines.iter().rev()).take(rest);
    let tail = pairs.take_while(|(node, line)| node.is(line)).count();
    while nodes.len() > head + tail {
        place.remove(nodes[head].item.as_item())?;
        nodes.remove(head);
    }
    for (at, line) in lines.iter().enumerate().take(lines.len() - tail).skip(head) {
        let node = Node::new(app, line)?;
        place.insert(node.item.as_item(), at)?;
        nodes.insert(at, node);
    }
    for (node, line) in nodes.iter_mut().zip(lines) {
        node.draw(app, line)?;
    }
    Ok(())
}

impl Place<'_> {
    fn insert(&self, item: &dyn IsMenuItem<Wry>, at: usize) -> tauri::Result<()> {
        match self {
            Self::Menu(menu) => menu.insert(item, at),
            Self::Below(menu) => menu.insert(item, at),
        }
    }

    fn remove(&self, item: &dyn IsMenuItem<Wry>) -> tauri::Result<()> {
        match self {
            Self::Menu(menu) => menu.remove(item),
            Self::Below(menu) => menu.remove(item),
        }
    }
}

impl Item {
    fn as_item(&self) -> &dyn IsMenuItem<Wry> {
        match self {
            Self::Words(item, _) => item,
            Self::Check(item, _) => item,
            Self::Below(item, _) => item,
            Self::Gap(item) => item,
        }
    }
}

impl Node {
    fn new(app: &AppHandle, line: &Line) -> tauri::Result<Self> {
        let (id, label) = (line.id.as_str(), escaped(&line.label));
        let none = None::<&str>;
        let item = match &line.kind {
            Kind::Words => Item::Words(MenuItem::with_id(app, id, label, false, none)?, false),
            Kind::Item(_) => Item::Words(MenuItem::with_id(app, id, label, true, none)?, true),
            Kind::Check { on, act } => {
                let can = act.is_some();
                Item::Check(CheckMenuItem::with_id(app, id, label, can, *on, none)?, can)
            }
            Kind::Below(lines) => {
                let below = Submenu::with_id(app, id, label, true)?;
                let mut nodes = Vec::new();
                level(app, &Place::Below(&below), &mut nodes, lines)?;
                Item::Below(below, nodes)
            }
            Kind::Gap => Item::Gap(PredefinedMenuItem::separator(app)?),
        };
        Ok(Self { id: line.id.clone(), label: line.label.clone(), item })
    }

    /// Whether it is that line, whatever the line says now.
    fn is(&self, line: &Line) -> bool {
        let kind = matches!(
            (&self.item, &line.kind),
            (Item::Words(..), Kind::Words | Kind::Item(_))
                | (Item::Check(..), Kind::Check { .. })
                | (Item::Below(..), Kind::Below(_))
                | (Item::Gap(_), Kind::Gap)
        );
        kind && self.id == line.id
    }

    fn draw(&mut self, app: &AppHandle, line: &Line) -> tauri::Result<()> {
        if self.label != line.label {
            let label = escaped(&line.label);
            match &self.item {
                Item::Words(item, _) => item.set_text(label)?,
                Item::Check(item, _) => item.set_text(label)?,
                Item::Below(item, _) => item.set_text(label)?,
                Item::Gap(_) => {}
            }
            self.label.clone_from(&line.label);
        }
        match (&mut self.item, &line.kind) {
            (Item::Words(item, can), kind) => {
                let wanted = matches!(kind, Kind::Item(_));
                if *can != wanted {
                    item.set_enabled(wanted)?;
                    *can = wanted;
                }
            }
            (Item::Check(item, can), Kind::Check { on, act }) => {
                if *can != act.is_some() {
                    item.set_enabled(act.is_some())?;
                    *can = act.is_some();
                }
                // Asked of the item: a click has ticked it already, whatever came of it.
                if item.is_checked()? != *on {
                    item.set_checked(*on)?;
                }
            }
            (Item::Below(below, nodes), Kind::Below(lines)) => {
                level(app, &Place::Below(below), nodes, lines)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// A single `&` marks the letter to press; a name may hold one.
fn escaped(label: &str) -> String {
    label.replace('&', "&&")
}
