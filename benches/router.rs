//! How long it takes to load a runtime configuration, and to say what becomes of a request.
//!
//! ```sh
//! cargo bench --bench router
//! ```
//!
//! The configuration has 10,000 servers, each with five locations, on two sockets.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use ngxc::catalog::Target;
use ngxc::model::{self, Model};
use ngxc::project::{Files, Project};
use ngxc::runtime::{Config, Request, Router};

const SERVERS: usize = 10_000;

fn conf() -> String {
    let mut conf = String::from(
        "events {}\nhttp {\n\
         map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n\
         upstream app { server 127.0.0.1:9000; server 127.0.0.1:9001; keepalive 16; }\n\
         proxy_http_version 1.1;\n\
         proxy_set_header Upgrade $http_upgrade;\n\
         proxy_set_header Connection $connection_upgrade;\n\
         proxy_set_header Host $host;\n",
    );
    for index in 0..SERVERS {
        let listen = if index % 2 == 0 { "80" } else { "127.0.0.1:80" };
        conf.push_str(&format!(
            "server {{\n listen {listen};\n server_name s{index}.test *.s{index}.example;\n\
             location / {{ proxy_pass http://app; }}\n\
             location = /health {{ return 200 ok; }}\n\
             location ^~ /ws/ {{ proxy_pass http://app; proxy_read_timeout 1h; }}\n\
             location /api/v1/ {{ proxy_pass http://app/; }}\n\
             location ~ \\.(js|css)$ {{ root /srv/s{index}; }}\n}}\n",
        ));
    }
    conf + "}\n"
}

fn config() -> Config {
    let path = Path::new("nginx.conf");
    let mut files = Files::memory();
    files.set(path, conf().into_bytes());
    let project = Project::load(&files, &[path.to_owned()], None);
    let root = project.roots().first().expect("there is one file");
    let target = Target::default();
    model::compile(&Model::new(&project, root, &target))
}

fn load(criterion: &mut Criterion) {
    let json = serde_json::to_vec(&config()).expect("a configuration can be written");
    println!("{} bytes of JSON", json.len());
    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    group.bench_function("10,000 servers", |bencher| {
        bencher.iter(|| {
            let config = serde_json::from_slice(black_box(&json)).expect("it can be read");
            Router::new(config).expect("it can be loaded")
        });
    });
    group.finish();
}

fn route(criterion: &mut Criterion) {
    let router = Router::new(config()).expect("it can be loaded");
    for (name, target) in [
        ("an exact location", "/health"),
        ("a prefix, passed on", "/api/v1/users?page=2"),
        ("a prefix without expressions, passed on", "/ws/chat"),
        ("an expression", "/static/app.js"),
    ] {
        let requests: Vec<Request> = (0..SERVERS)
            .step_by(2)
            .map(|index| Request::get(80, &format!("a.s{index}.example"), target))
            .collect();
        let mut next = requests.iter().cycle();
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| black_box(router.route(next.next().expect("it goes round")).location));
        });
    }
}

criterion_group!(benches, load, route);
criterion_main!(benches);
