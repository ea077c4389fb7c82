//! What to do when a program of a build does not trust a server, or is not in the image.

use super::commands::last_lines;
use crate::record::Record;

/// What programs say of a certificate that they do not trust: Python and pip; Node and npm; OpenSSL;
/// curl; git; Java; Go; Ruby.
const UNTRUSTED: &[&str] = &[
    "CERTIFICATE_VERIFY_FAILED",
    "SELF_SIGNED_CERT_IN_CHAIN",
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "unable to get local issuer certificate",
    "self-signed certificate in certificate chain",
    "self signed certificate in certificate chain",
    "SSL certificate problem",
    "curl: (60)",
    "server certificate verification failed",
    "PKIX path building failed",
    "x509: certificate signed by unknown authority",
    "certificate verify failed",
];

/// What Java says: the one of them that has no variable for a store.
const OF_JAVA: &str = "PKIX path building failed";

/// What shells say of the AWS CLI where it is not installed.
const NO_AWS: &[&str] = &["aws: not found", "aws: command not found"];

/// Says what to change when a command failed for one of these.
pub(super) fn hints(record: &Record) -> Vec<String> {
    let lines: Vec<String> = record.unmended_commands().flat_map(last_lines).collect();
    let given = record
        .build
        .as_ref()
        .and_then(|build| build.environment.certificate.as_deref());
    [certificate(&lines, given), aws(&lines)]
        .into_iter()
        .flatten()
        .collect()
}

fn certificate(lines: &[String], given: Option<&str>) -> Option<String> {
    let says = |words: &str| lines.iter().any(|line| line.contains(words));
    if !UNTRUSTED.iter().any(|words| says(words)) {
        return None;
    }
    Some(match given {
        None => "a program does not trust the certificate of a server: where a proxy or a company's own \
                 authority signs it, `--certificate FILE` makes the build trust that authority; in the \
                 cloud the project needs `certificate`"
            .to_owned(),
        Some(_) if says(OF_JAVA) => "Java has a store of its own: `keytool -importcert -noprompt -cacerts -storepass \
                 changeit -file \"$NODE_EXTRA_CA_CERTS\"` in the buildspec adds the certificate of \
                 --certificate to it"
            .to_owned(),
        Some(file) => format!(
            "a program does not trust the certificate of a server: `{file}` does not hold the \
             authority that signed it, or the program reads a store of its own"
        ),
    })
}

fn aws(lines: &[String]) -> Option<String> {
    let lacks_aws = |line: &String| {
        let line = line.trim_end();
        NO_AWS.iter().any(|words| {
            let before = line.strip_suffix(words);
            before.is_some_and(|before| before.is_empty() || before.ends_with(' '))
        })
    };
    lines.iter().any(lacks_aws).then(|| {
        "the image has no AWS CLI: use an image of CodeBuild, such as the default one, install it in \
         the buildspec, or leave its commands out with `--mock '^aws '`"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(line: &str) -> Vec<String> {
        vec!["first".to_owned(), line.to_owned()]
    }

    #[test]
    fn untrusted_certificates_are_known_by_the_words_of_each_program() {
        for line in [
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:992)'))",
            "npm ERR! code SELF_SIGNED_CERT_IN_CHAIN",
            "npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none",
            "fatal: unable to access 'https://x/': SSL certificate problem: unable to get local issuer certificate",
            "curl: (60) SSL certificate problem: self-signed certificate in certificate chain",
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException",
            "Get \"https://x/\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ] {
            let hint = certificate(&lines(line), None).unwrap_or_default();
            assert!(hint.contains("`--certificate FILE`"), "{line}");
            let hint = certificate(&lines(line), Some("ca.pem")).unwrap_or_default();
            let is_java = line.contains("javax");
            assert_eq!(hint.contains("keytool"), is_java, "{line}");
            assert_eq!(hint.contains("`ca.pem`"), !is_java, "{line}");
        }
        assert_eq!(
            certificate(&lines("curl: (6) Could not resolve host: x"), None),
            None
        );
    }

    #[test]
    fn a_missing_aws_is_known_by_the_words_of_each_shell() {
        for line in [
            "/codebuild/output/tmp/script.sh: 4: aws: not found",
            "/codebuild/output/tmp/script.sh: line 4: aws: command not found",
            "sh: aws: not found",
        ] {
            assert!(aws(&lines(line)).is_some(), "{line}");
        }
        for line in ["myaws: not found", "aws: not found here", "jq: not found"] {
            assert!(aws(&lines(line)).is_none(), "{line}");
        }
    }
}
