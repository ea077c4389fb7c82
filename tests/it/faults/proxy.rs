//! A way to the engine that can fail: it passes on what it gets, up to a moment.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// A socket before an engine. Nobody is answered any more once it hangs, and no connection is closed.
pub(crate) struct Proxy {
    directory: TempDir,
    state: Arc<State>,
}

struct State {
    engine: PathBuf,
    /// The request at which it hangs: a part of its first line.
    hangs_at: Option<&'static str>,
    /// The requests that nobody answers, while all others pass: a part of their first lines.
    swallows: Option<&'static str>,
    hangs: AtomicBool,
    requests: Mutex<Vec<String>>,
    streams: Mutex<Vec<UnixStream>>,
}

impl Proxy {
    /// Passes everything on, until it is told otherwise.
    pub(crate) fn start(engine: &Path) -> Self {
        Self::new(engine, None, None)
    }

    /// Hangs at the first request whose first line holds this.
    pub(crate) fn hanging_at(engine: &Path, request: &'static str) -> Self {
        Self::new(engine, Some(request), None)
    }

    /// Answers no request whose first line holds this, and all others.
    pub(crate) fn swallowing(engine: &Path, request: &'static str) -> Self {
        Self::new(engine, None, Some(request))
    }

    fn new(engine: &Path, hangs_at: Option<&'static str>, swallows: Option<&'static str>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("docker.sock")).unwrap();
        let state = Arc::new(State {
            engine: engine.to_path_buf(),
            hangs_at,
            swallows,
            hangs: AtomicBool::new(false),
            requests: Mutex::default(),
            streams: Mutex::default(),
        });
        // Ends with the tests' process: nothing wakes it after the socket is gone.
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&accepting);
                thread::spawn(move || state.serve(stream.unwrap()));
            }
        });
        Self { directory, state }
    }

    /// Its address.
    pub(crate) fn host(&self) -> String {
        format!(
            "unix://{}",
            self.directory.path().join("docker.sock").display()
        )
    }

    /// From now on nobody is answered.
    pub(crate) fn hang(&self) {
        self.state.hangs.store(true, Ordering::SeqCst);
    }

    /// Whether nobody is answered any more.
    pub(crate) fn hangs(&self) -> bool {
        self.state.hangs.load(Ordering::SeqCst)
    }

    /// The first lines of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for stream in self.state.streams.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl State {
    fn serve(self: Arc<Self>, mut client: UnixStream) {
        let mut chunk = [0; 16 * 1024];
        let Ok(count @ 1..) = client.read(&mut chunk) else {
            return;
        };
        // One request comes on each connection, and its head in one piece.
        let head = String::from_utf8_lossy(&chunk[..count]);
        let line = head.lines().next().unwrap_or_default().to_owned();
        self.keep(&client);
        if self.swallows.is_some_and(|part| line.contains(part)) {
            self.note(line);
            return;
        }
        self.note(line);
        self.wait_while_hanging();
        let mut engine = UnixStream::connect(&self.engine).unwrap();
        self.keep(&engine);
        engine.write_all(&chunk[..count]).unwrap();
        let (back, answered) = (engine.try_clone().unwrap(), client.try_clone().unwrap());
        let state = Arc::clone(&self);
        let answers = thread::spawn(move || state.copy(back, answered));
        self.copy(client, engine);
        answers.join().unwrap();
    }

    fn keep(&self, stream: &UnixStream) {
        self.streams
            .lock()
            .unwrap()
            .push(stream.try_clone().unwrap());
    }

    fn note(&self, line: String) {
        let mut requests = self.requests.lock().unwrap();
        if self.hangs_at.is_some_and(|part| line.contains(part)) {
            self.hangs.store(true, Ordering::SeqCst);
        }
        requests.push(line);
    }

    fn copy(&self, mut from: UnixStream, mut to: UnixStream) {
        let mut chunk = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            self.wait_while_hanging();
            if to.write_all(&chunk[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }

    fn wait_while_hanging(&self) {
        while self.hangs.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(50));
        }
    }
}
