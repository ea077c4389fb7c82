//! Measures saving and restoring a cache, compared with doing it by hand: `tar` in the container,
//! piped through `docker exec` and `zstd`.
//!
//! The tree is like a `node_modules`: 20,000 files, 300 MB of text, in the container's own layer on
//! both sides. A round unpacks it, saves it and restores it in a new container, once with cobuild
//! and once by hand; the median of the rounds' ratios counts. For cobuild the time is that between
//! two events: from the start of the phase to the published entry, and from the expanded paths to
//! the restored files. So the lookup, the verification and the disk sync count, which the manual
//! way omits; starting containers counts on neither side.

mod container;
mod image;
mod median;
mod pairs;
mod peak;
mod selection;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use container::Container;
use image::{BUSYBOX, GNU, tools};
use jiff::Timestamp;
use pairs::{HEAD, Pairs};
use peak::peak_memory;
use selection::is_selected;
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const COBUILD: &str = env!("CARGO_BIN_EXE_cobuild");

/// How many pairs count.
const PAIRS: usize = 7;

/// Makes the tree in `opt/tree`, the same one every time.
const MAKE: &str = "
import os, random
random.seed(1)
words = [''.join(random.choices('abcdefghijklmnopqrstuvwxyz_', k=random.randint(2, 12))) for _ in range(5000)]
pool = ' '.join(random.choices(words, k=3000000))
for index in range(20000):
    directory = f'opt/tree/node_modules/package-{index // 25}/lib/part-{index % 3}'
    os.makedirs(directory, exist_ok=True)
    start = random.randrange(len(pool) - 15000)
    with open(f'{directory}/module-{index}.js', 'w') as file:
        file.write(pool[start:start + 15000])
";

/// How long each of the two steps took.
#[derive(Debug, Clone, Copy)]
struct Times {
    save: Duration,
    restore: Duration,
}

impl Times {
    fn both(self) -> Duration {
        self.save + self.restore
    }
}

/// One of the steps, or both.
type Step = fn(Times) -> Duration;

fn main() -> Result<()> {
    let images: Vec<&str> = [GNU, BUSYBOX]
        .into_iter()
        .filter(|image| is_selected(&format!("cache, {}", tools(image))))
        .collect();
    if images.is_empty() {
        return Ok(());
    }
    image::make_busybox()?;
    let place = tempfile::tempdir()?;
    make_tree(place.path())?;
    let mut out = std::io::stdout();
    writeln!(out, "{HEAD}")?;
    for image in images {
        let tools = tools(image);
        let peak = Arc::new(AtomicU64::new(0));
        let ours = || cobuild(place.path(), image, &peak);
        let pairs = Pairs::take(PAIRS, ours, || by_hand(place.path(), image))?;
        let steps: [(&str, &str, Step); 3] = [
            ("saved", "", |times| times.save),
            ("restored", "", |times| times.restore),
            ("saved and restored", "1.0", Times::both),
        ];
        for (name, aim, step) in steps {
            let work = format!("cache of 20,000 files, 300 MB, {name}, {tools}");
            Pairs::of(&pairs, |times| step(*times)).write(&mut out, &work, aim)?;
        }
        let megabytes = peak.load(Ordering::Relaxed) / 1000;
        writeln!(
            out,
            "| cache: memory, {tools} | {megabytes} MB | | | | {PAIRS} | 64 MB |"
        )?;
    }
    Ok(())
}

/// Makes the tree on the host, as a tar in the source of the builds.
fn make_tree(place: &Path) -> Result<()> {
    let script = "python3 -c \"$1\" && mkdir source && tar -c -f source/tree.tar opt && rm -r opt";
    let made = Command::new("sh")
        .args(["-c", script, "sh", MAKE])
        .current_dir(place)
        .status()?;
    if made.success() {
        Ok(())
    } else {
        Err(format!("cannot make the tree: {made}").into())
    }
}

/// Keeps the tree in one build and brings it back in another.
fn cobuild(place: &Path, image: &str, peak: &Arc<AtomicU64>) -> Result<Times> {
    let source = place.join("source");
    let build = |action: &str, command: &str| -> Result<Vec<Value>> {
        let buildspec = format!(
            "version: 0.2\nphases: {{build: {{commands: [{command}]}}}}\ncache: {{action: {action}, paths: [/opt/tree/**/*]}}\n"
        );
        fs::write(source.join("buildspec.yml"), buildspec)?;
        let mut command = Command::new(COBUILD);
        command
            .args(["run", "--format", "json", "--cache", "s3"])
            .args(["--cache-namespace", "bench", "-i", image, "-s"])
            .arg(&source)
            .env("XDG_CACHE_HOME", place.join("cache"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        events(command.spawn()?, peak)
    };
    let saved = build("save", "tar -x -f tree.tar -C /")?;
    let uploading =
        |event: &Value| event["event"] == "phase-started" && event["phase"] == "UPLOAD_ARTIFACTS";
    let save = between(&saved, uploading, |event| event["event"] == "cache-saved")?;
    let restored = build("restore", "test -d /opt/tree")?;
    let restore = between(
        &restored,
        |event| event["event"] == "cache-expanded",
        |event| event["event"] == "cache-restored",
    )?;
    // Archives of the rounds before would fill the disk.
    fs::remove_dir_all(place.join("cache/cobuild/caches/bench"))?;
    Ok(Times { save, restore })
}

/// Reads a build's events to its end, and watches its memory.
fn events(mut child: Child, peak: &Arc<AtomicU64>) -> Result<Vec<Value>> {
    let pid = child.id();
    let watched = Arc::clone(peak);
    let watching = std::thread::spawn(move || {
        // The file is empty of memory once the process has ended.
        while let Some(kilobytes) = peak_memory(pid) {
            watched.fetch_max(kilobytes, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let stdout = child.stdout.take().ok_or("stdout is a pipe")?;
    let events = BufReader::new(stdout)
        .lines()
        .map(|line| Ok(serde_json::from_str(&line?)?))
        .collect::<Result<Vec<Value>>>()?;
    let ended = child.wait()?;
    let _ = watching.join();
    if ended.success() {
        Ok(events)
    } else {
        Err(format!("the build failed: {events:?}").into())
    }
}

fn between(
    events: &[Value],
    start: impl Fn(&Value) -> bool,
    end: impl Fn(&Value) -> bool,
) -> Result<Duration> {
    let time = |wanted: &dyn Fn(&Value) -> bool| -> Result<Timestamp> {
        let event = events.iter().find(|event| wanted(event));
        let event = event.ok_or("the build has no such event")?;
        Ok(event["time"].as_str().ok_or("events have times")?.parse()?)
    };
    let took = time(&end)?.duration_since(time(&start)?);
    Ok(Duration::try_from(took)?)
}

/// The same by hand.
fn by_hand(place: &Path, image: &str) -> Result<Times> {
    let archive = place.join("by-hand.tar.zst");
    let variables = HashMap::from([("ARCHIVE", archive.clone())]);
    let first = Container::start(image, "")?;
    feed(
        &first,
        "tar -x -C /",
        File::open(place.join("source/tree.tar"))?.into(),
    )?;
    let save = time(
        &first,
        "docker exec \"$CONTAINER\" tar -c -C / opt/tree | zstd -q -f -o \"$ARCHIVE\"",
        &variables,
    )?;
    drop(first);
    let second = Container::start(image, "")?;
    let restore = time(
        &second,
        "zstd -q -d -c \"$ARCHIVE\" | docker exec -i \"$CONTAINER\" tar -x -p -C /",
        &variables,
    )?;
    feed(&second, "test -d /opt/tree/node_modules", Stdio::null())?;
    fs::remove_file(archive)?;
    Ok(Times { save, restore })
}

/// Runs a command in a container with this input.
fn feed(container: &Container, command: &str, input: Stdio) -> Result<()> {
    let ended = Command::new("docker")
        .args(["exec", "-i", &container.name, "sh", "-c", command])
        .stdin(input)
        .status()?;
    if ended.success() {
        Ok(())
    } else {
        Err(format!("`{command}`: {ended}").into())
    }
}

/// Times a script that finds the container in its environment.
fn time(
    container: &Container,
    script: &str,
    variables: &HashMap<&str, std::path::PathBuf>,
) -> Result<Duration> {
    let start = Instant::now();
    let ended = Command::new("sh")
        .args(["-c", script])
        .env("CONTAINER", &container.name)
        .envs(variables)
        .status()?;
    let took = start.elapsed();
    if ended.success() {
        Ok(took)
    } else {
        Err(format!("`{script}`: {ended}").into())
    }
}
