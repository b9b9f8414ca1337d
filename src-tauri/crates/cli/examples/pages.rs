//! Writes what packages ship beside `weir`, from the command line as it is: a manual page for every
//! command, and completions for bash, zsh and fish. `cargo run -p weir-cli --example pages -- DIR`

use clap_complete::Shell;
use std::io;
use std::path::PathBuf;

const SHELLS: [(Shell, &str); 3] =
    [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")];

fn main() -> io::Result<()> {
    let usage = || io::Error::other("usage: pages DIR");
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or_else(usage)?);
    let manual = folder.join("man");
    std::fs::create_dir_all(&manual)?;
    clap_mangen::generate_to(weir_cli::command(), manual)?;
    for (shell, name) in SHELLS {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        clap_complete::generate_to(shell, &mut weir_cli::command(), "weir", &folder)?;
    }
    Ok(())
}
