//! Files of certificates.

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::host::file;
use crate::plan::Certificate;

/// The longest file that is read: all authorities of the world take a quarter of it.
const LONGEST: u64 = 1024 * 1024;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Why a file gives no certificates.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("cannot read the certificate `{}`", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("`{}` is not a certificate in PEM: it has no line `{BEGIN}`", path.display())]
    NoPem { path: PathBuf },
    #[error("certificate {number} in `{}` is damaged", path.display())]
    Damaged {
        path: PathBuf,
        /// Which, counted from 1.
        number: usize,
    },
}

/// Reads the certificates of a file; whatever else is in it, such as a key, is left out.
pub fn read_certificate(path: &Path) -> Result<Certificate, CertificateError> {
    let unreadable = |source| CertificateError::Unreadable {
        path: path.to_path_buf(),
        source,
    };
    let mut bytes = Vec::new();
    file::open_named(path)
        .map_err(std::io::Error::from)
        .and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut certificates = Vec::new();
    for part in text.split(BEGIN).skip(1) {
        let number = certificates.len() + 1;
        let certificate = part.split_once(END).and_then(|(body, _)| rewritten(body));
        certificates.push(certificate.ok_or_else(|| CertificateError::Damaged {
            path: path.to_path_buf(),
            number,
        })?);
    }
    if certificates.is_empty() {
        return Err(CertificateError::NoPem {
            path: path.to_path_buf(),
        });
    }
    Ok(Certificate {
        location: path.display().to_string(),
        certificates,
    })
}

/// Writes a certificate anew from its base64; `None` when that is none.
fn rewritten(body: &str) -> Option<String> {
    let body: String = body.split_whitespace().collect();
    let bytes = STANDARD.decode(&body).ok()?;
    // A sequence of DER with a length of two bytes or more, as every certificate is.
    if !matches!(bytes[..], [0x30, 0x81..=0x84, ..]) {
        return None;
    }
    let mut text = format!("{BEGIN}\n");
    for line in body.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(END);
    text.push('\n');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Certificate, CertificateError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.pem");
        std::fs::write(&path, text).unwrap();
        read_certificate(&path)
    }

    /// Something of the outward shape of a certificate.
    fn pem(filling: u8) -> String {
        let mut bytes = vec![0x30, 0x82, 0x00, 0xc8];
        bytes.extend([filling; 200]);
        let body = STANDARD.encode(bytes);
        let lines: Vec<&str> = body
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
    }

    #[test]
    fn certificates_are_taken_and_nothing_else() {
        let (one, two) = (pem(1), pem(2));
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        let windows = two.replace('\n', "\r\n");
        let read = read(&format!("about it\n{one}{key}{windows}")).unwrap();
        assert_eq!(read.certificates, [one, two]);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        for (text, problem) in [
            (String::new(), "not a certificate in PEM"),
            (
                "-----BEGIN PRIVATE KEY-----".to_owned(),
                "not a certificate in PEM",
            ),
            (format!("{BEGIN}\n{END}\n"), "certificate 1 in"),
            (format!("{}{BEGIN}\nAAAA\n", pem(1)), "certificate 2 in"),
            (format!("{BEGIN}\n!\n{END}\n"), "is damaged"),
        ] {
            let told = read(&text).unwrap_err().to_string();
            assert!(told.contains(problem), "{told}");
        }
        assert!(matches!(
            read_certificate(Path::new("/nowhere.pem")),
            Err(CertificateError::Unreadable { .. })
        ));
    }
}
