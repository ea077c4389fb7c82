//! What others write is never obeyed by a terminal, wherever cobuild shows it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::process::{Command, Stdio};
use std::thread;

use crate::engine;
use crate::env::TestEnv;

/// What a terminal would obey: a title, hidden text, C1, and what turns a text around or is not seen.
const OBEYED: &str = "a\u{1b}]0;T\u{7}\u{1b}[8m\u{1b}[2J\u{9b}2J\u{9d}0;T\u{9c}\u{202e}\u{2066}\u{200b}\u{feff}\u{e0041}\u{2028}\u{7f}b\u{8}";

/// A text that would write over its line, and then one below it.
fn forging() -> String {
    format!("{OBEYED}\rFORGED\nFORGED")
}

/// The same without a newline, where one is in its place.
fn in_a_line() -> String {
    format!("{OBEYED}\rFORGED")
}

/// How [`OBEYED`] begins when it is shown, and how its second part does, which is never cut.
const SHOWN: &str = "a^[]0;T^G^[[8m^[[2J<U+009B>2J";
const TURNED: &str = "<U+202E>";

/// What a command shows on a terminal that is its stdout and stderr, to the byte.
fn on_terminal(command: &Command) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("run");
    let mut line = b"exec".to_vec();
    for word in std::iter::once(command.get_program()).chain(command.get_args()) {
        line.extend(b" '");
        line.extend(word.as_bytes().to_vec().escaped_for_shell());
        line.push(b'\'');
    }
    fs::write(&script, line).unwrap();
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &format!("sh {}", script.display()), "/dev/null"])
        .env_clear()
        .env("TERM", "xterm-256color")
        // Without the line that goes away again, whose sequences are cobuild's own.
        .env("CI", "true")
        .stdin(Stdio::null());
    if let Some(directory) = command.get_current_dir() {
        terminal.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        terminal.env(name, value.unwrap());
    }
    terminal.output().unwrap().stdout
}

trait EscapedForShell {
    fn escaped_for_shell(self) -> Vec<u8>;
}

impl EscapedForShell for Vec<u8> {
    fn escaped_for_shell(self) -> Vec<u8> {
        self.split(|byte| *byte == b'\'')
            .collect::<Vec<_>>()
            .join(br"'\''".as_slice())
    }
}

/// Returns the text when a terminal shows it as it is, but for colours; else what it obeys.
fn harmless(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("no text: {error}"))?;
    let sequence = regex::Regex::new("\x1b\\[[0-9;:]*m").unwrap();
    let plain = sequence.replace_all(text, "").into_owned();
    let obeyed = |c: char| {
        matches!(c,
            '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'..='\u{9f}'
            | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    if let Some(c) = plain.chars().find(|c| obeyed(*c)) {
        return Err(format!("{c:?} in {text:?}"));
    }
    if text.contains("\x1b[8m") {
        return Err(format!("hidden text in {text:?}"));
    }
    if plain
        .split(['\r', '\n'])
        .any(|line| line.trim_start().starts_with("FORGED"))
    {
        return Err(format!("a line of others in {text}"));
    }
    Ok(plain)
}

/// A command line, and what is to be seen of the texts in it.
struct Row {
    /// The subcommand, with that of `cache`; nothing for cobuild alone.
    command: &'static str,
    arguments: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    seen: &'static str,
}

fn row<A: AsRef<OsStr>>(command: &'static str, arguments: &[A], seen: &'static str) -> Row {
    Row {
        command,
        arguments: arguments.iter().map(|it| it.as_ref().to_owned()).collect(),
        variables: Vec::new(),
        seen,
    }
}

impl Row {
    fn at(mut self, engine: &str) -> Self {
        self.variables.push(("DOCKER_HOST", engine.to_owned()));
        self
    }

    /// The command line in a place with hostile texts.
    fn in_place(&self, env: &TestEnv) -> Command {
        let run = env.command();
        let mut command = Command::new(run.get_program());
        command
            .args(self.command.split_whitespace())
            .args(&self.arguments)
            .current_dir(env.source());
        for (name, value) in run.get_envs() {
            command.env(name, value.unwrap());
        }
        command.envs(self.variables.iter().cloned());
        command
    }
}

/// An engine that refuses everything, in words of its own.
fn hostile_engine() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let body = serde_json::json!({ "message": forging() }).to_string();
    let answer = format!(
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    format!("tcp://{address}")
}

/// Writes a value as YAML in which every character that may not stand there is an escape.
fn yaml(value: &serde_json::Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            ' '..='~' => text.push(c),
            _ => write!(text, "\\U{:08x}", u32::from(c)).unwrap(),
        }
    }
    text
}

/// A source with hostile texts wherever a buildspec has room for them.
fn hostile_source() -> TestEnv {
    let (text, line) = (forging(), in_a_line());
    let spec = serde_json::json!({
        "version": 0.2,
        "env": { "variables": { "A": text }, "exported-variables": ["A"], "shell": "sh" },
        "phases": {
            "install": { "commands": [format!("echo '{line}' > /dev/null")], text.clone(): [] },
            "build": { "commands": [format!("x=1; # '{line}'"), format!("exit 3 # {line}")] },
        },
        "artifacts": { "files": [text], "name": text, "base-directory": "." },
        "cache": { "key": text, "fallback-keys": [text], "paths": [format!("./{text}"), "kept/**/*"] },
        text.clone(): {},
    });
    TestEnv::new().buildspec(&yaml(&spec))
}

/// A build with a hostile key and paths whose cache is kept.
fn cached(env: &TestEnv) {
    let text = forging();
    let spec = serde_json::json!({
        "version": 0.2,
        "phases": { "build": { "commands": ["mkdir -p kept; touch kept/file"] } },
        "cache": { "key": text, "paths": ["kept/**/*", format!("./{text}")] },
    });
    env.again(&["--cache", "local"])
        .buildspec(&yaml(&spec))
        .run()
        .assert_succeeded();
}

fn rows(env: &TestEnv) -> Vec<Row> {
    let text = forging();
    let engine = hostile_engine();
    let broken = OsString::from_vec([b"\x9b2J\xc2", text.as_bytes()].concat());
    let image = engine::IMAGE;
    let mut rows = vec![
        row("", &[&text], SHOWN),
        row("", &["--color", &text], SHOWN),
        row(
            "run",
            &["-i", image, "--cache", "local", "--show-changes", "-vv"],
            SHOWN,
        ),
        row(
            "run",
            &["-i", image, "--cache", "local", "--format", "json"],
            "\\u202e",
        ),
        row("run", &["-i", image, "--grace", &text], SHOWN),
        row("run", &["-i", image, "-b", &text], "control characters"),
        row("run", &["-i", image, "-s", &text], SHOWN),
        row("run", &["-i", &text, "-vv"], "invalid reference"),
        row("run", &["-i", image, "-vv"], SHOWN).at(&engine),
        row("run", &["-i", image, "--host", &text], SHOWN),
        row("run", &["-i", image, "--context", &text], SHOWN),
        row("run", &["-i", image, "--env-file", &text], SHOWN),
        row(
            "run",
            &["-i", image, "--source-version", &text],
            "not the root",
        ),
        row("run", &[&broken], TURNED),
        row("plan", &["-i", image, "--cache", "local"], SHOWN),
        row(
            "plan",
            &["-i", image, "--cache", "local", "--color", "never"],
            SHOWN,
        ),
        row("plan", &["-i", image, "--format", "json"], "\\u202e"),
        row("plan", &["-i", &text, "-vvv"], SHOWN),
        row("check", &["."], TURNED),
        row("check", &["--format", "json"], "\\u202e"),
        row("check", &["--format", "sarif"], "\\u202e"),
        row("check", &["--format", "github"], SHOWN),
        row("check", &[&text], SHOWN),
        row("check", &["--explain", &text], SHOWN),
        row("images", &["--runtime", &text], "no curated image"),
        row("images", &["--runtime", "nodejs", "-vv"], SHOWN).at(&engine),
        row("images", &["--format", &text], SHOWN),
        row("doctor", &["-vv"], TURNED).at(&engine),
        row("doctor", &["--format", "json"], "\\u202e").at(&engine),
        row("clean", &["-vv"], SHOWN).at(&engine),
        row("clean", &["--format", "json"], "\\u202e").at(&engine),
        row("cache list", &["-v"], SHOWN),
        row("cache list", &["--format", "json"], "\\u202e"),
        row("cache explain", &["-s", "."], SHOWN),
        row("cache explain", &["-s", &text], SHOWN),
        row("cache clear", &["-s", ".", "--dry-run"], SHOWN),
        row("cache clear", &["--key", &text, "--all"], SHOWN),
        row("schema", &[&text], SHOWN),
        row("trust", &[&text], SHOWN),
        row("completions", &[&text], SHOWN),
        row("man", &[&text], SHOWN),
    ];
    let name = format!("buildspec-{}.yml", in_a_line().replace('\r', "\n"));
    fs::write(env.source().join(&name), "version: 0.2\nx: 1\n").unwrap();
    rows.push(row("check", &[&name], SHOWN));
    rows
}

/// The subcommands that cobuild has, as its help lists them.
fn subcommands() -> BTreeSet<String> {
    let below = |above: &[&str]| -> Vec<String> {
        let help = Command::new(env!("CARGO_BIN_EXE_cobuild"))
            .args(above)
            .arg("--help")
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let Some((_, list)) = help.split_once("Commands:\n") else {
            return Vec::new();
        };
        let names = list.lines().take_while(|line| !line.is_empty());
        let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        names
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help")
            .map(str::to_owned)
            .collect()
    };
    below(&[])
        .into_iter()
        .flat_map(|name| match below(&[&name]) {
            none if none.is_empty() => vec![name],
            more => more.iter().map(|it| format!("{name} {it}")).collect(),
        })
        .collect()
}

#[test]
fn no_subcommand_lets_a_terminal_obey_what_others_wrote() {
    let env = hostile_source();
    cached(&env);
    let env = TestEnv::again(&env, &[]);
    let rows = rows(&env);
    let tried: BTreeSet<String> = rows.iter().map(|row| row.command.to_owned()).collect();
    let missing: Vec<String> = subcommands().difference(&tried).cloned().collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
    let mut wrong = Vec::new();
    for row in rows {
        // The last one was for the cache.
        let spec = hostile_source();
        fs::copy(
            spec.source().join("buildspec.yml"),
            env.source().join("buildspec.yml"),
        )
        .unwrap();
        let command = row.in_place(&env);
        let shown = on_terminal(&command);
        match harmless(&shown) {
            Err(problem) => wrong.push(format!("{} {:?}: {problem}", row.command, row.arguments)),
            Ok(text) if !text.contains(row.seen) => {
                wrong.push(format!(
                    "{} {:?}: no {} in {text}",
                    row.command, row.arguments, row.seen
                ));
            }
            Ok(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// One of each kind, through the log on a terminal.
#[track_caller]
fn shown_of(env: &TestEnv) -> String {
    let shown = on_terminal(&env.command());
    harmless(&shown).unwrap()
}

#[test]
fn the_text_of_a_command_sets_no_title() {
    let text = shown_of(&TestEnv::new().build_command("true 'a \u{1b}]0;T\u{7}'"));
    assert!(text.contains("Running command true 'a ^[]0;T^G'"), "{text}");
}

#[test]
fn output_keeps_its_colours_and_nothing_else_that_is_obeyed() {
    let env = TestEnv::new().build_command(
        r"printf '\033[31mred\033[0m \302\2332J \2332J \342\200\256 \303\251 \377\n'; printf '\342\200'; sleep 0.3; printf '\256\302'",
    );
    let shown = on_terminal(&env.command());
    let text = harmless(&shown).unwrap();
    assert!(
        text.contains("red <U+009B>2J <9b>2J <U+202E> é <ff>\r\n"),
        "{text}"
    );
    assert!(text.contains("\n<U+202E><c2>\r\n"), "{text}");
    let raw = String::from_utf8(shown).unwrap();
    assert!(raw.contains("\u{1b}[31mred\u{1b}[0m"), "{raw}");
    // And a pipe gets what the build wrote.
    let piped = env.command().output().unwrap().stdout;
    let bytes =
        b"\x1b[31mred\x1b[0m \xc2\x9b2J \x9b2J \xe2\x80\xae \xc3\xa9 \xff\n\xe2\x80\xae\xc2\n";
    assert!(piped.windows(bytes.len()).any(|part| part == bytes));
}

#[test]
fn output_does_not_hide_what_cobuild_says_behind_it() {
    let env = TestEnv::new().build_command(r"printf '\033[8m'; exit 3");
    for arguments in [&[][..], &["--color", "never"]] {
        let shown = on_terminal(&env.again(arguments).command());
        let text = String::from_utf8(shown).unwrap();
        let (_, behind) = text.split_once("\u{1b}[8m").unwrap();
        assert!(behind.starts_with("\u{1b}[0m\r\n"), "{text:?}");
    }
}

#[test]
fn a_command_of_several_lines_forges_no_line_of_the_agent() {
    let forged = "[Container] 2026/11/22 11:25:13.594267 Phase complete: BUILD State: SUCCEEDED";
    let env = TestEnv::new().build_command(&format!("true\ntrue # x\n: '\n{forged}'; exit 3"));
    for (form, indent) in [("full", 0), ("short", 9), ("none", 2)] {
        let arguments = ["--color", "never", "--timestamps", form];
        let shown = on_terminal(&env.again(&arguments).command());
        let text = harmless(&shown).unwrap();
        assert!(!text.lines().any(|line| line.starts_with(forged)), "{text}");
        let lines = format!("Running command true\r\n{}true # x\r\n", " ".repeat(indent));
        assert!(text.contains(&lines), "{text}");
    }
    // A pipe gets the lines that CodeBuild would have written.
    let piped = env.run();
    assert!(piped.stdout.contains(&format!("\n{forged}")), "{piped}");
}

#[test]
fn json_on_a_terminal_is_the_same_value() {
    let env = hostile_source();
    let mut plan = Command::new(env!("CARGO_BIN_EXE_cobuild"));
    plan.args(["plan", "-i", "image", "--format", "json"])
        .current_dir(env.source())
        .env_clear()
        .env("HOME", env.path("home"));
    let shown = harmless(&on_terminal(&plan)).unwrap();
    let (shown, _) = shown.rsplit_once('}').unwrap();
    let shown: serde_json::Value = serde_json::from_str(&format!("{shown}}}")).unwrap();
    let piped: serde_json::Value = serde_json::from_slice(&plan.output().unwrap().stdout).unwrap();
    for part in ["artifacts", "cache", "phases", "unknownKeys"] {
        assert_eq!(shown["work"][part], piped["work"][part]);
    }
    assert_eq!(piped["work"]["artifacts"]["sets"][0]["name"], forging());
}

#[test]
fn the_debugger_asks_in_plain_words() {
    let env = TestEnv::new()
        .buildspec(&yaml(&serde_json::json!({
            "version": 0.2,
            "phases": { "build": { "commands": [format!("exit 3 # {}", in_a_line())] } },
        })))
        .args(&["--debug=keep"]);
    let text = shown_of(&env);
    assert!(
        text.contains("the container stays: BUILD command 1 failed with exit status 3: "),
        "{text}"
    );
    let (_, line) = text.split_once(" exec -it -u ").unwrap();
    let container = line.split_whitespace().nth(1).unwrap();
    engine::docker(&["rm", "-f", "-v", container]);
    assert!(text.contains(&format!("exit 3 # {SHOWN}")), "{text}");
}
