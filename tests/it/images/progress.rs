//! Bars on a terminal.

use std::time::Duration;

use rexpect::session::{PtySession, spawn_command};
use rustix::termios::{Winsize, tcsetwinsize};

use super::build;
use super::proxy::Proxy;
use super::registry::{Pulled, Registry, TestImage};

const PATIENCE: u64 = 60_000;

/// A build on a terminal of this size whose image comes slowly; the names of what it goes with.
struct OnTerminal {
    session: PtySession,
    name: String,
    _line: Proxy,
    _registry: Registry,
    _pulled: Pulled,
    _env: crate::env::TestEnv,
}

fn start(rows: u16, columns: u16) -> OnTerminal {
    let registry = Registry::open();
    let image = TestImage::new(&[1_000_000, 500_000]);
    registry.push(&image.name, "tool:1");
    drop(image);
    let line = Proxy::slow(registry.port(), Duration::from_millis(80));
    let name = line.name("tool:1");
    let env = build(&name);
    // The size has to be there before the first line is.
    let mut command = std::process::Command::new("sh");
    let cobuild = env.command();
    command
        .args(["-c", "read -r go; exec \"$@\"", "sh"])
        .arg(cobuild.get_program())
        .args(cobuild.get_args())
        .current_dir(cobuild.get_current_dir().unwrap())
        .env_clear();
    for (variable, value) in cobuild.get_envs() {
        command.env(variable, value.unwrap());
    }
    command.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut session = spawn_command(command, Some(PATIENCE)).unwrap();
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(session.process().get_file_handle().unwrap(), size).unwrap();
    session.send_line("go").unwrap();
    OnTerminal {
        session,
        _pulled: Pulled(name.clone()),
        name,
        _line: line,
        _registry: registry,
        _env: env,
    }
}

#[test]
fn each_layer_has_a_bar_and_so_have_all() {
    let mut build = start(24, 100);
    let session = &mut build.session;
    session
        .exp_string(&format!("pulling image `{}`", build.name))
        .unwrap();
    session
        .exp_regex("all layers \\[=*>? *\\] \\d+ of \\d+, ")
        .unwrap();
    session
        .exp_regex("[0-9a-f]{12} \\[=+>? *\\] downloading [0-9.]+ (KB|MB) of [0-9.]+ (KB|MB)")
        .unwrap();
    session
        .exp_regex("all layers \\[=+>? *\\] \\d+ of \\d+, [0-9.]+ (KB|MB) of 1.5 MB")
        .unwrap();
    let before = session
        .exp_string(&format!("pulled image `{}`", build.name))
        .unwrap();
    // The bars are wiped away before the next line comes.
    let last = before.rsplit("all layers").next().unwrap();
    assert!(last.contains("\u{1b}[2K"), "{before:?}");
    let after = session.exp_eof().unwrap();
    assert!(!after.contains("all layers"), "{after}");
    assert!(after.contains("Running on CodeBuild"), "{after}");
    assert!(after.contains("SUCCEEDED in"), "{after}");
}

#[test]
fn the_smallest_terminals_do_no_harm() {
    for (rows, columns) in [(1, 1), (2, 10), (24, 30)] {
        let mut build = start(rows, columns);
        let shown = build.session.exp_eof().unwrap();
        assert!(shown.contains("pulled image"), "{rows}x{columns}: {shown}");
        assert!(shown.contains("SUCCEEDED in"), "{rows}x{columns}: {shown}");
    }
}
