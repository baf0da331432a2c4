//! What `nginx -T` prints is read as the files that it names.

use std::process::Command;

use crate::nginx;
use crate::support::{run, run_with};

/// A dump as nginx 1.22.1 prints it.
const DUMP: &str = "\
# configuration file /srv/nginx/nginx.conf:
events {}
http {
    include conf.d/*.conf;
}

# configuration file /srv/nginx/conf.d/a.conf:
server {
    listen 8099;
    location /ws/ {
        proxy_pass http://127.0.0.1:9000;
        proxy_set_header Upgrade $http_upgrade;
    }
    brotly on
}

";

#[test]
fn findings_name_the_files_and_their_own_lines() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let lint = ["lint", "-", "--format", "short"];
    let run = run_with(directory.path(), &lint, DUMP.as_bytes());
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("/srv/nginx/conf.d/a.conf:7:"), "{run:?}");
    assert!(!run.out.contains("missing-include") && run.err.contains("2 files"), "{run:?}");
}

#[test]
fn a_dump_can_be_emitted_and_traced() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let dump = DUMP.replace("    brotly on\n", "");
    std::fs::write(directory.path().join("dump"), dump).expect("the directory is writable");
    let flat = run(directory.path(), &["emit", "dump", "--to", "nginx", "--flat"]);
    assert!(flat.code == 0 && flat.out.contains("listen 8099;"), "{flat:?}");
    let payload = run(directory.path(), &["emit", "dump", "--to", "crossplane"]);
    assert!(payload.out.contains("\"file\": \"/srv/nginx/conf.d/a.conf\""), "{payload:?}");
    let traced = run(directory.path(), &["trace", "dump", "http://a:8099/ws/", "--format", "json"]);
    assert!(traced.code == 0 && traced.out.contains("/srv/nginx/conf.d/a.conf"), "{traced:?}");
}

#[test]
fn a_dump_is_not_written_to() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(directory.path().join("dump"), DUMP).expect("the directory is writable");
    for arguments in [&["fmt", "dump"][..], &["lint", "dump", "--fix"], &["lint", "dump", "--diff"]]
    {
        let run = run(directory.path(), arguments);
        assert!(run.code == 2 && run.err.contains("`nginx -T`"), "{run:?}");
    }
    assert_eq!(std::fs::read_to_string(directory.path().join("dump")).expect("there"), DUMP);
}

#[test]
fn what_nginx_dumps_is_what_it_was_given() {
    let Some(nginx) = nginx::find() else { return };
    let directory = tempfile::tempdir().expect("a directory can be made");
    let at = |name: &str| directory.path().join(name);
    let pid = at("pid");
    let main = format!("pid {};\nevents {{}}\nhttp {{\n    include a.conf;\n}}\n", pid.display());
    let included = "server {\n    listen 127.0.0.1:8099;\n}\n";
    std::fs::write(at("nginx.conf"), &main).expect("the directory is writable");
    std::fs::write(at("a.conf"), included).expect("writable");
    let mut command = Command::new(&nginx.binary);
    command.arg("-T").arg("-p").arg(directory.path()).arg("-c").arg(at("nginx.conf"));
    let output = command.output().expect("nginx runs");
    let files = ngxc::project::dumped(&output.stdout).expect("it is a dump");
    let given =
        ["nginx.conf", "a.conf"].map(|name| (at(name), std::fs::read(at(name)).expect("there")));
    assert_eq!(files, given);
}
