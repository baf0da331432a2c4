//! Many errors in one file: nginx stops at the first, and the library says each once.

use ngxc::catalog::Version;
use ngxc::diagnostic::Severity;

use crate::trial::{findings, oracles};

/// Independent errors, one a line, each with what nginx says of it.
const FAULTY: &str = r#"pid logs/pid;
worker_processes -1;                                # "worker_processes" directive invalid value
worker_rlimit_nofile many;                          # "worker_rlimit_nofile" directive invalid number
events { worker_connections 64; }
http {
    access_log off;
    proxy_pas http://127.0.0.1;                     # unknown directive "proxy_pas"
    gzip maybe;                                     # invalid value "maybe" in "gzip" directive, it must be "on" or "off"
    gzip_comp_level 12;                             # value must be between 1 and 9
    client_max_body_size 1q;                        # "client_max_body_size" directive invalid value
    send_timeout 10x;                               # "send_timeout" directive invalid value
    sendfile_max_chunk;                             # invalid number of arguments in "sendfile_max_chunk" directive
    proxy_pass http://127.0.0.1;                    # "proxy_pass" directive is not allowed here
    proxy_http_version 3;                           # invalid value "3"
    log_format own "$nosuch";                       # unknown "nosuch" variable
    log_format combined "$host";                    # duplicate "log_format" name "combined"
    limit_req_zone $host zone=small rate=1r/s;      # invalid zone size "zone=small"
    map $host $m { default a; default b; }          # duplicate default map parameter
    upstream nobody { }                             # no servers are inside upstream
    upstream heavy { server 127.0.0.1 weight=x; }   # invalid parameter "weight=x"
    server {
        listen 127.0.0.1:99999;                     # invalid port in "127.0.0.1:99999" of the "listen" directive
        listen 127.0.0.1:18080;
        root html;
        root other;                                 # "root" directive is duplicate
        error_page 700 /a;                          # value "700" must be between 300 and 599
        location ~ "(" { }                          # pcre2_compile() failed: missing closing parenthesis in "("
        location /a { }
        location /a { expires 1h; }                 # duplicate location "/a"
        location /b { return 12345; }               # invalid return code "12345"
        location /c { rewrite a b c; }              # invalid parameter "c"
        location /d { proxy_pass 127.0.0.1; }       # invalid URL prefix
        location /e { limit_req zone=nosuch; }      # zero size shared memory zone "nosuch"
        location /f { access_log logs/f nosuch; }   # unknown log format "nosuch"
        location /g { if (host) { } }               # invalid condition "host"
        location /h { allow 300.1.1.1; }            # invalid parameter "300.1.1.1"
        location /i { location /j { } }             # location "/j" is outside location "/i"
        location /k { proxy_set_header A "${host"; } # the closing bracket in "host" variable is missing
    }
}
"#;

/// The lines that are wrong: their number from 0, and what nginx says.
fn faults() -> Vec<(usize, &'static str)> {
    let fault = |(at, line): (usize, &'static str)| Some((at, line.split_once("# ")?.1.trim()));
    FAULTY.lines().enumerate().filter_map(fault).collect()
}

#[test]
fn each_of_many_errors_is_said_once() {
    for version in [Version::new(1, 22, 1), Version::new(1, 28, 3), Version::NEWEST] {
        let report = findings(FAULTY, version);
        let mut wrong = Vec::new();
        let errors = report.iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<(usize, &str)> = errors
            .map(|finding| {
                let start = finding.label.place.span.start as usize;
                let line = FAULTY[..start].matches('\n').count();
                (line, finding.message.as_str())
            })
            .collect();
        for (line, says) in faults() {
            let ours: Vec<&str> =
                errors.iter().filter(|error| error.0 == line).map(|error| error.1).collect();
            if !matches!(ours[..], [one] if one.contains(says)) {
                wrong.push(format!("line {}: {says}\n    ngxc: {ours:?}", line + 1));
            }
        }
        for (line, message) in &errors {
            if !faults().iter().any(|fault| fault.0 == *line) {
                wrong.push(format!("line {}: nothing is wrong\n    ngxc: {message}", line + 1));
            }
        }
        assert!(wrong.is_empty(), "for {version}:\n{}", wrong.join("\n"));
        assert!(errors.is_sorted_by_key(|error| error.0), "they are sorted by place: {errors:#?}");
    }
}

/// What the lines say of themselves is true: nginx says it when the others are right.
#[test]
fn each_of_many_errors_is_one_for_nginx() {
    let mut wrong = Vec::new();
    for oracle in oracles() {
        for (faulty, says) in faults() {
            let is_kept = |at: usize| at == faulty || !faults().iter().any(|fault| fault.0 == at);
            let lines = FAULTY.lines().enumerate();
            let lines: Vec<&str> =
                lines.map(|(at, line)| if is_kept(at) { line } else { "" }).collect();
            let answer = oracle.answer(&lines.join("\n"));
            if answer.is_accepted || !answer.messages.iter().any(|said| said.contains(says)) {
                let version = oracle.version();
                wrong.push(format!("line {}: {says}\n    {version}: {answer:?}", faulty + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
