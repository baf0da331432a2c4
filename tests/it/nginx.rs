//! The real nginx: where it is, what it says of a configuration, and how to run it.
//!
//! Tests that need nginx begin with [`find`], which knows what to do without it.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use regex_lite::Captures;
use tempfile::TempDir;

use crate::adapt::{pattern, with_certificate, with_free_addresses, with_known_host};
use crate::support::{root, skipped};

/// Where nginx is when it is not on the PATH of everyone.
const DIRECTORIES: [&str; 4] =
    ["/usr/sbin", "/usr/local/sbin", "/usr/local/nginx/sbin", "/opt/homebrew/bin"];

/// Where the newer nginx is built.
const NEWER: &str = "target/oracle/nginx-1.28/sbin/nginx";

/// The configuration that includes the one under test. No mask of a fixture matches it.
pub const MAIN: &str = "oracle.main";

/// Files of nginx's packages that fixtures may include.
const SHIPPED: [&str; 5] =
    ["mime.types", "proxy_params", "fastcgi_params", "uwsgi_params", "scgi_params"];

/// What a configuration says that needs modules which packages keep apart.
const MODULES: [(&str, &[&str]); 2] = [
    (r"\w+_by_lua\w*", &["ndk_http_module.so", "ngx_http_lua_module.so"]),
    ("stream", &["ngx_stream_module.so"]),
];

/// The modules of nginx that write temporary files.
const TEMP_FILES: [&str; 5] = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/// The parser's own words, by which nginx says that a text is not its language.
const SYNTAX: [&str; 8] = [
    "unexpected \"",
    "unexpected end of file",
    "too long parameter",
    "is not terminated by \";\"",
    "has no opening \"{\"",
    "lua code block",
    "Lua code block",
    "unknown directive \"\u{feff}",
];

/// An nginx that can be run.
pub struct Nginx {
    pub binary: PathBuf,
    /// As in `1.22.1`.
    pub version: String,
    /// What `nginx -V` says.
    build: String,
}

/// What nginx says of a configuration.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The test is successful.
    Accepted,
    /// It is not nginx's language, in nginx's words.
    Syntax(String),
    /// It is nginx's language, as far as nginx has read it, and does not do.
    Invalid {
        /// In nginx's words.
        message: String,
        /// Nginx read no further than to some line.
        midway: bool,
    },
}

/// The nginx to test with.
///
/// Without one the test that asks has nothing to do, which it says on stderr; where
/// `NGXC_REQUIRE_ORACLES` is set it fails. `NGXC_NGINX` names the one to take.
pub fn find() -> Option<Nginx> {
    or_skipped("nginx", candidates().into_iter().find_map(Nginx::ask))
}

/// The nginx to test with and a newer one, which `.ci/nginx-1.28` builds; `NGXC_NGINX_1_28`
/// names another. One that is missing is as in [`find`].
pub fn all() -> Vec<Nginx> {
    let binary = env::var_os("NGXC_NGINX_1_28").map_or_else(|| root().join(NEWER), PathBuf::from);
    let newer = or_skipped("nginx 1.28", Nginx::ask(binary));
    find().into_iter().chain(newer).collect()
}

fn or_skipped(name: &str, found: Option<Nginx>) -> Option<Nginx> {
    if found.is_none() {
        let required = env::var_os("NGXC_REQUIRE_ORACLES").is_some();
        assert!(!required, "no {name} on this machine, and NGXC_REQUIRE_ORACLES is set");
        skipped(&format!("no {name} on this machine"));
    }
    found
}

fn candidates() -> Vec<PathBuf> {
    if let Some(binary) = env::var_os("NGXC_NGINX") {
        return vec![binary.into()];
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(DIRECTORIES.map(PathBuf::from));
    directories.map(|directory| directory.join("nginx")).collect()
}

impl Nginx {
    fn ask(binary: PathBuf) -> Option<Self> {
        let output = Command::new(&binary).arg("-V").output().ok()?;
        let build = String::from_utf8_lossy(&output.stderr).into_owned();
        let version = pattern(r"version: \w+/(\d+\.\d+\.\d+)").captures(&build)?[1].to_owned();
        Some(Self { binary, version, build })
    }

    /// Whether this nginx is at least of a version.
    pub fn is_at_least(&self, version: [u32; 3]) -> bool {
        let own: Vec<u32> = self.version.split('.').map_while(|part| part.parse().ok()).collect();
        own.as_slice() >= version.as_slice()
    }

    /// An argument of nginx's build.
    pub fn configured(&self, name: &str) -> Option<&str> {
        self.build.split_whitespace().find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
    }

    /// What `nginx -t` says of `file` in the folder `site`.
    ///
    /// The file may be less than a whole configuration: see [`Context`]. What only this
    /// machine lacks, a name server or the right to bind port 80, is made up for.
    pub fn check(&self, site: &Path, file: &str) -> Verdict {
        self.settled(site, file, None).1
    }

    /// The copy of a folder with which nginx gets furthest, and what it says of it. A file that
    /// does not say in which context it stands is taken to stand in the wanted one.
    pub fn settled(&self, site: &Path, file: &str, wanted: Option<&str>) -> (TempDir, Verdict) {
        let mut aid = Aid::default();
        loop {
            let prefix = self.copied(site, file, wanted, &aid);
            let verdict = self.test(prefix.path());
            match &verdict {
                Verdict::Invalid { message, .. } if aid.learn(message) => {}
                _ => return (prefix, verdict),
            }
        }
    }

    fn copied(&self, site: &Path, file: &str, wanted: Option<&str>, aid: &Aid) -> TempDir {
        let prefix = prefix();
        copy(site, prefix.path(), &|text| self.adapted(text, prefix.path(), aid));
        self.copy_shipped(prefix.path());
        let text =
            fs::read(prefix.path().join(file)).expect("the file under test is in its folder");
        let text = String::from_utf8_lossy(&text);
        let main = self.main_in(&text, file, prefix.path(), wanted);
        fs::write(prefix.path().join(MAIN), main).expect("the prefix is writable");
        prefix
    }

    /// What nginx says of a copy.
    pub fn test(&self, prefix: &Path) -> Verdict {
        let output = self.command(prefix).arg("-t").output().expect("nginx runs");
        Verdict::of(&output, prefix)
    }

    pub fn command(&self, prefix: &Path) -> Command {
        let mut command = Command::new(&self.binary);
        // nginx joins the prefix and names as they are: it has to end with a slash.
        command.arg("-p").arg(prefix.join("")).arg("-c").arg(prefix.join(MAIN));
        // Names that nobody knows are to be unknown at once.
        command.env("RES_OPTIONS", "timeout:1 attempts:1");
        command
    }

    /// The configuration around a text: what it needs, and nothing that it has itself.
    pub fn main_for(&self, text: &str, file: &str, prefix: &Path) -> String {
        self.main_in(text, file, prefix, None)
    }

    fn main_in(&self, text: &str, file: &str, prefix: &Path, wanted: Option<&str>) -> String {
        let mut main = self.modules_for(text);
        main.push("error_log stderr;".to_owned());
        if !names(text, "pid") {
            main.push(format!("pid {}/nginx.pid;", prefix.display()));
        }
        if !names(text, "events") {
            main.push("events {}".to_owned());
        }
        let include = format!("include {file};");
        let http = self.http_lines(text, prefix);
        main.push(match Context::of(text, wanted) {
            Context::Main => include,
            Context::Http => format!("http {{ {http} {include} }}"),
            Context::Server => format!("http {{ {http} server {{ {include} }} }}"),
            Context::Location => {
                format!("http {{ {http} server {{ location / {{ {include} }} }} }}")
            }
        });
        main.join("\n")
    }

    /// Loads the modules that a text needs, if they are there and it does not do so.
    fn modules_for(&self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let Some(directory) = self.configured("--modules-path").map(Path::new) else {
            return lines;
        };
        for (directive, files) in MODULES {
            let files: Vec<PathBuf> = files.iter().map(|file| directory.join(file)).collect();
            if names(text, directive)
                && !names(text, "load_module")
                && files.iter().all(|it| it.exists())
            {
                lines.extend(files.iter().map(|file| format!("load_module {};", file.display())));
            }
        }
        lines
    }

    /// What the http block needs so that nginx writes only below its prefix.
    pub fn http_lines(&self, text: &str, prefix: &Path) -> String {
        let mut lines = vec!["access_log off;".to_owned()];
        for module in TEMP_FILES {
            let option = format!("--http-{}-temp-path", module.replace('_', "-"));
            let directive = format!("{module}_temp_path");
            if self.configured(&option).is_some() && !names(text, &directive) {
                lines.push(format!("{directive} {}/{module};", prefix.display()));
            }
        }
        lines.join(" ")
    }

    /// A text under test as this machine needs it; each line stays where it is.
    fn adapted(&self, text: &str, prefix: &Path, aid: &Aid) -> String {
        let mut text = with_certificate(text);
        for host in &aid.hosts {
            text = with_known_host(&text, host);
        }
        if aid.stranger {
            text = with_free_addresses(&text);
            text = pattern(r"(?m)(^|[;}])(\s*user\s)[^;{}]+;")
                .replace(&text, "$1$2 root root;")
                .into_owned();
            text = self.within_http(&text, prefix);
        }
        text
    }

    /// Puts what nginx needs into the http block of a whole configuration.
    pub fn within_http(&self, text: &str, prefix: &Path) -> String {
        let lines = self.http_lines(text, prefix);
        let block = pattern(r"(?m)(^|[;}])(\s*http\s*\{)");
        block.replace(text, |found: &Captures<'_>| format!("{} {lines}", &found[0])).into_owned()
    }

    fn copy_shipped(&self, prefix: &Path) {
        let Some(directory) =
            self.configured("--conf-path").and_then(|path| Path::new(path).parent())
        else {
            return;
        };
        for file in SHIPPED {
            let (from, to) = (directory.join(file), prefix.join(file));
            if from.exists() && !to.exists() {
                fs::copy(from, to).expect("the prefix is writable");
            }
        }
    }
}

impl Verdict {
    fn of(output: &Output, prefix: &Path) -> Self {
        if output.status.success() {
            return Self::Accepted;
        }
        let log = String::from_utf8_lossy(&output.stderr);
        // What it quotes may have line ends.
        let (_, message) = log.split_once("[emerg] ").unwrap_or(("", &log));
        let end = pattern(r"\n(nginx: configuration file |.*\[emerg\] )").find(message);
        let message = end.map_or(message.trim_end(), |end| &message[..end.start()]);
        let message = pattern(r"^\d+#\d+: ").replace(message, "");
        let place = pattern(r" in [^ ]+:\d+$");
        let midway = place.is_match(&message);
        let message = place.replace(&message, "").replace(&prefix.display().to_string(), "");
        if SYNTAX.iter().any(|words| message.contains(words)) {
            return Self::Syntax(message);
        }
        Self::Invalid { message, midway }
    }
}

/// What nginx is helped with so that it reads on.
#[derive(Default)]
struct Aid {
    /// Hosts that no name server knows.
    hosts: BTreeSet<String>,
    /// The configuration has addresses, users or files of another machine.
    stranger: bool,
}

impl Aid {
    /// Learns from a refusal; false if there is nothing to learn.
    fn learn(&mut self, message: &str) -> bool {
        if let Some(host) = pattern(r#"host not found in upstream "([\w.-]+)"#).captures(message) {
            return self.hosts.insert(host[1].to_owned());
        }
        let foreign = [
            "bind() to",
            "socket() ",
            "host not found",
            "getpwnam(",
            "getgrnam(",
            "(13: Permission denied)",
        ];
        let new = !self.stranger && foreign.iter().any(|words| message.contains(words));
        self.stranger |= new;
        new
    }
}

/// Where a file is meant to stand.
enum Context {
    Main,
    Http,
    Server,
    Location,
}

impl Context {
    /// As the first line says (`# ngxc-test: context=server`); else the whole
    /// configuration if it has a block of one, and what stands in http if not.
    fn of(text: &str, wanted: Option<&str>) -> Self {
        match named_context(text).or(wanted) {
            Some("main") => Self::Main,
            Some("http") => Self::Http,
            Some("server") => Self::Server,
            Some("location") => Self::Location,
            Some(other) => panic!("no context of that name: {other}"),
            None if names(text, "http") || names(text, "events") => Self::Main,
            None => Self::Http,
        }
    }
}

/// The context that the first line of a fixture names.
fn named_context(text: &str) -> Option<&str> {
    let first = text.lines().next()?.strip_prefix("# ngxc-test:")?;
    first.split_whitespace().find_map(|word| word.strip_prefix("context="))
}

/// False for a fixture that says `context=none`: nginx has no say in it.
pub fn is_for_nginx(text: &str) -> bool {
    named_context(text) != Some("none")
}

/// Whether a text has a directive.
fn names(text: &str, directive: &str) -> bool {
    pattern(&format!(r"(?m)(^|[;{{}}])\s*{directive}(\s|\{{|$)")).is_match(text)
}

/// Copies a folder; what is text goes through `adapt`.
pub fn copy(from: &Path, to: &Path, adapt: &dyn Fn(&str) -> String) {
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).expect("the target is new");
            copy(&entry.path(), &target, adapt);
            continue;
        }
        let bytes = fs::read(entry.path()).expect("the file can be read");
        let bytes = String::from_utf8(bytes)
            .map_or_else(std::string::FromUtf8Error::into_bytes, |text| adapt(&text).into_bytes());
        fs::write(target, bytes).expect("the target is writable");
    }
}

/// An empty folder in which nginx may do as it likes.
pub fn prefix() -> TempDir {
    let prefix = tempfile::tempdir().expect("there is room for temporary files");
    fs::create_dir(prefix.path().join("logs")).expect("the folder is new");
    prefix
}
