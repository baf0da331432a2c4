//! How long it takes to read a configuration, to format it with its proof, and to write it as JSON.
//!
//! ```sh
//! cargo bench --bench fmt
//! ```
//!
//! The configuration has about 1 MB: servers as people write them, with comments, a map and regular
//! expressions. The other is a template of the same size.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ngxc::emit::{self, Style};
use ngxc::source::{Source, SourceId};

const SERVER: &str = r#"
    # Sockets and the rest of example.com
    server {
      listen 443 ssl;   # the usual port
        server_name  www.example.com example.com;
        ssl_certificate     /etc/nginx/tls/example.com.pem;
        ssl_certificate_key /etc/nginx/tls/example.com.key;

        location ~* \.(?:css|js|woff2)$ { expires 1y; add_header Cache-Control "public, immutable"; }

        location /chat/ {
            proxy_pass http://chat;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_read_timeout 1h;
        }
    }
"#;

fn conf(server: &str) -> String {
    let map = "map $http_upgrade $connection_upgrade {\n  default upgrade;\n  '' close;\n}\n";
    map.to_owned() + &server.repeat(1_000_000 / server.len())
}

fn source(text: &str) -> Source {
    Source::new(SourceId(0), "bench.conf", text.as_bytes().to_vec())
}

fn fmt(criterion: &mut Criterion) {
    let plain = conf(SERVER);
    let template = conf(&SERVER.replace("443", "{{ port }}").replace("/etc/nginx", "${DIR}"));
    let mut group = criterion.benchmark_group("fmt");
    for (name, text) in [("plain", &plain), ("template", &template)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let read = || ngxc::read(source(text)).0;
        let file = read();
        assert!(!file.has_syntax_errors && file.tree.has_placeholders == (name == "template"));
        group.bench_function(format!("read {name}"), |bencher| bencher.iter(|| black_box(read())));
        group.bench_function(format!("format {name}"), |bencher| {
            bencher.iter(|| black_box(emit::format(&file, &Style::default())));
        });
        group.bench_function(format!("JSON {name}"), |bencher| {
            bencher.iter(|| black_box(emit::write(&file, None)));
        });
    }
    group.finish();
}

criterion_group!(benches, fmt);
criterion_main!(benches);
