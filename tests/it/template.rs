//! Placeholders: what is taken for one, what is not, and what is said of a file that has some.

use std::path::{Path, PathBuf};

use ngxc::catalog::Version;
use ngxc::diagnostic::Severity;
use ngxc::emit::{self, CrossplaneOptions, Payload, Style};
use ngxc::project::{File, Files, Project};
use ngxc::source::{Source, SourceId, Templating};

use crate::corpus;
use crate::laws::{LAWS, pipeline_runs};
use crate::support::{files_below, noted, root, run_with};

fn read(text: &str, templating: Templating) -> (File, Vec<&'static str>) {
    let mut source = Source::new(SourceId(0), "law.conf", text.as_bytes().to_vec());
    source.templating = templating;
    let (file, report) = ngxc::read(source);
    (file, report.into_iter().map(|finding| finding.rule).collect())
}

/// The words that have a placeholder, and what stands in place of directives.
fn placeholders(text: &str) -> Vec<String> {
    let (file, _) = read(text, Templating::Detect);
    let words = file.tree.all_directives(&file.source).flat_map(|it| it.words().to_vec());
    let words = words.filter(|word| word.has_placeholder).map(|word| word.span);
    let mut spans: Vec<_> =
        words.chain(file.tree.placeholders(&file.source).map(|it| it.span)).collect();
    spans.sort_unstable();
    spans.into_iter().map(|span| file.source.slice(span).to_owned()).collect()
}

#[test]
fn placeholders_are_found() {
    for (text, found) in [
        ("listen {{ port }};", &["{{ port }}"][..]),
        ("listen {{port}} {{- flags -}};", &["{{port}}", "{{- flags -}}"]),
        ("proxy_pass {{ scheme }}://{{ host }}/;", &["{{ scheme }}://{{ host }}/"]),
        ("{% if a -%}\nlisten 80;\n{%- endif %}", &["{% if a -%}", "{%- endif %}"]),
        ("{% if a %}listen 80;{% endif %}", &["{% if a %}", "{% endif %}"]),
        ("{# a; b { #}\nlisten 80;{% set b %}", &["{# a; b { #}", "{% set b %}"]),
        ("a {{ {'b': {'c': 1}} }};", &["{{ {'b': {'c': 1}} }}"]),
        ("a {{ \"}}\" }}b;", &["{{ \"}}\" }}b"]),
        ("a \"{{ b[\"c\"] }}\";", &["\"{{ b[\"c\"] }}\""]),
        ("a \"{{ b }}\";", &["\"{{ b }}\""]),
        (
            "{{/* it's { */}}\n{{ range .A }} a; {{ end }}",
            &["{{/* it's { */}}", "{{ range .A }}", "{{ end }}"],
        ),
        ("{{ .A }} {{ .B }} # c\na;", &["{{ .A }} {{ .B }}"]),
        ("a { {{ .B }} }", &["{{ .B }}"]),
        ("{{ name }} off;", &["{{ name }}"]),
        ("<% if a > 1 %>\nuser <%= b %>;\n<% end %>", &["<% if a > 1 %>", "<%= b %>", "<% end %>"]),
        ("a ${HOST_1}:${PORT};\n${MORE}\nb c;", &["${HOST_1}:${PORT}", "${MORE}"]),
        ("a %ip%:%web_port%;\n%custom%\nb;", &["%ip%:%web_port%", "%custom%"]),
        ("a @@HOST@@ __PORT__x;", &["@@HOST@@", "__PORT__x"]),
        ("{# c #}\nserver { listen {{ p }}; } {#- d -#}", &["{# c #}", "{{ p }}", "{#- d -#}"]),
        ("# {% a %}\nlog_format b '{{\"c\"';\nlisten <%= d %>;", &["<%= d %>"]),
        (
            "{% comment %} don't; {{ a }} { {% endcomment %}\nb;",
            &["{% comment %} don't; {{ a }} { {% endcomment %}"],
        ),
        ("a %backend%%port%;", &["%backend%%port%"]),
        ("$EXTRA\na; ${extra}\n$NAME;", &["$EXTRA", "${extra}", "$NAME"]),
    ] {
        assert_eq!(placeholders(text), found, "{text}");
        assert_eq!(read(text, Templating::Detect).1, Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn what_nginx_reads_is_no_placeholder() {
    for text in [
        "return 200 '{\"a\":{\"b\":{}}}';",
        "log_format a '{{\"a\": \"$b\"}}';",
        "content_by_lua_block { local t = {{1, 2}, {3}} if t <% 2 then end }",
        "location ~ ^/(a|b){1,2}}$ { }",
        "server {# a\n #} b\n}",
        "rewrite ^/a%20b%2Fc%e2%80%99 /d%0A;",
        "return 301 /%C3%A9t%C3%A9;",
        "sub_filter '{{name}}' 'x'; sub_filter '{{' '[['; location /a { sub_filter '}}' ']]'; }",
        "log_format a \"%Y-%m-%d %H:%M\";",
        "a ${host} $HOST_NAME __init__ a@b@@c;",
        "set $API_HOST b; proxy_pass http://${API_HOST};",
        "map $a $MODE { default 1; } add_header a ${MODE};",
        "# {{ a }} <% b %>",
    ] {
        assert_eq!(placeholders(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_language_can_be_named() {
    use Templating::{Detect, Envsubst, Erb, Go, Jinja, None};
    for (text, templating, rules) in [
        ("a {{ b }};", Go, 0),
        ("a {{ b }};", Jinja, 0),
        ("a {{ b }};", Erb, 3),
        ("a {{ b }};", None, 3),
        ("a <% b; %>;", Erb, 0),
        ("a <% b; %>;", Jinja, 0),
        ("{% if a %} b; {% end %}", Go, 3),
        ("{% if a %} b; {% end %}", Detect, 0),
        ("${A}\nb;", Envsubst, 0),
    ] {
        let (_, found) = read(text, templating);
        assert_eq!(found.len(), rules, "{text} {templating:?}: {found:?}");
    }
    let has_some = |text, templating| read(text, templating).0.tree.has_placeholders;
    assert!(has_some("listen $PORT;", Envsubst) && !has_some("listen $PORT;", Detect));
    assert!(!has_some("listen ${PORT};", None) && !has_some("a %ip%;", Jinja));
    assert!(!has_some("a %ip% __B__ @@C@@;", Envsubst));
}

#[test]
fn blocks_that_do_not_match_are_one_finding() {
    for text in [
        "{% if a %}\nserver {\n{% else %}\nserver {\nlisten 80;\n{% endif %}\nb;\n}",
        "{% if a %}\n}\n{% endif %}\n}\n}\nserver { {{ a }}\n",
    ] {
        assert_eq!(read(text, Templating::Detect).1, ["template-structure"], "{text}");
    }
    // What is wrong besides is said too.
    let text = "server {\n{% if a %}\nlisten 80\n}\n{% endif %}\nlocation / {\n}\n}";
    let rules = ["missing-semicolon", "template-structure"];
    assert_eq!(read(text, Templating::Detect).1, rules);
}

#[test]
fn tags_stay_where_they_are() {
    for (text, formatted) in [
        ("a {\n{%if b%}c  d;{%endif%}\n}", "a {\n    {%if b%}c d;{%endif%}\n}\n"),
        ("{% if a %}{% b %}  {% endif %}", "{% if a %}{% b %} {% endif %}\n"),
        ("{{ a }}   {{ b }}\nc;", "{{ a }}   {{ b }}\nc;\n"),
        ("a { {{b}} # c\n}", "a {\n    {{b}} # c\n}\n"),
        ("a{% if b %}  c{% endif %};", "a{% if b %} c{% endif %};\n"),
        ("{{ a\n     }}\n\n\nb;", "{{ a\n     }}\n\nb;\n"),
        ("a '{{  b  }}';", "a '{{  b  }}';\n"),
        ("a {% if x %}\"1;  b\"{% endif %};", "a {% if x %}\"1;  b\"{% endif %};\n"),
        (
            "a <% if x %>\"b  {\"<% end %> <%= c %>\"  \";",
            "a <% if x %>\"b  {\"<% end %> <%= c %>\"  \";\n",
        ),
        ("a {% if x %}# b  c\n{% endif %} d;", "a {% if x %}# b  c\n    {% endif %} d;\n"),
        ("{% if a %}#b\nc;{% endif %}", "{% if a %}#b\nc;{% endif %}\n"),
    ] {
        let (file, _) = read(text, Templating::Detect);
        let style = Style { normalizes_quotes: true, ..Style::default() };
        assert_eq!(emit::format(&file, &style).as_deref(), Ok(formatted), "{text}");
    }
}

/// What is said of a configuration in a file of this name, advice aside.
fn said(files: &[(&str, &str)]) -> Vec<&'static str> {
    let mut memory = Files::memory().with(Templating::Detect);
    for (name, text) in files {
        memory.set(Path::new(name), text.as_bytes().to_vec());
    }
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| PathBuf::from(name)).collect();
    let project = Project::load(&memory, &paths, None);
    let report = ngxc::check(&project, &Version::OLDEST_COMMON.into());
    let report = report.into_iter().filter(|finding| finding.severity > Severity::Info);
    report.map(|finding| finding.rule).collect()
}

#[test]
fn only_what_is_certain_is_said() {
    const BROKEN: &str = "location /a { proxy_pass http://{{ b }}; proxy_set_header Upgrade $http_upgrade; \
                          proxy_set_header Connection upgrade; }";
    let http = |text: &str| format!("events {{}}\nhttp {{\n{text}\n}}\n");
    let broken = ["missing-proxy-http-version", "hardcoded-connection-header"];
    for (text, rules) in [
        // A comment hides nothing, and no branch makes one server another's alternative.
        (format!("{{# c #}}\nserver {{ return 301 /; }}\nserver {{ {BROKEN} }}"), &broken[..]),
        (format!("{{% if a %}}\nserver {{ listen 1; {BROKEN} }}\n{{% endif %}}"), &broken),
        // What a tag leaves behind may be what is missing, or may not.
        (format!("server {{ {{% include 'c' %}}\n{BROKEN} }}"), &broken[1..]),
        (format!("server {{ {{%+ render 'c' %}}\n{BROKEN} }}"), &broken[1..]),
        (format!("server {{ {{% set c = 1 %}}\n{BROKEN} }}"), &broken),
        // Branches.
        ("server { location / { {% if a %}\nreturn 204;\n{% else %}\nproxy_pass http://b;\n{% endif %}\n} }".to_owned(), &[]),
        ("server { {% if a %}\nlisten 80;\n{% else %}\nlisten 80;\n{% endif %}\n}".to_owned(), &[]),
        ("server { listen 80; listen 80; }".to_owned(), &["duplicate"]),
        ("server { listen {% if a %}443 ssl;{% else %}80;{% endif %} }".to_owned(), &[]),
        // Names.
        ("server { add_header a $nope; set $b {{ c }}; }".to_owned(), &["unknown-variable"]),
        ("server { add_header a $nope; set {{ b }} c; }".to_owned(), &[]),
        ("limit_conn_zone $uri zone=a:{{ b }};\nserver { limit_conn a 1; }".to_owned(), &[]),
        ("server { access_log /a b; include c/*{{ d }}; }".to_owned(), &[]),
        // Two placeholders may come to two things.
        ("server { listen {{ a }}; server_name c; }\nserver { listen {{ b }}; server_name c; }".to_owned(), &[]),
        // What a directive is may be unknown, or which header one sets.
        (format!("server {{ {{{{ a }}}} b; {BROKEN} }}"), &broken[1..]),
        (BROKEN.replace("location /a {", "server { location /a { proxy_set_header {{ h }} {{ v }};") + " }", &broken[1..]),
        ("server { location {{ a }} { location /b { } } }".to_owned(), &[]),
        // Of one directive.
        ("server { lissen {{ a }}; }".to_owned(), &["unknown-directive"]),
        ("server { {% if a %}\nlisten 80\n{% endif %}; keepalive_timeout 1y2; }".to_owned(), &["invalid-value"]),
    ] {
        assert_eq!(said(&[("a.conf", &http(&text))]), rules, "{text}");
    }
    let (one, two) = (http("server { add_header a $nope; }"), http("server { set {{ b }} c; }"));
    assert_eq!(said(&[("one.conf", &one), ("two.conf", &two)]), ["unknown-variable"]);
}

#[test]
fn a_long_tag_is_not_too_long() {
    let text = format!("{{# {} #}}\nserver {{ listen {{{{ p }}}}; }}", "a b ".repeat(2000));
    assert_eq!(read(&text, Templating::Detect).1, Vec::<&str>::new());
}

#[test]
fn an_include_with_a_placeholder_leads_nowhere() {
    let mut files = Files::memory().with(Templating::Detect);
    files.set(Path::new("a.conf"), b"include b/*{{ c }};".to_vec());
    let project = Project::load_root(&files, Path::new("a.conf"), None);
    let root = &project.roots()[0];
    let flat = emit::flat(&project, root);
    assert!(matches!(flat, Err(emit::EmitError::MissingInclude { .. })), "{flat:?}");
    let json = emit::write(project.file(root.source), Some((&project, root))).expect("it is read");
    assert!(!json.contains("\"includes\"") && json.contains("\"template\": \"detect\""), "{json}");
}

#[test]
fn placeholders_are_shown_as_they_are_written() {
    for path in files_below(&root().join("fixtures/template"), &["snap"]) {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        assert!(!text.contains("${placeholder}"), "{}", path.display());
    }
}

#[test]
fn what_asks_what_nginx_does_knows_no_placeholders() {
    let text =
        b"events {} http { server { location / { return 204; client_max_body_size ${MAX}; } } }";
    let run = run_with(root(), &["emit", "-", "--to", "runtime"], text);
    assert!(run.code == 2 && run.err.contains("${MAX}"), "{run:?}");
    let run = run_with(root(), &["lint", "-"], text);
    assert!(run.code == 0 && run.out.contains("1 file has placeholders"), "{run:?}");
    let run = run_with(root(), &["lint", "--template", "none", "-"], text);
    assert!(run.code == 1 && run.out.contains("${MAX}"), "{run:?}");
    let run = run_with(root(), &["lint", "--template", "envsubst", "-"], text);
    assert!(run.code == 0 && !run.out.contains("--template none"), "{run:?}");
}

#[test]
fn crossplane_is_told_what_it_does_not_get() {
    let path = root().join("fixtures/template/erb.conf");
    let files = Files::disk().with(Templating::Detect);
    let project = Project::load_root(&files, &path, None);
    let payload = Payload::new(&project, &[], CrossplaneOptions::default()).expect("it is small");
    let is_listed = payload.errors().any(|error| error.contains("\"<% end -%>\" of a template"));
    assert!(!payload.is_ok() && is_listed);
}

#[test]
fn tags_that_never_end_take_no_time_for_each() {
    for piece in [
        "{{",
        "{% ",
        "{# ",
        "<% ",
        "{{ ' ",
        "{{ { ",
        "{{{ }}",
        "a {{ \\\"\\\" }};",
        "{{ it's }}",
        "{% comment %}",
        "${A",
        "%a ",
        "__A",
        "@@a",
    ] {
        let text = piece.repeat(100_000 / piece.len());
        pipeline_runs(text.as_bytes());
        pipeline_runs((text + " }} %} #} %>").as_bytes());
    }
}

#[test]
fn templates_of_the_corpus_keep_their_tokens() {
    let Some(rows) = corpus::rows() else { return };
    let templates: Vec<_> = rows.iter().filter(|row| row.class == "template").collect();
    let mut broken = Vec::new();
    let mut read_count = 0;
    for row in &templates {
        let bytes = std::fs::read(&row.path).expect("the corpus can be read");
        read_count += usize::from(!crate::laws::file(&bytes).has_syntax_errors);
        for (name, law) in LAWS {
            if let Err(reason) = law(&bytes) {
                broken.push(format!("{}: {name}: {reason}", row.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    noted(&format!("{read_count} of {} templates are read", templates.len()));
    assert!(read_count * 100 > templates.len() * 85, "{read_count} of {}", templates.len());
}
