//! Writes what packages ship beside `weir`, from the command line as it is: a manual page for every
//! command, and completions for bash, zsh and fish. `cargo run -p weir-cli --example pages -- DIR`

use clap::Command;
use clap_complete::Shell;
use clap_complete::generate_to;
use std::io;
use std::path::{Path, PathBuf};

const SHELLS: [(Shell, &str); 3] =
    [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")];

fn main() -> io::Result<()> {
    let usage = || io::Error::other("usage: pages DIR");
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or_else(usage)?);
    let manual = folder.join("man");
    std::fs::create_dir_all(&manual)?;
    let mut weir = weir_cli::command();
    weir.build();
    pages(&weir, "weir", &manual)?;
    for (shell, name) in SHELLS {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        generate_to(shell, &mut weir_cli::command(), "weir", &folder)?;
    }
    Ok(())
}

/// The page of a command and of everything below it: `weir-budget-set.1`.
fn pages(command: &Command, name: &str, folder: &Path) -> io::Result<()> {
    let page = command.clone().name(name.to_owned()).display_name(name.replace('-', " "));
    let mut text = Vec::new();
    clap_mangen::Man::new(page).title(name.to_uppercase()).render(&mut text)?;
    std::fs::write(folder.join(format!("{name}.1")), text)?;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        pages(below, &format!("{name}-{}", below.get_name()), folder)?;
    }
    Ok(())
}
