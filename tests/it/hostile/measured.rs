//! Runs whose memory and time are measured.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::engine;
use crate::env::{Run, TestEnv};

/// The most memory that cobuild may take, whatever it is run on.
const MOST_MEMORY: u64 = 100_000_000;

/// How much of a run's output is kept, from its beginning and from its end.
const KEPT: usize = 64 * 1024;

/// What a run came to.
pub(super) struct Measured {
    /// Its output is the beginning and the end of what it was.
    pub(super) run: Run,
    pub(super) took: Duration,
    label: String,
}

/// Runs a build that may take `limit`, and no more memory than any; `signals` are sent after so long.
#[track_caller]
pub(super) fn run(env: &TestEnv, limit: Duration, signals: &[(Duration, Signal)]) -> Measured {
    run_command(env.command(), limit, signals)
}

#[track_caller]
pub(super) fn run_command(
    mut command: Command,
    limit: Duration,
    signals: &[(Duration, Signal)],
) -> Measured {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = Pid::from_child(&child);
    let stdout = ends_of(child.stdout.take().unwrap());
    let stderr = ends_of(child.stderr.take().unwrap());
    let mut signals: Vec<(Duration, Signal)> = signals.to_vec();
    signals.push((limit, Signal::KILL));
    let mut signals = signals.into_iter().peekable();
    let mut memory = 0;
    let status = loop {
        // What the kernel says at the end counts this process as well, as it was before the other began.
        memory = peak(&child).unwrap_or(memory);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        while let Some((_, signal)) = signals.next_if(|(after, _)| start.elapsed() >= *after) {
            let _ = kill_process(pid, signal);
        }
        thread::sleep(Duration::from_millis(5));
    };
    let took = start.elapsed();
    let run = Run {
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        code: status.code(),
    };
    assert!(
        run.code.is_some(),
        "it does not end within {limit:?}: {run}"
    );
    assert!(memory > 1_000_000, "{memory} bytes of memory: {run}");
    assert!(memory < MOST_MEMORY, "{memory} bytes of memory: {run}");
    assert!(!run.stderr.contains("panicked"), "{run}");
    Measured {
        run,
        took,
        label: format!("cobuild.pid={}", pid.as_raw_nonzero()),
    }
}

impl Measured {
    /// Checks that nothing of the build is left in the engine, and nothing on the host.
    #[track_caller]
    pub(super) fn assert_nothing_left(&self, env: &TestEnv) {
        let gone = engine::eventually(Duration::from_secs(5), || {
            engine::containers(&self.label).is_empty()
        });
        assert!(gone, "a container is left: {}", self.run);
        let left = std::fs::read_dir(env.scratch()).map_or(0, Iterator::count);
        assert_eq!(left, 0, "a directory is left: {}", self.run);
    }

    /// Checks how it ended, and what it said on either stream.
    #[track_caller]
    pub(super) fn assert_ended(&self, code: i32, said: &str) {
        let run = &self.run;
        run.assert_code(code);
        assert!(
            run.stdout.contains(said) || run.stderr.contains(said),
            "no `{said}`: {run}"
        );
    }
}

/// The most memory that a process has had so far, in bytes; `None` once it has ended.
fn peak(child: &Child) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Reads a pipe to its end, and keeps the two ends of what comes.
fn ends_of(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let (mut first, mut last) = (Vec::new(), Vec::new());
        let mut chunk = vec![0; KEPT];
        while let Ok(count @ 1..) = pipe.read(&mut chunk) {
            let room = (KEPT - first.len()).min(count);
            first.extend_from_slice(&chunk[..room]);
            last.extend_from_slice(&chunk[room..count]);
            last.drain(..last.len().saturating_sub(KEPT));
        }
        first.append(&mut last);
        String::from_utf8_lossy(&first).into_owned()
    })
}
