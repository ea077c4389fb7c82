//! Certificates for TLS on the loopback, made by openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An authority, a certificate of `127.0.0.1` and one of a client.
#[derive(Debug)]
pub(crate) struct Certificates {
    directory: TempDir,
}

impl Certificates {
    /// Makes them.
    #[track_caller]
    pub(crate) fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        openssl(
            place,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem",
        );
        for (name, extension) in [
            (
                "server",
                "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n",
            ),
            ("client", "extendedKeyUsage=clientAuth\n"),
        ] {
            fs::write(place.join("extension"), extension).unwrap();
            openssl(
                place,
                &format!(
                    "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
                ),
            );
            openssl(
                place,
                &format!(
                    "x509 -req -days 2 -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile extension -out {name}.pem"
                ),
            );
        }
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What dockerd is told to speak TLS with those alone whom the authority knows.
    pub(crate) fn of_daemon(&self) -> Vec<String> {
        [
            ("tlscacert", "ca.pem"),
            ("tlscert", "server.pem"),
            ("tlskey", "server.key"),
        ]
        .into_iter()
        .map(|(flag, name)| format!("--{flag}={}", self.path(name).display()))
        .chain(["--tlsverify".to_owned()])
        .collect()
    }

    /// Writes these files of a client under the names that Docker gives them.
    pub(crate) fn write_client(&self, directory: &Path, names: &[&str]) {
        fs::create_dir_all(directory).unwrap();
        for name in names {
            let from = match *name {
                "ca.pem" => "ca.pem",
                "cert.pem" => "client.pem",
                "key.pem" => "client.key",
                other => panic!("a client has no {other}"),
            };
            fs::copy(self.path(from), directory.join(name)).unwrap();
        }
    }
}

#[track_caller]
fn openssl(directory: &Path, arguments: &str) {
    let made = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(directory)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl {arguments}: {complaint}");
}
