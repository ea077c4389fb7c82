//! What stands between an engine and a registry: a line that breaks or is slow, and a registry that
//! says no.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A line to a registry.
#[derive(Debug)]
pub(super) struct Proxy {
    port: u16,
    line: Arc<Line>,
}

#[derive(Debug, Default)]
struct Line {
    /// How often it still breaks.
    breaks: AtomicUsize,
    /// After how many bytes of a connection it breaks.
    after: usize,
    /// How long every 64 KB take.
    delay: Duration,
    /// How many connections carry bytes.
    open: AtomicUsize,
    closed: AtomicBool,
}

impl Proxy {
    /// One that cuts so many connections after so many bytes from the registry.
    pub(super) fn breaking(registry: u16, times: usize, after: usize) -> Self {
        Self::start(
            registry,
            Line {
                breaks: AtomicUsize::new(times),
                after,
                ..Line::default()
            },
        )
    }

    /// One that takes its time over every 64 KB.
    pub(super) fn slow(registry: u16, delay: Duration) -> Self {
        Self::start(
            registry,
            Line {
                delay,
                ..Line::default()
            },
        )
    }

    fn start(registry: u16, line: Line) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let line = Arc::new(line);
        let ours = Arc::clone(&line);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if line.closed.load(Ordering::Relaxed) {
                    return;
                }
                let line = Arc::clone(&line);
                thread::spawn(move || line.carry(&client, registry));
            }
        });
        Self { port, line: ours }
    }

    /// The name of an image behind it.
    pub(super) fn name(&self, image: &str) -> String {
        format!("127.0.0.1:{}/{image}", self.port)
    }

    /// How many connections are open.
    pub(super) fn open(&self) -> usize {
        self.line.open.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.closed.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Line {
    fn carry(&self, client: &TcpStream, registry: u16) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", registry)) else {
            return;
        };
        self.open.fetch_add(1, Ordering::Relaxed);
        let (mut from_client, mut to_server) =
            (client.try_clone().unwrap(), server.try_clone().unwrap());
        let asking = thread::spawn(move || {
            let _ = io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Both);
        });
        let _ = self.answer(&server, client);
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
        let _ = asking.join();
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    fn answer(&self, mut server: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        let mut carried = 0;
        loop {
            let count = server.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            let breaks = self.after > 0 && carried + count > self.after && self.breaks_now();
            let whole = if breaks {
                self.after.saturating_sub(carried)
            } else {
                count
            };
            client.write_all(&buffer[..whole])?;
            if breaks {
                return Ok(());
            }
            carried += count;
            thread::sleep(self.delay);
        }
    }

    fn breaks_now(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        let relaxed = Ordering::Relaxed;
        self.breaks.fetch_update(relaxed, relaxed, one_less).is_ok()
    }
}

/// A registry that gives one answer to everything but the question whether it is one.
#[derive(Debug)]
pub(super) struct Refusal {
    port: u16,
}

impl Refusal {
    /// Answers with this status and this JSON.
    pub(super) fn start(status: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let _ = refuse(client, status, body);
            }
        });
        Self { port }
    }

    /// The name of an image in it.
    pub(super) fn name(&self, image: &str) -> String {
        format!("127.0.0.1:{}/{image}", self.port)
    }
}

fn refuse(mut client: TcpStream, status: &str, body: &str) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.push(byte[0]);
    }
    let is_greeting = head.starts_with(b"GET /v2/ ");
    let is_head = head.starts_with(b"HEAD ");
    let (status, body) = if is_greeting {
        ("200 OK", "{}")
    } else {
        (status, body)
    };
    let length = body.len();
    let body = if is_head { "" } else { body };
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
