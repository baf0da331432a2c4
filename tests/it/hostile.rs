//! Inputs that bring parsers down: a diagnostic at worst, and no byte changed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ngxc::catalog::Version;
use ngxc::diagnostic::Diagnostic;
use ngxc::project::{Files, Project};

use crate::laws::{LAWS, file, pipeline_runs};

fn findings(bytes: &[u8]) -> Vec<Diagnostic> {
    let mut files = Files::memory();
    files.set(Path::new("hostile.conf"), bytes.to_vec());
    let project = Project::load(&files, &[PathBuf::from("hostile.conf")], None);
    ngxc::check(&project, &Version::OLDEST_COMMON.into())
}

fn rules(bytes: &[u8]) -> BTreeSet<&'static str> {
    findings(bytes).iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_million_nested_blocks_are_one_finding() {
    let mut text = "location / {".repeat(1_000_000);
    text.push_str(&"}".repeat(1_000_000));
    let found = findings(text.as_bytes());
    assert_eq!(
        found.len(),
        1,
        "{:?}",
        found.iter().map(|finding| finding.rule).collect::<Vec<_>>()
    );
    assert_eq!(found[0].rule, "nested-too-deeply");
}

#[test]
fn a_million_unclosed_blocks_come_to_an_end() {
    let nested = "location / {\n".repeat(1_000_000);
    let found = rules(nested.as_bytes());
    assert_eq!(found, ["nested-too-deeply", "unclosed-block"].into());
}

#[test]
fn stray_braces_are_all_found() {
    assert_eq!(findings("}".repeat(100_000).as_bytes()).len(), 100_000);
}

#[test]
fn a_long_statement_is_read() {
    let text = format!("set{};", " a".repeat(1_000_000));
    assert!(!file(text.as_bytes()).has_syntax_errors);
}

#[test]
fn broken_quotes_come_to_an_end() {
    let text = "a \"b;\nc 'd;\n".repeat(20_000);
    assert!(rules(text.as_bytes()).contains("unclosed-quote"));
    let text = format!("a \"{}", "b;\n".repeat(500_000));
    assert_eq!(rules(text.as_bytes()), ["unclosed-quote"].into());
}

#[test]
fn open_lua_brackets_come_to_an_end() {
    let text = format!("http {{ content_by_lua_block {{ {} }} }}", "[[ ".repeat(200_000));
    assert!(rules(text.as_bytes()).contains("unclosed-lua-block"));
}

#[test]
fn bytes_come_through_unharmed() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\0",
        b"set $a \"\0\";\n",
        b"\xff\xfe;\n",
        b"server_name caf\xe9.example;\r\nlisten 80;\r\n",
        "server_name \u{a0}\u{3000}é.example;\n".as_bytes(),
        b"a\x0bb\x0cc;",
        b"a b # c",
    ];
    for input in inputs {
        for (name, law) in LAWS {
            assert_eq!(law(input), Ok(()), "{name}: {input:?}");
        }
        pipeline_runs(input);
    }
}

#[test]
fn byte_order_mark_is_named_and_can_be_removed() {
    let found = findings(b"\xef\xbb\xbfevents {}\n");
    assert_eq!(found[0].rule, "byte-order-mark");
    let edit = &found[0].fix.as_ref().expect("it can be mended").edits[0];
    assert_eq!((edit.place.span.range(), edit.text.as_str()), (0..3, ""));
    assert!(rules(b"\xef\xbb\xbf# caf\xe9\nevents {}\n").contains("byte-order-mark"));
}

/// The lengths that `ngx_conf_read_token` accepts, tried on nginx 1.22.1.
#[test]
fn tokens_have_the_lengths_of_nginx() {
    let long = |text: &str| rules(text.as_bytes()).contains("too-long-parameter");
    for (longest, before, after) in [
        (4095, "a ", ";\n"),
        (4094, "a ", " b;\n"),
        (4094, "a \"", "\";\n"),
        (4093, "a \"", "\" b;\n"),
        (4093, "a \"", "\");\n"),
        (4094, "#", "\na;\n"),
        (4095, "#", ""),
    ] {
        let text = |len| format!("{before}{}{after}", "x".repeat(len));
        assert!(!long(&text(longest)), "{longest} bytes in {before}…{after}");
        assert!(long(&text(longest + 1)), "{} bytes in {before}…{after}", longest + 1);
    }
}

#[test]
fn includes_cannot_explode() {
    let mut files = Files::memory();
    for level in 0..30 {
        let include = format!("include {}.conf;\n", level + 1);
        files.set(Path::new(&format!("{level}.conf")), include.repeat(4).into_bytes());
    }
    files.set(Path::new("30.conf"), b"proxy_http_version 1.1;\n".to_vec());
    let project = Project::load(&files, &[PathBuf::from("0.conf")], None);
    assert_eq!(project.files().len(), 31);
    assert!(
        ngxc::check(&project, &Version::OLDEST_COMMON.into())
            .iter()
            .any(|finding| finding.rule == "too-many-directives")
    );
}

#[test]
fn maps_that_name_each_other_come_to_an_end() {
    let name = |level: usize| if level == 0 { "$host".to_owned() } else { format!("$x{level}") };
    let map = |level: usize| {
        let value = name(level).repeat(12);
        format!("map {} {} {{ default \"{value}\"; }}\n", name(level), name(level + 1))
    };
    let maps: String = (0..12).map(map).collect();
    let text = format!(
        "events {{}} http {{ {maps} server {{ location / {{ proxy_pass http://a; proxy_set_header Upgrade $x12; }} }} }}"
    );
    assert!(rules(text.as_bytes()).is_empty());
}

#[test]
fn flat_output_of_many_includes_is_refused() {
    let mut files = Files::memory();
    for level in 0..30 {
        let include = format!("include {}.conf;\n", level + 1);
        files.set(Path::new(&format!("{level}.conf")), include.repeat(4).into_bytes());
    }
    files.set(Path::new("30.conf"), "a;\n".repeat(1000).into_bytes());
    let project = Project::load(&files, &[PathBuf::from("0.conf")], None);
    let flat = ngxc::emit::flat(&project, &project.roots()[0]);
    assert_eq!(flat, Err(ngxc::emit::EmitError::TooLarge));
}

#[test]
fn lua_is_read_by_its_own_rules_however_long_its_lines() {
    let quotes = format!("content_by_lua_block {{ {} }}\n", "\\'".repeat(80_000));
    assert!(rules(quotes.as_bytes()).is_empty());
    let location = |n: usize| format!("location /{n}/ {{content_by_lua_block{{ x = \"}}\" }}}}");
    let line = (0..3000).map(location).collect::<Vec<_>>().concat();
    assert!(rules(line.as_bytes()).is_empty());
    let long =
        format!("content_by_lua_block {{ s = [[ {} }} ]] }}\ninternal;\n", "x\n".repeat(20_000));
    assert!(rules(long.as_bytes()).is_empty());
}

#[test]
fn blocks_that_are_never_closed_come_to_an_end() {
    let text = "server {\n    listen 1;\n".repeat(40_000);
    assert_eq!(rules(text.as_bytes()), ["unclosed-block"].into());
}
