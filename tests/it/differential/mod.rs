//! draft
mod backend;
mod block;
mod generate;
mod live;
mod ports;
mod random;
mod request;

use crate::nginx;

#[test]
fn survey() {
    let backends = backend::Backends::start();
    let ports = ports::Ports::new(backends.ports);
    let count: u64 =
        std::env::var("NGXC_GENERATE").ok().and_then(|it| it.parse().ok()).unwrap_or(20);
    let show = std::env::var("SHOW").is_ok();
    for nginx in nginx::all() {
        let started = std::time::Instant::now();
        let (mut refused, mut statuses) =
            (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
        let mut boot = std::time::Duration::ZERO;
        for index in 0..count {
            let http =
                ports.put_into(&generate::configuration(random::Random::new(1, index)).text());
            let folder = live::folder();
            let text = live::whole(&nginx, &http, folder.path());
            if show {
                eprintln!("{text}");
            }
            let t = std::time::Instant::now();
            match live::Live::start(&nginx, &text, folder) {
                Err(log) => {
                    let log = log
                        .lines()
                        .filter(|l| l.contains("emerg"))
                        .next_back()
                        .unwrap_or("")
                        .to_owned();
                    let log = log
                        .split("[emerg]")
                        .last()
                        .unwrap()
                        .split_once(' ')
                        .unwrap()
                        .1
                        .split_once(" in ")
                        .map(|a| a.0.to_owned())
                        .unwrap_or(log.to_owned());
                    *refused.entry(log).or_insert(0) += 1;
                }
                Ok(_live) => {
                    boot += t.elapsed();
                    let mut r = random::Random::new(2, index);
                    for _ in 0..12 {
                        let sent = request::Sent::random(&mut r, &http, &ports);
                        match live::send(&sent, &backends) {
                            Err(e) => {
                                eprintln!(
                                    "{index} {e} {:?}\n{text}",
                                    String::from_utf8_lossy(&sent.bytes())
                                );
                            }
                            Ok(seen) => {
                                if show {
                                    eprintln!(
                                        "{:?}\n  -> {:?}",
                                        String::from_utf8_lossy(&sent.bytes()),
                                        seen
                                    );
                                }
                                let s = match (&seen.client, &seen.response) {
                                    (None, _) => "none".to_owned(),
                                    (_, None) => "closed".to_owned(),
                                    (_, Some(r)) => format!(
                                        "{} {}",
                                        r.status,
                                        if seen.received.is_empty() { "" } else { "proxied" }
                                    ),
                                };
                                *statuses.entry(s).or_insert(0) += 1;
                            }
                        }
                    }
                }
            }
        }
        eprintln!(
            "{} {:?} boot {:?}\n{refused:#?}\n{statuses:#?}",
            nginx.version,
            started.elapsed(),
            boot
        );
    }
}
