//! What the command line does to files: all or none, byte for byte, and nothing unasked.

use std::fs;

use crate::cli::{CLEAN, directory, json, text};
use crate::support::{root, run, run_with};

#[test]
fn fmt_has_styles_and_formats_some_lines() {
    let text = b"a{\n  b 'c d';\n  e   f;}\n";
    let fmt = |arguments: &[&str]| run_with(root(), &[&["fmt", "-"], arguments].concat(), text);
    for (arguments, out) in [
        (&[][..], "a {\n    b 'c d';\n    e f;\n}\n"),
        (&["--indent", "tab"], "a {\n\tb 'c d';\n\te f;\n}\n"),
        (&["--indent", "keep", "--normalize-quotes"], "a {\n  b \"c d\";\n  e f;\n}\n"),
        (&["--range", "3:3"], "a{\n  b 'c d';\n    e f;\n}\n"),
        (&["--range", "1:2"], "a {\n    b 'c d';\n  e   f;}\n"),
    ] {
        let run = fmt(arguments);
        assert_eq!((run.code, run.out.as_str()), (0, out), "{arguments:?}: {}", run.err);
    }
    let shown = run_with(root(), &["fmt", "--check", "--stdin-filename", "x/y.conf", "-"], text);
    assert_eq!((shown.code, shown.out.as_str()), (1, "x/y.conf\n"));
    for arguments in [["--indent", "0"], ["--range", "3:2"], ["--range", "0:1"]] {
        assert_eq!(fmt(&arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn fmt_writes_only_what_changes_and_refuses_broken_files() {
    let site = directory(&[("a.conf", "events{}"), ("b.conf", CLEAN), ("c.conf", "events {")]);
    let listed = run(site.path(), &["fmt", "--check", "a.conf", "b.conf"]);
    assert_eq!((listed.code, listed.out.as_str()), (1, "a.conf\n"));
    assert_eq!(text(&site, "a.conf"), "events{}");
    let diff = run(site.path(), &["fmt", "--diff", "a.conf"]);
    assert!(diff.code == 1 && diff.out.contains("+events {}"), "{diff:?}");
    let all = run(site.path(), &["fmt", "."]);
    assert_eq!(all.code, 2, "{all:?}");
    assert!(all.err.contains("c.conf") && all.err.contains("never closed"), "{all:?}");
    assert_eq!(text(&site, "a.conf"), CLEAN);
    assert_eq!(text(&site, "c.conf"), "events {");
}

#[test]
fn fixes_reach_included_files_all_or_none() {
    let main = "events {}\n\nhttp {\n    include conf.d/*.conf;\n}\n";
    let server = "server {\n\tlocation / {\n\t\tproxy_pass http://127.0.0.1:1;\n\t\tproxy_http_version 1.1;\n\t\tproxy_set_header Upgrade $http_upgrade;\n\t\tproxy_set_header Connection upgrade;\n\t}\n}\n";
    let site =
        directory(&[("nginx.conf", main), ("conf.d/a.conf", server), ("conf.d/b.conf", server)]);
    let fixed = run(site.path(), &["lint", "--fix", "nginx.conf"]);
    assert_eq!(fixed.code, 0, "{fixed:?}");
    assert_eq!(text(&site, "nginx.conf").matches("map $http_upgrade").count(), 1);
    for name in ["conf.d/a.conf", "conf.d/b.conf"] {
        assert!(
            text(&site, name).contains("\t\tproxy_set_header Connection $connection_upgrade;\n")
        );
    }
}

#[cfg(unix)]
#[test]
fn writing_keeps_links_and_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let site = directory(&[("sites-available/site.conf", "events{}")]);
    let real = site.path().join("sites-available/site.conf");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("they can be set");
    fs::create_dir(site.path().join("sites-enabled")).expect("it can be made");
    let link = site.path().join("sites-enabled/site.conf");
    symlink("../sites-available/site.conf", &link).expect("it can be made");
    assert_eq!(run(site.path(), &["fmt", "sites-enabled/site.conf"]).code, 0);
    assert!(link.is_symlink());
    assert_eq!(fs::read_to_string(&real).expect("it is there"), CLEAN);
    assert_eq!(fs::metadata(&real).expect("it is there").permissions().mode() & 0o777, 0o640);
}

/// Writing beside and renaming parts hard links; it keeps owner and group.
#[cfg(unix)]
#[test]
fn writing_says_that_hard_links_part_and_keeps_the_owner() {
    use std::os::unix::fs::{MetadataExt, chown};
    let site = directory(&[("a.conf", "events{}")]);
    let (path, link) = (site.path().join("a.conf"), site.path().join("b.conf"));
    // Only root may give a file away.
    let is_given = chown(&path, Some(12), Some(34)).is_ok();
    fs::hard_link(&path, &link).expect("it can be linked");
    let formatted = run(site.path(), &["fmt", "a.conf"]);
    assert!(
        formatted.code == 0 && formatted.err.contains("a.conf: has other names"),
        "{formatted:?}"
    );
    assert_eq!(
        (text(&site, "a.conf").as_str(), text(&site, "b.conf").as_str()),
        (CLEAN, "events{}")
    );
    let owner = fs::metadata(&path).map(|it| (it.uid(), it.gid())).expect("it is there");
    assert!(!is_given || owner == (12, 34), "{owner:?}");
}

#[test]
fn emit_prints_canonical_flat_and_json() {
    let main = "events{}\nhttp {\n  include part.conf; # here\n}\n";
    let site = directory(&[("nginx.conf", main), ("part.conf", "sendfile on;\n# end\n")]);
    let canonical = run(site.path(), &["emit", "nginx.conf", "--to", "nginx"]);
    assert_eq!(canonical.out, "events {}\nhttp {\n    include part.conf; # here\n}\n");
    let flat = run(site.path(), &["emit", "nginx.conf", "--to", "nginx", "--flat"]);
    let expected = "events {}\nhttp {\n    # here\n    # include part.conf: part.conf\n    sendfile on;\n    # end\n}\n";
    assert_eq!(flat.out, expected);
    let json = run(site.path(), &["emit", "nginx.conf", "--to", "json"]);
    fs::write(site.path().join("nginx.json"), &json.out).expect("it can be written");
    let back = run(site.path(), &["emit", "nginx.json", "--to", "nginx"]);
    assert_eq!((back.code, back.out.as_str()), (0, main));
    let piped = run_with(site.path(), &["emit", "-", "--to", "nginx"], json.out.as_bytes());
    assert_eq!(piped.out, main);
}

#[test]
fn emit_drops_nothing_in_silence() {
    let site = directory(&[
        ("missing.conf", "events {}\ninclude not-here.conf;\n"),
        ("broken.conf", "events {"),
        (
            "other.json",
            "{\"ngxc\": \"conf\", \"version\": 99, \"path\": \"\", \"encoding\": \"utf-8\", \"items\": [], \"after\": \"\"}",
        ),
        ("no.json", "[]"),
    ]);
    for arguments in [
        &["emit", "missing.conf", "--to", "nginx", "--flat"][..],
        &["emit", "broken.conf", "--to", "nginx"],
        &["emit", "broken.conf", "--to", "json"],
        &["emit", "template.conf", "--to", "json"],
        &["emit", "other.json", "--to", "nginx"],
        &["emit", "no.json", "--to", "nginx"],
    ] {
        let run = run(site.path(), arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}: {run:?}");
        assert!(!run.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn flat_output_is_refused_where_it_would_change_something() {
    let main = "events {}\nhttp {\n    include part.conf;\n}\n";
    let site =
        directory(&[("nginx.conf", main), ("broken.conf", "events {"), ("part.conf", "server {")]);
    let flat = |name: &str| run(site.path(), &["emit", name, "--to", "nginx", "--flat"]);
    for name in ["broken.conf", "nginx.conf"] {
        let refused = flat(name);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{name}: {refused:?}");
    }
    fs::write(site.path().join("part.conf"), b"# caf\xe9\n").expect("it can be written");
    let refused = flat("nginx.conf");
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{refused:?}");
    assert!(refused.err.contains("another encoding"), "{refused:?}");
    fs::write(site.path().join("part.conf"), "sendfile on;\n").expect("it can be written");
    fs::write(
        site.path().join("lines.conf"),
        "events {}\nhttp {\ninclude # which\n part.conf;\n}\n",
    )
    .expect("it can be written");
    assert_eq!(
        flat("lines.conf").out,
        "events {}\nhttp {\n    # which\n    # include part.conf: part.conf\n    sendfile on;\n}\n"
    );
}

#[test]
fn a_diff_has_the_bytes_of_the_file() {
    let site = directory(&[]);
    fs::write(site.path().join("latin.conf"), b"events{} # caf\xe9\n").expect("it can be written");
    let output = crate::support::ngxc(site.path(), &["fmt", "--diff", "latin.conf"]).output();
    let out = output.expect("ngxc can be run").stdout;
    let expected = b"--- a/latin.conf\n+++ b/latin.conf\n@@ -1 +1 @@\n-events{} # caf\xe9\n+events {} # caf\xe9\n";
    assert_eq!(out, expected, "{}", String::from_utf8_lossy(&out));
}

#[test]
fn a_project_says_how_files_are_indented() {
    let toml = |indent: &str| format!("[fmt]\nindent = {indent}\n");
    for (indent, options, expected) in [
        ("2", &[][..], "a {\n  b;\n}\n"),
        ("\"tab\"", &[], "a {\n\tb;\n}\n"),
        ("\"keep\"", &[], "a {\n   b;\n}\n"),
        ("2", &["--indent", "1"], "a {\n b;\n}\n"),
    ] {
        let site = directory(&[("ngxc.toml", &toml(indent)), ("a.conf", "a {\n   b;\n}\n")]);
        let run = run(site.path(), &[&["fmt", "a.conf"], options].concat());
        assert_eq!(
            (run.code, text(&site, "a.conf").as_str()),
            (0, expected),
            "{indent} {options:?}"
        );
    }
    for indent in ["0", "\"two\"", "true"] {
        let site = directory(&[("ngxc.toml", &toml(indent)), ("a.conf", "a;\n")]);
        let run = run(site.path(), &["fmt", "--check", "a.conf"]);
        assert!(run.code == 2 && run.err.contains("ngxc.toml"), "{indent}: {run:?}");
    }
}

#[test]
fn files_of_other_languages_are_left_alone() {
    let yaml = "data:\n  default.conf: |\n    server { listen 80; }\n";
    let site = directory(&[("map.yaml", yaml), ("site.conf.j2", "{% if a %}\n b;\n{% endif %}\n")]);
    let formatted = run(site.path(), &["fmt", "map.yaml"]);
    assert!(formatted.code == 2 && formatted.err.contains("left alone"), "{formatted:?}");
    assert_eq!(text(&site, "map.yaml"), yaml);
    // A directory stands for templates of configurations too.
    assert_eq!(run(site.path(), &["fmt", "--check", "."]).out, "./site.conf.j2\n");
}

#[cfg(unix)]
#[test]
fn a_read_only_file_is_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let site = directory(&[("a.conf", "events{}"), ("b.conf", "events{}")]);
    let path = site.path().join("b.conf");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).expect("they can be set");
    let run = run(site.path(), &["fmt", "a.conf", "b.conf"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("b.conf: is read-only"), "{run:?}");
    assert_eq!((text(&site, "a.conf"), text(&site, "b.conf")), (CLEAN.into(), "events{}".into()));
    let left = fs::read_dir(site.path()).expect("it can be read").count();
    assert_eq!(left, 2, "no temporary file is left");
}

#[cfg(unix)]
#[test]
fn includes_are_bytes_and_devices_are_empty() {
    use std::os::unix::ffi::OsStringExt;
    let site = directory(&[]);
    let name = std::ffi::OsString::from_vec(b"caf\xe9.conf".to_vec());
    fs::write(site.path().join(name), "};\n").expect("it can be written");
    fs::write(
        site.path().join("main.conf"),
        b"events {}\ninclude /dev/zero;\ninclude caf\xe9.conf;\n",
    )
    .expect("it can be written");
    let report = json(site.path(), &["main.conf"]);
    assert_eq!(report["diagnostics"][0]["rule"], "unexpected-brace", "{report}");
}

#[cfg(unix)]
#[test]
fn names_of_files_cannot_leave_their_comment() {
    use std::os::unix::ffi::OsStringExt;
    let site = directory(&[]);
    for name in [&b"a\xe9.inc"[..], b"b\nuser x;.inc", "c\u{65e5}.inc".as_bytes()] {
        let path = site.path().join(std::ffi::OsString::from_vec(name.to_vec()));
        fs::write(path, "a;\n").expect("it can be written");
    }
    fs::write(site.path().join("main.conf"), b"# caf\xe9\ninclude *.inc;\n")
        .expect("it can be written");
    let mut flat =
        crate::support::ngxc(site.path(), &["emit", "main.conf", "--to", "nginx", "--flat"]);
    let out = flat.output().expect("ngxc can be run").stdout;
    let expected = b"# caf\xe9\n# include *.inc: a?.inc\na;\n\n# include *.inc: b?user x;.inc\na;\n\n# include *.inc: c?.inc\na;\n";
    assert_eq!(out, expected, "{}", String::from_utf8_lossy(&out));
}

#[test]
fn masks_match_what_is_there() {
    let server = "server {\n    listen 8081;\n}\n";
    let site = directory(&[
        (
            "nginx.conf",
            "events {}\nhttp {\n    include sites/*/site.conf;\n    include sites/[[:alpha:]]/[!x]*.inc;\n}\n",
        ),
        ("sites/a/site.conf", server),
        ("sites/a/y.inc", "sendfile on;\n"),
        ("sites/a/x.inc", "};\n"),
        ("sites/b/other.conf", "};\n"),
        ("sites/file", ""),
    ]);
    let report = json(site.path(), &["nginx.conf"]);
    assert_eq!(report["diagnostics"], serde_json::json!([]));
    assert_eq!(report["summary"]["files"], 3);
}

#[test]
fn a_snippet_alone_is_emitted_alone() {
    let main = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n";
    let site = directory(&[
        ("nginx.conf", main),
        ("conf.d/a.conf", "include part.inc;\n"),
        ("part.inc", "sendfile on;\n"),
    ]);
    let flat = run(&site.path().join("conf.d"), &["emit", "a.conf", "--to", "nginx", "--flat"]);
    assert_eq!(flat.code, 0, "{flat:?}");
    assert!(
        flat.out.ends_with("part.inc\nsendfile on;\n") && !flat.out.contains("http"),
        "{flat:?}"
    );
}

#[test]
fn unsafe_fixes_that_would_add_errors_are_left_out() {
    let quoted = "y ".repeat(2100);
    let broken = format!("server {{\n    listen 80;;\n\"{quoted} location / {{ }}\n    }}\n}}\n");
    let site = directory(&[("site.conf", &broken)]);
    let fixed = run(site.path(), &["lint", "--fix", "--unsafe-fixes", "site.conf"]);
    assert_eq!(fixed.code, 1, "{fixed:?}");
    assert!(!text(&site, "site.conf").contains(";;"), "{fixed:?}");
}
