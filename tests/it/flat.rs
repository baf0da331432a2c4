//! `emit --flat`: one file that is to nginx what several were.
//!
//! What nginx reads is known from `nginx -T`, with the included files put in place of their
//! includes by the tests' own reader.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ngxc::catalog::Target;
use ngxc::emit;
use ngxc::model::{Model, compile};
use ngxc::project::{Files, Project, dumped};
use serde_json::Value;
use tempfile::TempDir;

use crate::adapt::pattern;
use crate::corpus::{self, Row};
use crate::faithful::{context, each, without_lines};
use crate::laws::file;
use crate::nginx::{self, Nginx, Verdict};
use crate::oracle::Site;
use crate::reader::{Kind, meaning};
use crate::support::{fixtures, noted};

/// What came of one configuration.
enum Outcome {
    /// It has no includes, or some that lead nowhere, so that there is no flat file.
    Nothing,
    /// nginx says the same of the original and of the flat file, which is accepted or not.
    Same { is_accepted: bool },
    /// What differs.
    Differs(String),
}

/// Compares the flat file with the original, which lies as nginx reads it in a folder.
fn compare(nginx: &Nginx, prefix: &Path, name: &str, before: &Verdict) -> Outcome {
    let path = prefix.join(name);
    let project = Project::load_root(&Files::disk(), &path, Some(prefix));
    let Ok(flat) = emit::flat(&project, &project.roots()[0]) else { return Outcome::Nothing };
    if project.files().len() < 2 {
        return Outcome::Nothing;
    }
    let is_accepted = *before == Verdict::Accepted;
    let expanded = is_accepted.then(|| expanded(nginx, prefix, &path));
    let resolved = resolved(&project);
    let flat = project.files()[0].source.encode(&flat).expect("it is of one encoding").into_owned();
    fs::write(&path, &flat).expect("the copy is writable");
    let after = nginx.test(prefix);
    if without_lines(before) != without_lines(&after) {
        return Outcome::Differs(format!("{before:?}, flat {after:?}"));
    }
    let text = file(&flat);
    if let Some(expanded) = expanded
        && let Some(difference) = difference(&expanded, text.source.text())
    {
        return Outcome::Differs(difference);
    }
    let again = Project::load_root(&Files::disk(), &path, Some(prefix));
    let again = self::resolved(&again);
    if let Some((is, was)) = again.lines().zip(resolved.lines()).find(|(is, was)| is != was) {
        return Outcome::Differs(format!("runtime: {was} has become {is}"));
    }
    Outcome::Same { is_accepted }
}

/// The tokens that nginx reads from a file, comments too, with all that it includes.
fn expanded(nginx: &Nginx, prefix: &Path, path: &Path) -> Vec<(Kind, String)> {
    let output = nginx.command(prefix).arg("-T").output().expect("nginx runs");
    let files: BTreeMap<PathBuf, String> = dumped(&output.stdout)
        .unwrap_or_else(|| panic!("no dump: {}", String::from_utf8_lossy(&output.stdout)))
        .into_iter()
        .map(|(path, bytes)| (path, file(&bytes).source.text().to_owned()))
        .collect();
    let mut tokens = Vec::new();
    expand(&files, prefix, path, &mut tokens);
    tokens
}

fn expand(
    files: &BTreeMap<PathBuf, String>,
    prefix: &Path,
    path: &Path,
    into: &mut Vec<(Kind, String)>,
) {
    let text = files.get(path).unwrap_or_else(|| panic!("{} is not dumped", path.display()));
    let mut directive: Vec<(Kind, &str)> = Vec::new();
    for (kind, token) in meaning(text) {
        if kind == Kind::Comment {
            into.push((kind, token.to_owned()));
            continue;
        }
        directive.push((kind, token));
        if kind == Kind::Word {
            continue;
        }
        let statement = std::mem::take(&mut directive);
        match statement[..] {
            [(_, "include"), (_, mask), (Kind::Semicolon, _)] => {
                for file in matches(files, &prefix.join(mask.trim_matches(['"', '\'']))) {
                    expand(files, prefix, file, into);
                }
            }
            _ => into.extend(statement.iter().map(|&(kind, text)| (kind, text.to_owned()))),
        }
    }
}

/// The dumped files that a mask matches, in byte order.
fn matches<'f>(files: &'f BTreeMap<PathBuf, String>, mask: &Path) -> Vec<&'f Path> {
    let mask = regex_lite::escape(&mask.display().to_string());
    let mask = mask.replace(r"\*", "[^/]*").replace(r"\?", "[^/]");
    let mask = mask.replace(r"\[", "[").replace(r"\]", "]").replace(r"\-", "-");
    let mask = pattern(&format!("^{mask}$"));
    let is_matched = |path: &&PathBuf| mask.is_match(&path.display().to_string());
    let mut found: Vec<&Path> = files.keys().filter(is_matched).map(PathBuf::as_path).collect();
    found.sort_by_key(|path| path.as_os_str().as_encoded_bytes());
    found
}

/// Where the tokens of the flat file are not those that nginx read. Comments may be added, and
/// those about an include stand before what it led to.
fn difference(expanded: &[(Kind, String)], flat: &str) -> Option<String> {
    let split = |tokens: Vec<(Kind, String)>| -> (Vec<_>, Vec<_>) {
        tokens.into_iter().partition(|(kind, _)| *kind == Kind::Comment)
    };
    let flat = meaning(flat).into_iter().map(|(kind, text)| (kind, text.to_owned())).collect();
    let (mut own, tokens) = split(expanded.to_vec());
    let (mut printed, flat) = split(flat);
    if let Some((is, was)) = flat.iter().zip(&tokens).find(|(is, was)| is != was) {
        return Some(format!("{was:?} has become {is:?}"));
    }
    if flat.len() != tokens.len() {
        return Some(format!("{} tokens have become {}", tokens.len(), flat.len()));
    }
    own.sort_by(|a, b| a.1.cmp(&b.1));
    printed.sort_by(|a, b| a.1.cmp(&b.1));
    let mut printed = printed.into_iter();
    let lost = own.into_iter().find(|comment| !printed.any(|it| it.1 == comment.1));
    lost.map(|comment| format!("lost: {comment:?}"))
}

/// What nginx would do, without the places that say so.
fn resolved(project: &Project) -> String {
    let target = Target::default();
    let model = Model::new(project, &project.roots()[0], &target);
    let json = emit::runtime(&compile(&model));
    let mut json: Value = serde_json::from_str(&json).expect("it is JSON");
    json["files"].take();
    without_places(&mut json);
    // What is written in an included file is at one place, and in the flat file at several.
    if let Some(unsupported) = json["unsupported"].as_array_mut() {
        unsupported.sort_by_key(Value::to_string);
        unsupported.dedup();
    }
    for (field, shared) in [("settings", "proxies"), ("client", "clients")] {
        let shared = json[shared].take();
        in_place(&mut json, field, &shared);
    }
    format!("{json:#}\n")
}

/// Puts what places share in the place of its index.
fn in_place(json: &mut Value, field: &str, shared: &Value) {
    match json {
        Value::Array(all) => all.iter_mut().for_each(|it| in_place(it, field, shared)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let index = value.as_u64().and_then(|index| usize::try_from(index).ok());
                match index.filter(|_| name == field) {
                    Some(index) => *value = shared[index].clone(),
                    None => in_place(value, field, shared),
                }
            }
        }
        _ => {}
    }
}

fn without_places(json: &mut Value) {
    match json {
        Value::Array(all) => all.iter_mut().for_each(without_places),
        Value::Object(fields) => {
            fields.remove("at");
            fields.values_mut().for_each(without_places);
        }
        _ => {}
    }
}

/// Runs the comparison for a file among others.
fn outcome(nginx: &Nginx, path: &Path, context: Option<&str>) -> Outcome {
    let site = Site::of(path);
    let (prefix, before) = nginx.settled(site.folder.path(), &site.file, context);
    compare(nginx, prefix.path(), &site.file, &before)
}

fn assert_same<'p>(outcomes: impl Iterator<Item = (&'p Path, Outcome)>, at_least: usize) {
    let (mut accepted, mut rejected, mut differs) = (0, 0, Vec::new());
    for (path, outcome) in outcomes {
        match outcome {
            Outcome::Nothing => {}
            Outcome::Same { is_accepted: true } => accepted += 1,
            Outcome::Same { is_accepted: false } => rejected += 1,
            Outcome::Differs(how) => differs.push(format!("{}: {how}", path.display())),
        }
    }
    noted(&format!("{accepted} flat files are accepted as the originals, {rejected} rejected"));
    assert!(differs.is_empty(), "{} differ\n{}", differs.len(), differs.join("\n"));
    assert!(accepted >= at_least, "only {accepted} flat files are accepted");
}

#[test]
fn flat_fixtures_are_what_nginx_reads() {
    for nginx in nginx::all() {
        let fixtures = fixtures();
        let outcomes = fixtures.iter().map(|path| (path.as_path(), outcome(&nginx, path, None)));
        assert_same(outcomes, 1);
    }
}

#[test]
fn flat_files_of_the_corpus_are_what_nginx_reads() {
    let (Some(rows), Some(nginx)) = (corpus::rows(), nginx::find()) else { return };
    // Of the others, nginx would be asked in vain.
    let includes = |row: &&Row| {
        let bytes = fs::read(&row.path).expect("the corpus can be read");
        String::from_utf8_lossy(&bytes).contains("include")
    };
    let accepted = rows.iter().filter(|row| row.class == "ok");
    let rows: Vec<&Row> = accepted.filter(includes).collect();
    let outcomes =
        each(&rows, |row| (row.path.as_path(), outcome(&nginx, &row.path, context(row))));
    assert_same(outcomes.into_iter(), 50);
}

/// A configuration that includes in odd places what is written oddly.
const ODD: [(&str, &[u8]); 12] = [
    (
        "site.conf",
        b"events {}\nhttp {\n\tinclude maps/*.map; # behind\n    map $uri $a {\n        default 0;\n\
          include sub/entries; /x 1;\n    }\n    types { include sub/types; }\n\
          upstream u { include sub/peers # which\n ; }\n    include none/*.conf;\n\
          include empty.inc;\n\n    include \"sub/twice.inc\";\n    include sub/twice.inc;\n    \
          server {\n        listen 8080;\n        location / { include sub/location.inc; }\n        \
          return 204;\n    }\n    include crlf.inc;\n    # the end\n}\n",
    ),
    ("maps/a.map", b"map $arg_a $b { default 1; }\n# no line end"),
    ("maps/b.map", b"\n\n# begins with blank lines\nmap $arg_b $c {\n\t\tdefault\t1;\n}\n\n\n"),
    ("sub/entries", b"/y\t2;\n/z  3;"),
    ("sub/types", b"text/html html;\n"),
    ("sub/peers", b"server 127.0.0.1:9000;\n"),
    ("sub/twice.inc", b"add_header X 'a\n  b'; # of two lines\n"),
    ("sub/location.inc", b"proxy_pass http://u;\ninclude sub/headers.inc;"),
    ("sub/headers.inc", b"proxy_set_header Host $host;"),
    ("none/a.txt", b"no configuration"),
    ("empty.inc", b""),
    ("crlf.inc", b"charset utf-8;\r\n# of Windows\r\nset_real_ip_from 10.0.0.0/8;\r\n"),
];

#[test]
fn odd_includes_are_put_in_place() {
    for nginx in nginx::all() {
        let site = site();
        let (prefix, before) = nginx.settled(site.path(), "site.conf", None);
        let outcome = compare(&nginx, prefix.path(), "site.conf", &before);
        assert_same([(Path::new("site.conf"), outcome)].into_iter(), 1);
    }
}

fn site() -> TempDir {
    let site = tempfile::tempdir().expect("there is room for temporary files");
    for (name, bytes) in ODD {
        let path = site.path().join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it is writable");
        fs::write(path, bytes).expect("it is writable");
    }
    site
}

/// What it is printed as.
const FLAT: &str = "\
events {}
http {
    # behind
    # include maps/*.map: maps/a.map
    map $arg_a $b {
        default 1;
    }
    # no line end

    # include maps/*.map: maps/b.map
    # begins with blank lines
    map $arg_b $c {
        default 1;
    }

    # back in site.conf:4
    map $uri $a {
        default 0;
        # include sub/entries: sub/entries
        /y 2;
        /z 3;

        # back in site.conf:6
        /x 1;
    }
    types {
        # include sub/types: sub/types
        text/html html;
    }
    upstream u {
        # which
        # include sub/peers: sub/peers
        server 127.0.0.1:9000;
    }
    # include none/*.conf: no files

    # include empty.inc: empty.inc

    # include \"sub/twice.inc\": sub/twice.inc
    add_header X 'a
  b'; # of two lines

    # include sub/twice.inc: sub/twice.inc
    add_header X 'a
  b'; # of two lines

    # back in site.conf:16
    server {
        listen 8080;
        location / {
            # include sub/location.inc: sub/location.inc
            proxy_pass http://u;
            # include sub/headers.inc: sub/headers.inc
            proxy_set_header Host $host;
        }
        return 204;
    }
    # include crlf.inc: crlf.inc
    charset utf-8;
    # of Windows
    set_real_ip_from 10.0.0.0/8;

    # back in site.conf:22
    # the end
}
";

#[test]
fn flat_output_says_where_each_part_comes_from() {
    let site = site();
    let run = crate::support::run(site.path(), &["emit", "site.conf", "--to", "nginx", "--flat"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert_eq!(run.out, FLAT);
}
