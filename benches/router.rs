//! How long it takes to load a runtime configuration, and to say what becomes of a request.
//!
//! ```sh
//! cargo bench --bench router
//! ```
//!
//! The configurations have 10,000 servers on two sockets, each with one location or with five.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use ngxc::catalog::Target;
use ngxc::model::{self, Model};
use ngxc::project::{Files, Project};
use ngxc::runtime::{Config, Request, Router};

const SERVERS: usize = 10_000;

/// The locations of a server.
const LOCATIONS: [&str; 5] = [
    "location / { proxy_pass http://app; }",
    "location = /health { return 200 ok; }",
    "location ^~ /ws/ { proxy_pass http://app; proxy_read_timeout 1h; }",
    "location /api/v1/ { proxy_pass http://app/; }",
    "location ~ \\.(js|css)$ { root /srv/www; }",
];

/// The same places, which answer by themselves: what is left is to choose one.
const ANSWERS: [&str; 5] = [
    "location / { return 204; }",
    "location = /health { return 204; }",
    "location ^~ /ws/ { return 204; }",
    "location /api/v1/ { return 204; }",
    "location ~ \\.(js|css)$ { return 204; }",
];

fn conf(locations: &[&str]) -> String {
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
             {}\n}}\n",
            locations.join("\n "),
        ));
    }
    conf + "}\n"
}

fn config(locations: &[&str]) -> Config {
    let path = Path::new("nginx.conf");
    let mut files = Files::memory();
    files.set(path, conf(locations).into_bytes());
    let project = Project::load(&files, &[path.to_owned()], None);
    let root = project.roots().first().expect("there is one file");
    let target = Target::default();
    model::compile(&Model::new(&project, root, &target))
}

fn load(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("10,000 servers");
    group.sample_size(10);
    for locations in [1, LOCATIONS.len()] {
        let config = config(&LOCATIONS[..locations]);
        let json = serde_json::to_vec(&config).expect("a configuration can be written");
        let read = || serde_json::from_slice(black_box(&json)).expect("it can be read");
        println!("{locations} locations each: {} bytes of JSON", json.len());
        group.bench_function(format!("of {locations} locations: read"), |bencher| {
            bencher.iter_with_large_drop(|| -> Config { read() });
        });
        group.bench_function(format!("of {locations} locations: read and index"), |bencher| {
            bencher.iter_with_large_drop(|| Router::new(read()).expect("it can be loaded"));
        });
    }
    group.finish();
}

fn route(criterion: &mut Criterion) {
    for (what, locations) in [("choose", ANSWERS), ("choose and ask", LOCATIONS)] {
        let router = Router::new(config(&locations)).expect("it can be loaded");
        requests(criterion, what, &router);
    }
}

fn requests(criterion: &mut Criterion, what: &str, router: &Router) {
    let mut group = criterion.benchmark_group(what);
    for (name, target) in [
        ("an exact location", "/health"),
        ("a prefix", "/api/v1/users?page=2"),
        ("a prefix without expressions", "/ws/chat"),
        ("an expression", "/static/app.js"),
    ] {
        let requests: Vec<Request> = (0..SERVERS)
            .step_by(2)
            .map(|index| Request::get(80, &format!("a.s{index}.example"), target))
            .collect();
        let mut next = requests.iter().cycle();
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(router.route(next.next().expect("it goes round")).location));
        });
    }
    group.finish();
}

criterion_group!(benches, load, route);
criterion_main!(benches);
