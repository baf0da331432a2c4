//! The arguments of all commands.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

use crate::catalog::{Context, Module, Version};
use crate::emit::Indent;
use crate::source::Templating;
use crate::trace::Listen;

/// Compiler, validator, linter and formatter for nginx configuration.
#[derive(Debug, Parser)]
#[command(name = "ngxc", version, propagate_version = true, after_help = EXIT_STATUS)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  nothing to report
  1  findings at or above --fail-on, or files that are not formatted
  2  could not do what was asked: bad arguments, an unreadable file, no input";

const TRACE_EXIT_STATUS: &str = "\
Examples:
  ngxc trace nginx.conf wss://chat.example.com/chat/
  ngxc trace nginx.conf /api/ -H 'Host: example.com' --method POST
  ngxc trace nginx.conf --expect requests.txt
  ngxc trace --settings nginx.conf /chat/
  ngxc trace --settings nginx.conf conf.d/chat.conf:12 proxy_read_timeout

Exit status:
  0  traced, or all that was expected holds
  1  something that was expected does not hold
  2  could not do what was asked: an unreadable file, syntax errors, a bad URL";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what nginx rejects, and why WebSockets do not connect or stay
    #[command(visible_alias = "check", after_help = EXIT_STATUS)]
    Lint(LintArgs),
    /// Format files in place; no word and no comment changes
    #[command(after_help = EXIT_STATUS)]
    Fmt(FmtArgs),
    /// Print a file as canonical configuration, as lossless JSON, or as what nginx would do
    #[command(after_help = EXIT_STATUS)]
    Emit(EmitArgs),
    /// Say what becomes of a request: server, location, backend, headers, and why
    #[command(after_help = TRACE_EXIT_STATUS)]
    Trace(TraceArgs),
    /// Print the JSON Schema of an output
    Schema(SchemaArgs),
    /// Print the page of a rule
    Explain(ExplainArgs),
    /// List all rules
    Rules(RulesArgs),
}

#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command")]
#[derive(Debug, Group)]
pub(super) struct LintArgs {
    /// Files and directories; `-` is standard input. Included files are read too
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Make the fixes that cannot change what a correct configuration did
    #[arg(long)]
    pub(super) fix: bool,
    /// With --fix or --diff: make also the fixes that a person should look at
    #[arg(long)]
    pub(super) unsafe_fixes: bool,
    /// Show what --fix would change, and write nothing
    #[arg(long)]
    pub(super) diff: bool,
    /// How findings are printed
    #[arg(long, value_enum, default_value_t = Format::Human, value_name = "FORMAT", conflicts_with = "diff")]
    pub(super) format: Format,
    /// Show only these rules or categories; also advice among them
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    pub(super) select: Vec<String>,
    /// Do not show these rules or categories
    #[arg(long, value_delimiter = ',', value_name = "RULE")]
    pub(super) ignore: Vec<String>,
    /// Show advice too
    #[arg(long)]
    pub(super) pedantic: bool,
    /// The least severity of a finding that makes the exit status 1
    #[arg(long, value_enum, default_value_t = FailOn::Warning, value_name = "SEVERITY")]
    pub(super) fail_on: FailOn,
    /// The nginx that the configuration is for. Without one, what some nginx since 1.22 takes
    /// is right, and the defaults of 1.22 count
    #[arg(long, value_name = "VERSION")]
    pub(super) nginx_version: Option<Version>,
    /// A module that ngxc does not know, and its directives; `*` at the end of a name stands for
    /// any letters
    #[arg(long, value_name = "NAME=DIRECTIVE,…")]
    pub(super) module: Vec<Module>,
    /// Where the directives of a file stand that no other file includes and that is no main
    /// configuration, as in `server`; of one that is, `main` says that it is whole
    #[arg(long, value_name = "CONTEXT", value_parser = context)]
    pub(super) context: Option<Context>,
    /// Look also whether the files, users and hosts that the configuration names are here
    #[arg(long)]
    pub(super) check_files: bool,
    /// Where relative includes start [default: the directory of the main file]
    #[arg(long, value_name = "DIR")]
    pub(super) prefix: Option<PathBuf>,
    #[command(flatten)]
    pub(super) template: TemplateArgs,
    #[command(flatten)]
    pub(super) colour: ColourArgs,
}

#[derive(Debug, Group)]
pub(super) struct FmtArgs {
    /// Files and directories; `-` formats standard input to standard output. Of what `nginx -T`
    /// prints, each file is formatted
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Name the files that are not formatted, and write nothing
    #[arg(long)]
    pub(super) check: bool,
    /// Show what would change, and write nothing
    #[arg(long)]
    pub(super) diff: bool,
    /// Indent a block by so many spaces, by a `tab`, or `keep` the file's own indentation
    /// [default: that of ngxc.toml, or 4]
    #[arg(long, value_name = "N|tab|keep", value_parser = indent)]
    pub(super) indent: Option<Indent>,
    /// Turn single quotes into double ones where nothing between them has to change
    #[arg(long)]
    pub(super) normalize_quotes: bool,
    /// Change only what touches these lines, counted from 1; with one file
    #[arg(long, value_name = "FIRST:LAST", value_parser = lines)]
    pub(super) range: Option<(u32, u32)>,
    /// What standard input is called in messages
    #[arg(long, value_name = "FILE")]
    pub(super) stdin_filename: Option<PathBuf>,
    #[command(flatten)]
    pub(super) template: TemplateArgs,
    #[command(flatten)]
    pub(super) colour: ColourArgs,
}

pub(super) fn indent(text: &str) -> Result<Indent, String> {
    const MAX: usize = 16;
    match text {
        "tab" => Ok(Indent::Tab),
        "keep" => Ok(Indent::Keep),
        _ => match text.parse() {
            Ok(count @ 1..=MAX) => Ok(Indent::Spaces(count)),
            _ => Err(format!("a number from 1 to {MAX}, `tab` or `keep`")),
        },
    }
}

fn lines(text: &str) -> Result<(u32, u32), String> {
    let lines = text
        .split_once(':')
        .and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    lines
        .filter(|(first, last)| (1..=*last).contains(first))
        .ok_or_else(|| "two numbers of lines from 1, as in 10:20".to_owned())
}

#[derive(Debug, Group)]
pub(super) struct EmitArgs {
    /// A configuration, or JSON from `emit --to json` or of crossplane; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What the input is; anything else is an error [default: JSON is known by its first
    /// characters or by the ending .json, a payload of crossplane by its keys]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) from: Option<Input>,
    /// What to print
    #[arg(long, value_enum, value_name = "TARGET")]
    pub(super) to: Target,
    /// Put included files in place of their includes
    #[arg(long)]
    pub(super) flat: bool,
    #[command(flatten)]
    pub(super) crossplane: CrossplaneArgs,
    /// With `--to runtime`: print nothing if the configuration says what the output cannot.
    /// With `--to crossplane`: what nginx rejects is an error of the payload
    #[arg(long)]
    pub(super) strict: bool,
    /// With `--to runtime`, or `--to crossplane --strict`: the nginx whose defaults and rules
    /// count [default: that of ngxc.toml, or 1.22]
    #[arg(long, value_name = "VERSION")]
    pub(super) nginx_version: Option<Version>,
    /// Where relative includes start [default: the directory of the file]
    #[arg(long, value_name = "DIR")]
    pub(super) prefix: Option<PathBuf>,
    #[command(flatten)]
    pub(super) template: TemplateArgs,
    #[command(flatten)]
    pub(super) colour: ColourArgs,
}

#[derive(Debug, Group)]
pub(super) struct CrossplaneArgs {
    /// With `--to crossplane`: make one file of all, included files in place of their includes
    #[arg(long)]
    pub(super) combine: bool,
    /// With `--to crossplane`: do not follow includes
    #[arg(long)]
    pub(super) single_file: bool,
    /// With `--to crossplane`: list comments too
    #[arg(long)]
    pub(super) include_comments: bool,
    /// Of a payload of crossplane or a dump of `nginx -T` with several files: print the one of
    /// this name
    #[arg(long = "file", value_name = "NAME")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Group)]
pub(super) struct TraceArgs {
    /// The configuration; `-` is standard input. Included files are read too
    #[arg(value_name = "CONFIG")]
    pub(super) config: PathBuf,
    /// http, https, ws or wss with a host; or a path alone, for the first socket and its
    /// default server. With --settings: a location as it is written, `http`, `server`,
    /// `server NAME`, `upstream NAME` or FILE:LINE
    #[arg(value_name = "URL", conflicts_with = "expect")]
    pub(super) request: Option<String>,
    /// With --settings: only these directives
    #[arg(value_name = "DIRECTIVE", requires = "settings")]
    pub(super) names: Vec<String>,
    /// A header of the request, in place of one that would be sent otherwise
    #[arg(short = 'H', long, value_name = "NAME: VALUE", value_parser = crate::trace::header)]
    pub(super) header: Vec<(String, String)>,
    /// The request is a WebSocket handshake; ws: and wss: say so too
    #[arg(long)]
    pub(super) websocket: bool,
    /// The method [default: GET]
    #[arg(long, value_name = "METHOD")]
    pub(super) method: Option<String>,
    /// The client's address. Without it, what depends on it ($remote_addr, geo) is not known,
    /// and allow and deny are taken to let it in
    #[arg(long, value_name = "IP")]
    pub(super) client_ip: Option<IpAddr>,
    /// Where the connection comes in: ADDRESS:PORT, PORT or unix:PATH [default: the port of the
    /// URL, and its host if that is an address]
    #[arg(long, value_name = "ADDRESS")]
    pub(super) listen: Option<Listen>,
    /// Check a table of expectations: `URL -> key=value …`, a line each; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub(super) expect: Option<PathBuf>,
    /// Say what every directive comes to in a place, and which line says so
    #[arg(long, conflicts_with_all = ["expect", "header", "websocket", "method", "client_ip", "listen"])]
    pub(super) settings: bool,
    /// With --settings: the defaults of nginx too
    #[arg(long, requires = "settings")]
    pub(super) all: bool,
    /// How the outcome is printed
    #[arg(long, value_enum, default_value_t = TraceFormat::Human, value_name = "FORMAT")]
    pub(super) format: TraceFormat,
    /// The nginx whose rules and defaults count [default: that of ngxc.toml, or 1.22]
    #[arg(long, value_name = "VERSION")]
    pub(super) nginx_version: Option<Version>,
    /// Where relative includes start [default: the directory of the main file]
    #[arg(long, value_name = "DIR")]
    pub(super) prefix: Option<PathBuf>,
    #[command(flatten)]
    pub(super) colour: ColourArgs,
}

#[derive(Debug, Group)]
pub(super) struct ExplainArgs {
    /// The rule's name
    #[arg(value_name = "RULE")]
    pub(super) rule: String,
}

#[derive(Debug, Group)]
pub(super) struct RulesArgs {
    #[command(flatten)]
    pub(super) colour: ColourArgs,
}

#[derive(Debug, Group)]
pub(super) struct ColourArgs {
    /// When to use colours; NO_COLOR is respected
    #[arg(long = "color", value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub(super) colour: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    /// On a terminal
    Auto,
    Always,
    Never,
}

#[derive(Debug, Group)]
pub(super) struct TemplateArgs {
    /// Which placeholders the files have, that another program puts text in place of: tags of one
    /// language or the names of envsubst [default: what they seem to have, and `%name%`,
    /// `__NAME__`, `@@NAME@@`]
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    pub(super) template: Option<Template>,
}

impl TemplateArgs {
    pub(super) fn templating(&self) -> Templating {
        match self.template {
            None => Templating::Detect,
            Some(Template::Jinja) => Templating::Jinja,
            Some(Template::Go) => Templating::Go,
            Some(Template::Erb) => Templating::Erb,
            Some(Template::Envsubst) => Templating::Envsubst,
            Some(Template::None) => Templating::None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Template {
    /// `{{ … }}`, `{% … %}` and `{# … #}`
    Jinja,
    /// `{{ … }}` of Go or Mustache
    Go,
    /// `<% … %>`
    Erb,
    /// `$NAME` and `${NAME}` in capitals
    Envsubst,
    /// The files are as nginx gets them
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With the code
    Human,
    /// A line each
    Short,
    /// One JSON document
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TraceFormat {
    /// An explanation
    Human,
    /// One JSON document
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Input {
    /// Configuration, or what `nginx -T` prints
    Nginx,
    /// What `emit --to json` prints
    Json,
    /// A payload of crossplane
    Crossplane,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Target {
    /// Canonical configuration; of JSON, the bytes that it was made from
    Nginx,
    /// Every byte, with places, values, quotes, comments and blank lines
    Json,
    /// The payload of crossplane 0.5.8
    Crossplane,
    /// What nginx would do, resolved, as JSON for a proxy
    Runtime,
}

#[derive(Debug, Group)]
pub(super) struct SchemaArgs {
    /// The output
    #[arg(value_enum, value_name = "TARGET")]
    pub(super) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// What `emit --to runtime` prints
    Runtime,
    /// What `emit --to json` prints
    Json,
}

fn context(name: &str) -> Result<Context, String> {
    Context::named(name)
        .ok_or_else(|| format!("contexts are {}", Context::names().collect::<Vec<_>>().join(", ")))
}
