//! Writes `src/catalog/{directives,variables}.tsv` from a folder of facts about nginx.
//!
//! ```sh
//! cargo run --example catalog -- path/to/facts
//! ```
//!
//! The folder holds `directives.json` and `variables.json`, as read off nginx's source.
//! What changed with a version becomes lines of its own, each with the versions that it is
//! true of, so that whoever looks something up never has to know history. After a new
//! release of nginx: run this, and review the difference.
//!
//! Columns of `directives.tsv`: name; versions (`since-until`, without what has no bound;
//! `until` is the first version that it is not true of); form (`;`, `{` and the context that
//! the block opens, `map` for blocks whose entries are data, `lua`); contexts; numbers of
//! arguments (`1,2`, `1+`, or `?` if unknown); type of the value, or nginx's function that
//! reads it; words, bounds or a further function of that type; `dup` if a second one in a
//! block is an error; where it comes from if not from nginx itself; what replaces it;
//! syntax; default, several lines of which are separated by `; `; how it is inherited (`value`:
//! the nearest level that has it counts; `array-replace`: so do all lines of that level;
//! `none`: it is not; empty if unknown).
//!
//! Columns of `variables.tsv`: name (`arg_*` for a family); versions; `http` or `stream`;
//! `c` if a configuration may define it anew; where it comes from.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let facts = std::env::args().nth(1).ok_or("usage: catalog path/to/facts")?;
    let catalog = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog");
    write(&facts, &catalog, "directives", directive)?;
    write(&facts, &catalog, "variables", variable)
}

/// Lines that the facts do not have: modules that distributions package, and the variables
/// of modules whose directives are known.
const MORE: [(&str, &str); 33] = [
    // Debian brought it into the version that it has.
    ("directives", "max_headers\t1.22.1-1.22.2\t;\thttp,server\t1\tnum\t\tdup\t\t\tnumber"),
    (
        "directives",
        "auth_pam\t\t;\thttp,server,location,limit_except\t1\t\t\t\tauth-pam\t\tstring | off",
    ),
    (
        "directives",
        "auth_pam_service_name\t\t;\thttp,server,location,limit_except\t1\t\t\t\tauth-pam\t\tname",
    ),
    (
        "directives",
        "auth_pam_set_pam_env\t\t;\thttp,server,location,limit_except\t1\tflag\t\t\tauth-pam\t\ton | off",
    ),
    (
        "directives",
        "fair\t\t;\tupstream\t0+\t\t\t\tupstream-fair\t\t[no_rr] [weight_mode=idle|peak]",
    ),
    ("directives", "upstream_fair_shm_size\t\t;\thttp\t1\tsize\t\t\tupstream-fair\t\tsize"),
    ("directives", "report_uploads\t\t;\thttp,server,location\t1\t\t\t\tupload-progress\t\tzone"),
    (
        "directives",
        "track_uploads\t\t;\thttp,server,location\t2\t\t\t\tupload-progress\t\tzone timeout",
    ),
    ("directives", "upload_progress\t\t;\thttp\t2\t\t\t\tupload-progress\t\tzone size"),
    (
        "directives",
        "upload_progress_content_type\t\t;\thttp,server,location\t1\t\t\t\tupload-progress\t\ttype",
    ),
    (
        "directives",
        "upload_progress_header\t\t;\thttp,server,location\t1\t\t\t\tupload-progress\t\tname",
    ),
    (
        "directives",
        "upload_progress_java_output\t\t;\thttp,server,location\t0\t\t\t\tupload-progress\t\t",
    ),
    (
        "directives",
        "upload_progress_json_output\t\t;\thttp,server,location\t0\t\t\t\tupload-progress\t\t",
    ),
    (
        "directives",
        "upload_progress_jsonp_output\t\t;\thttp,server,location\t0\t\t\t\tupload-progress\t\t",
    ),
    (
        "directives",
        "upload_progress_jsonp_parameter\t\t;\thttp,server,location\t1\t\t\t\tupload-progress\t\tname",
    ),
    (
        "directives",
        "upload_progress_template\t\t;\thttp,server,location\t2\t\t\t\tupload-progress\t\tstate template",
    ),
    ("variables", "brotli_ratio\t\thttp\t\tbrotli"),
    ("variables", "echo_*\t\thttp\t\techo"),
    ("variables", "fancyindex_*\t\thttp\t\tfancyindex"),
    ("variables", "geoip2_*\t\thttp\tc\tgeoip2"),
    ("variables", "memc_*\t\thttp\tc\tmemc"),
    ("variables", "modsecurity_*\t\thttp\tc\tmodsecurity"),
    ("variables", "naxsi_*\t\thttp\tc\tnaxsi"),
    ("variables", "nchan_*\t\thttp\tc\tnchan"),
    ("variables", "njs_*\t\thttp\t\tnjs"),
    ("variables", "passenger_*\t\thttp\tc\tpassenger"),
    ("variables", "push_stream_*\t\thttp\tc\tpush-stream"),
    ("variables", "srcache_*\t\thttp\t\tsrcache"),
    ("variables", "upload_*\t\thttp\tc\tupload-progress"),
    ("variables", "uploadprogress_*\t\thttp\t\tupload-progress"),
    ("variables", "vts_*\t\thttp\t\tvts"),
    ("variables", "zstd_ratio\t\thttp\t\tzstd"),
    ("variables", "rtmp_*\t\thttp\tc\trtmp"),
];

/// Turns each fact into lines, and writes them sorted.
fn write(
    facts: &str,
    catalog: &Path,
    name: &str,
    lines: fn(&Value) -> Vec<String>,
) -> Result<(), Box<dyn Error>> {
    let json = std::fs::read(Path::new(facts).join(format!("{name}.json")))?;
    let facts: Vec<Value> = serde_json::from_slice(&json)?;
    let known = facts.iter().flat_map(lines);
    // Neither their defaults nor their inheritance are known.
    let unknown = if name == "directives" { "\t\t" } else { "" };
    let more =
        MORE.iter().filter(|(file, _)| *file == name).map(|(_, line)| format!("{line}{unknown}"));
    let lines: BTreeSet<String> = known.chain(more).collect();
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    std::fs::write(catalog.join(format!("{name}.tsv")), text)?;
    Ok(())
}

/// Defaults that a version changed without the facts saying so: name, version, what it was
/// before.
const EARLIER_DEFAULTS: [(&str, &str, &str); 2] = [
    ("keepalive", "1.29.7", ""),
    ("proxy_set_header", "1.29.7", "Host $proxy_host; Connection close"),
];

/// The facts of a directive between two versions.
#[derive(Clone)]
struct State {
    contexts: Vec<String>,
    args: String,
    kind: String,
    words: Vec<String>,
    bounds: Value,
    is_block: bool,
    duplicate: String,
    deprecated: String,
    default: String,
}

fn directive(fact: &Value) -> Vec<String> {
    let mut state = State {
        contexts: texts(&fact["contexts"]),
        args: args(&fact["args"]),
        kind: text(&fact["type"]),
        words: texts(&fact["values"]),
        bounds: fact["bounds"].clone(),
        is_block: fact["block"] == true,
        duplicate: text(&fact["duplicate"]),
        deprecated: text(&fact["deprecated"]["use"]),
        default: default(fact),
    };
    let mut epochs = Epochs::default();
    for change in fact["stable_changes"].as_array().into_iter().flatten() {
        let version = text(&change["version"]);
        let mut changed = state.clone();
        match text(&change["field"]).as_str() {
            "added" => {}
            field => set(&mut changed, field, &change["to"], &change["added"], &change["removed"]),
        }
        if change["field"] != "removed" {
            epochs.add(&version, &next_mainline(&version), line(fact, &changed));
        }
    }
    let mut until = text(&fact["removed"]);
    let earlier: Vec<Value> = earlier_defaults(fact);
    let known = fact["changes"].as_array().into_iter().flatten();
    let mut changes: Vec<&Value> = known.chain(&earlier).collect();
    // Going back, the type comes first: it says what a duplicate means.
    changes.sort_by_key(|change| (numbers(&text(&change["version"])), change["field"] == "type"));
    let mut later: Option<String> = None;
    for change in changes.into_iter().rev() {
        let field = text(&change["field"]);
        // Where the facts write one default in two ways, nothing changed.
        let is_other_spelling = field == "default" && text(&change["to"]) != state.default;
        if ["params", "module", "flags"].contains(&field.as_str()) || is_other_spelling {
            continue;
        }
        let version = text(&change["version"]);
        if later.as_ref() != Some(&version) {
            epochs.add(&version, &until, line(fact, &state));
            until.clone_from(&version);
            later = Some(version);
        }
        set(&mut state, &field, &change["from"], &change["removed"], &change["added"]);
    }
    let since = if fact["unreleased"] == true { "1.31.5".to_owned() } else { text(&fact["since"]) };
    epochs.add(&since, &until, line(fact, &state));
    epochs.lines(&text(&fact["name"]))
}

/// Facts with the versions they are true of, from the last to the first.
#[derive(Default)]
struct Epochs(Vec<(String, String, String)>);

impl Epochs {
    fn add(&mut self, since: &str, until: &str, facts: String) {
        match self.0.last_mut() {
            Some(later) if later.2 == facts && later.0 == until => since.clone_into(&mut later.0),
            _ => self.0.push((since.to_owned(), until.to_owned(), facts)),
        }
    }

    fn lines(self, name: &str) -> Vec<String> {
        let line = |(since, until, facts): (String, String, String)| {
            format!("{name}\t{}\t{facts}", versions(&since, &until))
        };
        self.0.into_iter().map(line).collect()
    }
}

fn versions(since: &str, until: &str) -> String {
    if since.is_empty() && until.is_empty() { String::new() } else { format!("{since}-{until}") }
}

/// Gives a field the value of another version.
fn set(state: &mut State, field: &str, value: &Value, more: &Value, fewer: &Value) {
    let merge = |words: &mut Vec<String>| {
        let fewer = texts(fewer);
        words.retain(|word| !fewer.contains(word));
        words.extend(texts(more));
        if value.is_array() {
            *words = texts(value);
        }
    };
    match field {
        "contexts" => merge(&mut state.contexts),
        "values" => merge(&mut state.words),
        "args" => state.args = text(value).replace(" flag", ""),
        "type" => state.kind = text(value),
        "bounds" => state.bounds = value.clone(),
        "block" => state.is_block = value == true,
        "deprecated" => state.deprecated = text(value),
        "default" => state.default = text(value),
        // The raw class of a handler of its own says nothing of its duplicates.
        "duplicate" if state.kind != "custom" => state.duplicate = text(value),
        _ => {}
    }
}

/// All columns behind the versions.
fn line(fact: &Value, state: &State) -> String {
    let children = &fact["children"];
    let form = match (state.is_block, children["kind"].as_str()) {
        (false, _) => ";".to_owned(),
        (true, Some("free-form")) => "map".to_owned(),
        (true, Some("lua")) => "lua".to_owned(),
        (true, _) => match children["context"].as_str().unwrap_or("mail") {
            context if context.starts_with('"') => "{if".to_owned(),
            context => format!("{{{context}"),
        },
    };
    let kind = match state.kind.as_str() {
        "custom" if fact["source"] == "oss" => text(&fact["handler"]),
        "custom" => String::new(),
        kind => kind.to_owned(),
    };
    let detail = if !state.words.is_empty() {
        state.words.join(",")
    } else if let Some(low) = state.bounds["low"].as_i64().or(state.bounds[0].as_i64()) {
        let high = state.bounds["high"].as_i64().or(state.bounds[1].as_i64());
        format!("{low}-{}", high.map_or(String::new(), |high| high.to_string()))
    } else {
        text(&fact["post"]["handler"])
    };
    let origin = match text(&fact["source"]).as_str() {
        "oss" => String::new(),
        "plus" => "plus".to_owned(),
        _ => text(&fact["package"]),
    };
    [
        form,
        state.contexts.join(","),
        state.args.clone(),
        kind,
        detail,
        if state.duplicate == "error" { "dup" } else { "" }.to_owned(),
        origin,
        state.deprecated.clone(),
        syntax(fact),
        state.default.clone(),
        text(&fact["inherit"]),
    ]
    .join("\t")
}

/// What counts where nothing is set, by the source or else by the documentation.
fn default(fact: &Value) -> String {
    let read = text(&fact["default"]);
    let default = if read.is_empty() { text(&fact["doc"]["default"]) } else { read };
    default.replace(['\t', '\n'], " ").trim_matches(['"', '—']).to_owned()
}

/// The changes of [`EARLIER_DEFAULTS`], as the facts would have them.
fn earlier_defaults(fact: &Value) -> Vec<Value> {
    let is_it = |(name, ..): &&(&str, &str, &str)| fact["name"] == *name && fact["source"] == "oss";
    let change = |(_, version, before): &(&str, &str, &str)| {
        serde_json::json!({
            "version": version, "field": "default", "from": before, "to": default(fact),
        })
    };
    EARLIER_DEFAULTS.iter().filter(is_it).map(change).collect()
}

/// What the documentation says stands behind the name; the first form if there are several.
fn syntax(fact: &Value) -> String {
    let first = fact["doc"]["syntax"].as_array().and_then(|forms| forms.first());
    first.map_or(String::new(), text).replace(['\t', '\n'], " ")
}

fn variable(fact: &Value) -> Vec<String> {
    if fact["kind"] == "consumed" {
        return Vec::new();
    }
    let star = if fact["prefix"] == true { "*" } else { "" };
    let (since, until) = (text(&fact["since"]), text(&fact["removed"]));
    let versions = versions(&since, &until);
    // What `log_format` treats itself is known there alone.
    let protocol = match fact["kind"].as_str() {
        Some("log_format") => "log_format".to_owned(),
        _ => text(&fact["protocol"]),
    };
    let origin = match fact["source"].as_str() {
        Some("oss" | "doc") => String::new(),
        Some("plus") => "plus".to_owned(),
        _ => text(&fact["module"]),
    };
    let changeable = if fact["changeable"] == true { "c" } else { "" };
    vec![[text(&fact["name"]) + star, versions, protocol, changeable.to_owned(), origin].join("\t")]
}

/// `1,2`, `2+`, or `?` where nobody knows.
fn args(value: &Value) -> String {
    if let Some(counts) = value["counts"].as_array() {
        return counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    }
    value["min"].as_u64().map_or("?".to_owned(), |min| format!("{min}+"))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|number| number.parse().ok()).collect()
}

/// The first mainline version behind a stable one: `1.27.0` for `1.26.3`.
fn next_mainline(stable: &str) -> String {
    match numbers(stable)[..] {
        [major, minor, ..] => format!("{major}.{}.0", minor + 1),
        _ => String::new(),
    }
}
