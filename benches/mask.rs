//! Measures the masking of secrets in a streamed log, on one core.
//!
//! Twenty secrets, one of them a private key of 27 lines; the log comes in chunks, as it comes from
//! an engine. The aim is 1 GB/s.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cobuild::mask::Masker;
use divan::Bencher;
use divan::counter::BytesCount;

const LINES: usize = 20_000;
const CHUNK: usize = 32 * 1024;

fn main() {
    divan::main();
}

/// On how many lines there is a secret.
#[derive(Debug, Clone, Copy)]
enum Secrets {
    None,
    OneLineIn(usize),
}

impl fmt::Display for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no secrets in the log"),
            Self::OneLineIn(1) => f.write_str("on every line"),
            Self::OneLineIn(lines) => write!(f, "on one line in {lines}"),
        }
    }
}

const ALL: [Secrets; 4] = [
    Secrets::None,
    Secrets::OneLineIn(1000),
    Secrets::OneLineIn(10),
    Secrets::OneLineIn(1),
];

const SOME: [Secrets; 2] = [Secrets::None, Secrets::OneLineIn(10)];

/// The secrets that a build has, and their log.
#[divan::bench(args = ALL)]
fn twenty_secrets(bencher: Bencher, density: Secrets) {
    let secrets = secrets();
    stream(bencher, &Masker::new(&secrets), &log(&secrets, density));
}

/// As a program writes that does not wait until it has more than a line.
#[divan::bench]
fn in_chunks_of_one_line(bencher: Bencher) {
    let secrets = secrets();
    let log = log(&secrets, Secrets::None);
    let lines = log.split_inclusive('\n').map(str::as_bytes);
    stream_chunks(bencher, &Masker::new(&secrets), lines);
}

/// One of them has three bytes only, so that more of the log has to be looked at.
#[divan::bench(args = SOME)]
fn with_a_short_one(bencher: Bencher, density: Secrets) {
    let mut secrets = secrets();
    "Kq7".clone_into(&mut secrets[0]);
    stream(bencher, &Masker::new(&secrets), &log(&secrets, density));
}

/// Ten times as many.
#[divan::bench(args = SOME)]
fn two_hundred_secrets(bencher: Bencher, density: Secrets) {
    let mut random = Random(7);
    let secrets: Vec<String> = (0..200)
        .map(|number| random.text(20 + number % 40))
        .collect();
    stream(bencher, &Masker::new(&secrets), &log(&secrets, density));
}

/// What is done once in a build.
#[divan::bench]
fn twenty_secrets_made_ready(bencher: Bencher) {
    let secrets = secrets();
    bencher.bench(|| Masker::new(&secrets));
}

/// Masks a log that is cut anywhere.
fn stream(bencher: Bencher, masker: &Masker, log: &str) {
    stream_chunks(bencher, masker, log.as_bytes().chunks(CHUNK));
}

fn stream_chunks<'log>(
    bencher: Bencher,
    masker: &Masker,
    chunks: impl Iterator<Item = &'log [u8]>,
) {
    let chunks: Vec<Bytes> = chunks.map(Bytes::copy_from_slice).collect();
    let bytes: usize = chunks.iter().map(Bytes::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        let mut stream = masker.stream();
        for chunk in &chunks {
            divan::black_box(stream.push(chunk.clone()));
        }
        stream.finish()
    });
}

/// Tokens, passwords and addresses of 20 to 60 characters, and a private key.
fn secrets() -> Vec<String> {
    let mut random = Random(1);
    let mut secrets: Vec<String> = (0..19)
        .map(|number| {
            let text = random.text(20 + 2 * number);
            match number % 4 {
                0 => format!("ghp_{text}"),
                1 => STANDARD.encode(text),
                2 => format!("postgres://shop:{}@db.example.com:5432/shop", &text[..16]),
                _ => format!("{}&{}/{}'", &text[..8], &text[8..16], &text[16..]),
            }
        })
        .collect();
    let mut key = "-----BEGIN RSA PRIVATE KEY-----\n".to_owned();
    for _ in 0..25 {
        key += &random.text(64);
        key.push('\n');
    }
    secrets.push(key + "-----END RSA PRIVATE KEY-----\n");
    secrets
}

/// Lines as package managers, compilers and test runners write them.
fn log(secrets: &[String], density: Secrets) -> String {
    let mut random = Random(2);
    let mut log = String::new();
    for line in 0..LINES {
        let (one, other) = (random.below(1000), random.below(100_000));
        let (minute, second) = (one % 60, other % 60);
        // Writing to a `String` does not fail.
        let _ = match random.below(6) {
            0 => write!(
                log,
                "[INFO] Downloading from central: https://repo.maven.apache.org/maven2/org/example/lib{one}/1.{other}/lib{one}-1.{other}.jar"
            ),
            1 => write!(
                log,
                "2026-11-22T13:{minute:02}:{second:02}.{other:05}Z DEBUG shop.orders.service - order {other} took {one} ms"
            ),
            2 => write!(
                log,
                "   Compiling service-{one} v0.{minute}.{other} (/codebuild/output/src{other}/src/crates/service-{one})"
            ),
            3 => write!(
                log,
                "PASS tests/unit/module_{one}/handler_{other}.test.ts ({one} ms)"
            ),
            4 => write!(
                log,
                "sha256:{:016x}{:016x}: Pull complete",
                random.next(),
                random.next()
            ),
            _ => write!(
                log,
                "npm warn deprecated package-{one}@{minute}.{other}.0: this version is no longer supported"
            ),
        };
        if let Secrets::OneLineIn(lines) = density
            && line % lines == 0
        {
            log.push(' ');
            log += secrets[line / lines % secrets.len()].trim();
        }
        log.push('\n');
    }
    log
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 11
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 16) % end
    }

    fn text(&mut self, length: usize) -> String {
        const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length)
            .map(|_| char::from(CHARACTERS[usize::try_from(self.below(62)).unwrap_or_default()]))
            .collect()
    }
}
