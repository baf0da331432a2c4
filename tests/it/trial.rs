//! Small whole configurations, tried by the real nginx and by the library as of its version.
//!
//! Nothing is made up for what a machine lacks: [`environment`] tells such an answer apart.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ngxc::catalog::{Context, Target, Version};
use ngxc::diagnostic::{Diagnostic, Kind, Severity};
use ngxc::project::{Files, Project};

use crate::adapt::pattern;
use crate::nginx::{self, Nginx};

/// The modules that Debian's nginx loads at run time, in an order that it takes, and the word
/// of a configuration that needs each. To load all for each configuration takes long.
const MODULES: [(&str, &str); 8] = [
    ("", "ngx_stream_module"),
    ("", "ngx_mail_module"),
    ("geoip", "ngx_http_geoip_module"),
    ("geoip", "ngx_stream_geoip_module"),
    ("image_filter", "ngx_http_image_filter_module"),
    ("xslt", "ngx_http_xslt_filter_module"),
    ("xml_", "ngx_http_xslt_filter_module"),
    ("perl", "ngx_http_perl_module"),
];

/// What nginx says of the machine and of its build, and not of the configuration.
const ENVIRONMENT: [(&str, &str); 10] = [
    (r"failed \(\d+: ", "a call to the system failed"),
    (r"host not found", "no name server knows the host"),
    (r"getpwnam|getgrnam", "no such user or group"),
    (r"dlopen\(\)", "no such module"),
    (r"\(SSL: ", "OpenSSL does not take it"),
    (r"GeoIP_open|xml\w*Parse|xslt\w*Parse", "a library cannot read the file"),
    (r"perl_\w+\(|require_pv|eval_pv", "Perl does not take it"),
    (r"(not |un)supported on this platform", "the platform lacks it"),
    (r#"invalid event type "(select|poll|kqueue|eventport|iocp|/dev/poll)""#, "the build lacks it"),
    (r"requires? (ngx_\w+_module|\S+ support|OpenSSL)", "the build lacks it"),
];

/// An nginx, and how to run it.
pub struct Oracle {
    nginx: Nginx,
    /// Its modules that are files, each with the word that needs it.
    modules: Vec<(&'static str, PathBuf)>,
}

/// What is said of a configuration.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub is_accepted: bool,
    /// As in `emerg: unknown directive "a"`: without places, each once.
    pub messages: Vec<String>,
}

/// Every nginx that there is; see [`nginx::all`].
pub fn oracles() -> Vec<Oracle> {
    nginx::all().into_iter().map(Oracle::new).collect()
}

impl Oracle {
    fn new(nginx: Nginx) -> Self {
        let directory = nginx.configured("--modules-path").map(Path::new);
        let file = |name: &str| Some(directory?.join(format!("{name}.so")));
        let modules = MODULES.into_iter().filter_map(|(word, name)| Some((word, file(name)?)));
        let modules = modules.filter(|(_, file)| file.exists()).collect();
        Self { nginx, modules }
    }

    /// Its version.
    pub fn version(&self) -> Version {
        self.nginx.version.parse().expect("nginx's version is one")
    }

    /// What it says of a whole configuration.
    pub fn answer(&self, text: &str) -> Answer {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        fs::create_dir(folder.path().join("logs")).expect("the folder is new");
        let main = folder.path().join("main.conf");
        fs::write(&main, text).expect("the folder is writable");
        let needed = self.modules.iter().filter(|(word, _)| text.contains(word));
        let load = |(_, file): &(_, PathBuf)| format!("load_module {};", file.display());
        let globals: String = needed.map(load).collect();
        let mut command = Command::new(&self.nginx.binary);
        command.arg("-t").arg("-q").arg("-p").arg(folder.path().join("")).arg("-c").arg(main);
        command.arg("-g").arg(globals).env("RES_OPTIONS", "timeout:1 attempts:1");
        let output = command.output().expect("nginx runs");
        let log = String::from_utf8_lossy(&output.stderr);
        let log = log.replace(&format!("{}/", folder.path().display()), "");
        Answer { is_accepted: output.status.success(), messages: messages(&log) }
    }
}

/// The messages of a log from `warn` upwards, without what differs from run to run.
fn messages(log: &str) -> Vec<String> {
    let start = pattern(r"(?m)^(?:nginx: |\d{4}/\d\d/\d\d [\d:]+ )\[(\w+)\] (?:\d+#\d+: )?");
    let ends = start.find_iter(log).skip(1).map(|next| next.start()).chain([log.len()]);
    let mut messages: Vec<String> = Vec::new();
    for (found, end) in start.captures_iter(log).zip(ends) {
        let text = &log[found.get(0).expect("it is the match").end()..end];
        let text = text.split("\nnginx: ").next().unwrap_or_default().trim_end();
        let text = pattern(r" in \S+:\d+$").replace(text, "");
        let message = format!("{}: {text}", &found[1]);
        if !message.starts_with("notice") && !messages.contains(&message) {
            messages.push(message);
        }
    }
    messages
}

/// Why nginx's answer is about the machine, if it is.
pub fn environment(answer: &Answer) -> Option<&'static str> {
    let refusals = answer.messages.iter().filter(|message| !message.starts_with("warn: "));
    let mut found = refusals.filter_map(|message| {
        ENVIRONMENT.iter().find(|(words, _)| pattern(words).is_match(message))
    });
    found.next().map(|&(_, reason)| reason).filter(|_| !answer.is_accepted)
}

/// What the library finds in a whole configuration for a version, rules aside.
pub fn findings(text: &str, version: Version) -> Vec<Diagnostic> {
    let mut files = Files::memory();
    files.set(Path::new("main.conf"), text.as_bytes().to_vec());
    let project = Project::load(&files, &[PathBuf::from("main.conf")], None);
    let target = Target { snippets: Some(Context::Main), ..version.into() };
    let mut report = ngxc::check(&project, &target);
    report.retain(|finding| finding.kind != Kind::Lint);
    report
}

/// The errors among findings.
pub fn errors(report: &[Diagnostic]) -> impl Iterator<Item = &str> {
    messages_of(report, Severity::Error)
}

/// The messages of some severity.
pub fn messages_of(report: &[Diagnostic], severity: Severity) -> impl Iterator<Item = &str> {
    let found = report.iter().filter(move |finding| finding.severity == severity);
    found.map(|finding| finding.message.as_str())
}

/// The messages of nginx that none of the library's contains, warnings among warnings.
///
/// What nginx says and ignores is left out.
pub fn unsaid<'m>(messages: &'m [String], report: &[Diagnostic]) -> Vec<&'m str> {
    let is_said = |message: &str| {
        let (level, text) = message.split_once(": ").unwrap_or_default();
        // What OpenSSL adds differs from release to release.
        let text = text.split(" (SSL:").next().unwrap_or_default();
        let severity = if level == "warn" { Severity::Warning } else { Severity::Error };
        text.ends_with("not supported on this platform, ignored")
            || messages_of(report, severity).any(|it| it.contains(text))
    };
    messages.iter().map(String::as_str).filter(|message| !is_said(message)).collect()
}
