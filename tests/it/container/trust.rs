//! Certificates that the build trusts, against a server that has one.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::engine;
use crate::env::TestEnv;

/// A server with a certificate of the authority in `ca.pem`, and a client that says nothing when all is well.
const SERVER: &str = "import http.server, ssl
server = http.server.HTTPServer(('127.0.0.1', 8443), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('server.pem', 'server.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
";

const WAIT: &str =
    "timeout 20 bash -c 'until : < /dev/tcp/127.0.0.1/8443; do sleep 0.1; done' 2> /dev/null";
const CURL: &str = "curl -sS https://localhost:8443/greeting";
const GIT: &str = "git ls-remote https://localhost:8443/repository.git";
const VERIFY: &str = "openssl verify server.pem";
const PYTHON: &str = "python3 -c 'import urllib.request as r; print(r.urlopen(\"https://localhost:8443/greeting\").read())'";

fn openssl(directory: &Path, arguments: &str) {
    let done = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(directory)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "openssl {arguments}: {complaint}");
}

/// Programs with a store of their own read these in its place, so each names all that is trusted.
const REPLACING: &str = "for it in $SSL_CERT_FILE $CURL_CA_BUNDLE $GIT_SSL_CAINFO $REQUESTS_CA_BUNDLE $PIP_CERT $AWS_CA_BUNDLE $CARGO_HTTP_CAINFO; do curl -sS --cacert $it https://localhost:8443/greeting; done";
/// Node adds this one to its own.
const ADDED: &str = "grep -c BEGIN $NODE_EXTRA_CA_CERTS; curl -sS --cacert $NODE_EXTRA_CA_CERTS https://localhost:8443/greeting";
/// How many certificates the first of them name.
const COUNT: &str = "grep -c BEGIN $PIP_CERT";
/// A source with the server and all that it needs, and the authority beside it.
fn env(image: &str) -> TestEnv {
    let env = TestEnv::new()
        .image(image)
        .file("server.py", SERVER)
        .file("greeting", "hello\n")
        .file("names", "subjectAltName=DNS:localhost\n")
        .build_commands(&[
            "git init -q --bare repository.git && git -C repository.git update-server-info",
            "python3 server.py > /dev/null 2>&1 &",
            WAIT,
            CURL,
            GIT,
            VERIFY,
            PYTHON,
            REPLACING,
            ADDED,
            COUNT,
        ]);
    let source = env.source();
    openssl(
        &source,
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ../ca.key -out ../ca.pem",
    );
    openssl(
        &source,
        "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
    );
    openssl(
        &source,
        "x509 -req -in server.csr -CA ../ca.pem -CAkey ../ca.key -CAcreateserial -days 2 -extfile names -out server.pem",
    );
    env
}

/// An image without a tool for certificates, without any certificate, and whose OpenSSL looks for a
/// bundle nowhere.
fn bare() -> &'static str {
    let name = "cobuild-test-no-certificates";
    let dockerfile = format!(
        "FROM {}\nRUN rm -rf /usr/sbin/update-ca-certificates /etc/ssl/certs /usr/lib/ssl/cert.pem\n",
        engine::IMAGE
    );
    engine::build_image(name, &dockerfile);
    name
}

/// An image with the tool of Red Hat and Amazon Linux, as far as a build sees of it.
fn with_update_ca_trust() -> &'static str {
    let name = "cobuild-test-update-ca-trust";
    let dockerfile = format!(
        "FROM {}
RUN rm /usr/sbin/update-ca-certificates && printf '%s\\n' '#!/bin/sh' \\
    'cat /etc/pki/ca-trust/source/anchors/* >> /etc/ssl/certs/ca-certificates.crt' \\
    > /usr/bin/update-ca-trust && chmod +x /usr/bin/update-ca-trust
",
        engine::IMAGE
    );
    engine::build_image(name, &dockerfile);
    name
}

#[test]
fn a_certificate_is_trusted_in_images_of_every_kind() {
    let without_tool = engine::image_without(&["update-ca-certificates"]);
    for image in [engine::IMAGE, with_update_ca_trust(), &without_tool, bare()] {
        let run = env(image)
            .arg("--certificate")
            .arg("ca.pem")
            .run_with_json();
        let (run, build) = run;
        run.assert_succeeded();
        assert_eq!(run.output_of(CURL), "hello\n", "{image}");
        assert_eq!(run.output_of(VERIFY), "server.pem: OK\n", "{image}");
        assert_eq!(run.output_of(REPLACING), "hello\n".repeat(7), "{image}");
        assert_eq!(run.output_of(ADDED), "1\nhello\n", "{image}");
        let count: usize = run.output_of(COUNT).trim().parse().unwrap();
        // The bare image trusts nothing else.
        assert_eq!(count > 1, image != bare(), "{image}: {count}");
        assert_eq!(build["environment"]["certificate"], "ca.pem");
    }
}

#[test]
fn without_it_nobody_trusts_the_server() {
    let run = env(engine::IMAGE).run();
    run.assert_failed();
    assert!(run.stdout.contains("SSL certificate problem"), "{run}");
    let hint = "hint: a program does not trust the certificate of a server: ";
    assert_eq!(run.stderr.matches(hint).count(), 1, "{run}");
    assert!(run.stderr.contains("`--certificate FILE`"), "{run}");
}

#[test]
fn variables_that_the_build_has_set_stay() {
    let print = "echo $PIP_CERT $NODE_EXTRA_CA_CERTS";
    let env = env(engine::IMAGE)
        .buildspec(&format!(
            "version: 0.2\nenv: {{variables: {{PIP_CERT: mine}}}}\nphases: {{build: {{commands: ['{print}']}}}}\n"
        ))
        .args(&["--certificate", "ca.pem", "--env", "NODE_EXTRA_CA_CERTS="]);
    let run = env.run();
    run.assert_succeeded();
    assert_eq!(run.output_of(print), "mine\n");
}

#[test]
fn an_image_without_the_aws_cli_is_told() {
    let run = TestEnv::new()
        .build_command("aws sts get-caller-identity")
        .run();
    run.assert_failed();
    assert!(
        run.stderr.contains("hint: the image has no AWS CLI: "),
        "{run}"
    );
}

#[test]
fn what_is_no_certificate_is_refused() {
    let env = TestEnv::new().build_command("true");
    fs::write(env.path("key.pem"), "-----BEGIN PRIVATE KEY-----\n").unwrap();
    for (file, problem) in [
        ("key.pem", "`key.pem` is not a certificate in PEM"),
        ("nothing.pem", "cannot read the certificate `nothing.pem`"),
    ] {
        let run = env.again(&["--certificate", file]).run();
        run.assert_code(2);
        assert!(run.stderr.contains(problem), "{run}");
    }
}
