//! What `nginx -T` prints is read as the files that it names.

use std::process::Command;

use ngxc::project::dumped;

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
fn fixes_are_not_written_to_a_dump() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(directory.path().join("dump"), DUMP).expect("the directory is writable");
    for arguments in [["lint", "dump", "--fix"], ["lint", "dump", "--diff"]] {
        let run = run(directory.path(), &arguments);
        assert!(run.code == 2 && run.err.contains("`nginx -T`"), "{run:?}");
    }
    assert_eq!(std::fs::read_to_string(directory.path().join("dump")).expect("there"), DUMP);
}

#[test]
fn a_formatted_dump_is_a_dump() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let dump = DUMP.replace("    brotly on\n", "").replace("server {\n", "server{ # a\n");
    let expected = dump.replace("server{ # a", "server { # a");
    let path = directory.path().join("dump");
    std::fs::write(&path, &dump).expect("the directory is writable");
    let piped = run_with(directory.path(), &["fmt", "-"], dump.as_bytes());
    assert_eq!((piped.code, piped.out.as_str()), (0, expected.as_str()), "{piped:?}");
    let logged = format!("nginx: the configuration file is ok\n{dump}");
    let piped = run_with(directory.path(), &["fmt", "-"], logged.as_bytes());
    assert_eq!(piped.out, format!("nginx: the configuration file is ok\n{expected}"));
    let checked = run(directory.path(), &["fmt", "dump", "--check"]);
    assert_eq!((checked.code, checked.out.as_str()), (1, "dump\n"), "{checked:?}");
    let shown = run(directory.path(), &["fmt", "dump", "--diff"]);
    assert!(shown.code == 1 && shown.out.contains("\n+server { # a\n"), "{shown:?}");
    let ranged = run(directory.path(), &["fmt", "dump", "--range", "1:3"]);
    assert!(ranged.code == 2 && ranged.err.contains("--range"), "{ranged:?}");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), dump);
    assert_eq!(run(directory.path(), &["fmt", "dump"]).code, 0);
    assert_eq!(std::fs::read_to_string(&path).expect("there"), expected);
    assert_eq!(run(directory.path(), &["fmt", "dump", "--check"]).code, 0);
}

#[test]
fn a_broken_file_of_a_dump_leaves_all_alone() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(directory.path().join("dump"), DUMP).expect("the directory is writable");
    let run = run(directory.path(), &["fmt", "dump"]);
    assert!(run.code == 2 && run.err.contains("/srv/nginx/conf.d/a.conf:7:"), "{run:?}");
    assert_eq!(std::fs::read_to_string(directory.path().join("dump")).expect("there"), DUMP);
    // Unindented, the comment would be the name of the included file.
    let moved = DUMP.replace(
        "events {}\n",
        "include conf.d/*.conf;\n  # configuration file /srv/nginx/conf.d/b.conf:\n",
    );
    let refused =
        run_with(directory.path(), &["fmt", "-"], moved.replace("    brotly on\n", "").as_bytes());
    assert!(refused.code == 2 && refused.err.contains("other files"), "{refused:?}");
}

#[test]
fn one_file_of_a_dump_can_be_emitted() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let dump = DUMP.replace("    brotly on\n", "");
    std::fs::write(directory.path().join("dump"), &dump).expect("the directory is writable");
    let emit = |arguments: &[&str]| run(directory.path(), &[&["emit", "dump"], arguments].concat());
    let included = "/srv/nginx/conf.d/a.conf";
    let first = emit(&["--to", "nginx"]);
    assert!(first.code == 0 && first.out.starts_with("events {}\nhttp"), "{first:?}");
    assert!(first.err.contains("--file") && first.err.contains(included), "{first:?}");
    let other = emit(&["--to", "nginx", "--file", included]);
    assert_eq!((other.code, other.err.as_str()), (0, ""), "{other:?}");
    assert!(other.out.starts_with("server {\n    listen 8099;\n"), "{other:?}");
    let json = emit(&["--to", "json", "--file", included]);
    assert!(json.out.contains(included) && !json.out.contains("events"), "{json:?}");
    let unknown = emit(&["--to", "nginx", "--file", "a.conf"]);
    assert!(unknown.code == 2 && unknown.err.contains(included), "{unknown:?}");
    let flat = emit(&["--to", "nginx", "--flat", "--file", included]);
    assert!(flat.code == 2 && flat.out.is_empty(), "{flat:?}");
}

#[test]
fn a_mask_that_matches_no_file_of_a_dump_matches_nothing() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let dump = "# configuration file /srv/nginx.conf:\ninclude modules/*.conf;\nevents {}\n\n";
    let flat =
        run_with(directory.path(), &["emit", "-", "--to", "nginx", "--flat"], dump.as_bytes());
    assert_eq!(
        flat.out, "# include modules/*.conf: no files\n\n# back in /srv/nginx.conf:2\nevents {}\n",
        "{flat:?}"
    );
}

#[test]
fn what_nginx_dumps_is_what_it_was_given() {
    for nginx in nginx::all() {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let at = |name: &str| directory.path().join(name);
        let main = format!(
            "pid {};\nerror_log stderr;\nevents {{}}\nhttp {{\n    access_log off;\n    include a.conf;\n    include d/*.conf;\n}}\n",
            at("pid").display()
        );
        let odd = format!(
            "# odd\n# configuration file {}:\n# configuration file /b:\nserver {{\nlisten 127.0.0.1:8099;\n\
             location / {{ proxy_pass http://127.0.0.1:9; proxy_set_header Upgrade $http_upgrade; }}\n}}\n\n\n",
            at("a.conf").display()
        );
        // The first has no line end, the last has several.
        let given = [
            ("nginx.conf", main.as_str()),
            ("a.conf", "server {\n    listen 127.0.0.1:8098;\n}"),
            ("d/b.conf", odd.as_str()),
            ("d/c.conf", ""),
        ]
        .map(|(name, text)| (at(name), text.as_bytes().to_vec()));
        std::fs::create_dir(at("d")).expect("the directory is writable");
        for (path, bytes) in &given {
            std::fs::write(path, bytes).expect("the directory is writable");
        }
        let mut command = Command::new(&nginx.binary);
        command.arg("-T").arg("-p").arg(directory.path()).arg("-c").arg(at("nginx.conf"));
        let output = command.output().expect("nginx runs");
        assert_eq!(dumped(&output.stdout).expect("it is a dump"), given);
        let linted =
            run_with(directory.path(), &["lint", "-", "--format", "short"], &output.stdout);
        let place = format!("{}:6:", at("d/b.conf").display());
        assert!(linted.out.contains(&place) && linted.err.contains("4 files"), "{linted:?}");
        let formatted = run_with(directory.path(), &["fmt", "-"], &output.stdout);
        for (path, bytes) in dumped(formatted.out.as_bytes()).expect("it is a dump") {
            assert_eq!(run(directory.path(), &["fmt", &path.to_string_lossy()]).code, 0);
            assert_eq!(bytes, std::fs::read(path).expect("there"), "{formatted:?}");
        }
    }
}

#[test]
fn names_in_a_dump_may_be_relative() {
    let dump = b"# configuration file ./nginx.conf:\ninclude a/*.conf;\n\n\
        # configuration file ./a/b.conf:\nevents {}\n\n";
    let files = dumped(dump).expect("it is a dump");
    assert_eq!(files.len(), 2, "{files:?}");
}
