//! A container for the manual side of a benchmark.

use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long it may take to get ready.
const PATIENCE: Duration = Duration::from_mins(5);

/// A container that waits until its input ends: it goes with this value, and with this process.
pub(crate) struct Container {
    pub(crate) name: String,
    client: Child,
}

impl Container {
    /// Starts it, and waits until the script in it is through.
    pub(crate) fn start(image: &str, script: &str) -> Result<Self, Box<dyn Error>> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cobuild-bench-{}-{count}", std::process::id());
        let script = format!("{script}\ntouch /ready && exec cat");
        let client = Command::new("docker")
            .args(["run", "-i", "--rm", "--name", &name])
            .args([image, "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut container = Self { name, client };
        let start = Instant::now();
        while !container.is_ready()? {
            if let Some(status) = container.client.try_wait()? {
                return Err(format!("the container ended with {status}").into());
            }
            if start.elapsed() > PATIENCE {
                return Err("the container does not get ready".into());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(container)
    }

    fn is_ready(&self) -> Result<bool, Box<dyn Error>> {
        let status = Command::new("docker")
            .args(["exec", &self.name, "test", "-e", "/ready"])
            .stderr(Stdio::null())
            .status()?;
        Ok(status.success())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(self.client.stdin.take());
        let _ = self.client.wait();
    }
}
