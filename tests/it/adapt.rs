//! What a copy of a configuration needs to be tried on this machine: certificates, hosts
//! and addresses that are here. The configuration itself is never changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use regex_lite::{Captures, Regex};

/// A text that names a certificate which is there.
pub fn with_certificate(text: &str) -> String {
    let line = pattern(r"\b((?:\w+_)?ssl_(?:client_|trusted_)?certificate(_key)?\s+)([^\s;{}$]+)");
    let renamed = line.replace_all(text, |found: &Captures<'_>| {
        let file = if found.get(2).is_some() { "key.pem" } else { "certificate.pem" };
        format!("{}{}", &found[1], certificate().join(file).display())
    });
    renamed.into_owned()
}

/// A text that names this machine for a host that nobody knows.
pub fn with_known_host(text: &str, host: &str) -> String {
    let host = regex_lite::escape(host);
    let place = pattern(&format!(r#"(//|\bserver\s+["']?|_pass\s+["']?){host}([:/;\s"'])"#));
    place.replace_all(text, "${1}127.0.0.1${2}").into_owned()
}

/// A folder with a self-signed `certificate.pem` and its `key.pem`, made once.
fn certificate() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = parent.join("nginx-certificate");
        if !folder.exists() {
            let new = tempfile::tempdir_in(parent).expect("cargo made the folder").keep();
            let mut openssl = Command::new("openssl");
            openssl.args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ]);
            openssl.args(["-nodes", "-days", "3650", "-subj", "/CN=localhost"]);
            openssl
                .arg("-keyout")
                .arg(new.join("key.pem"))
                .arg("-out")
                .arg(new.join("certificate.pem"));
            let output = openssl.output().expect("openssl is on the PATH");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            // Another process may have been faster; its certificate is as good.
            let named = fs::rename(&new, &folder);
            assert!(named.is_ok() || folder.exists(), "{named:?}");
        }
        folder
    })
}

/// A text that listens where everyone may; what was one address stays one.
pub fn with_free_addresses(text: &str) -> String {
    let line = pattern(r"\b(listen\s+)([^\s;{}]+)");
    let moved = line.replace_all(text, |found: &Captures<'_>| {
        let (before, address) = (&found[1], &found[2]);
        if address.starts_with("unix:") {
            return found[0].to_owned();
        }
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ if address.parse::<u16>().is_ok() => ("", address),
            _ => (address, "80"),
        };
        let Ok(port) = port.parse::<u16>() else {
            return found[0].to_owned();
        };
        let host = match host {
            "" | "*" | "0.0.0.0" => "127.0.0.1",
            host if host.starts_with('[') => "127.0.0.2",
            _ => "127.0.0.3",
        };
        format!("{before}{host}:{}", 20_000 + port % 40_000)
    });
    moved.into_owned()
}

/// A regular expression of the tests' own.
pub fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}
