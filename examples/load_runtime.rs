//! Loads what `ngxc emit --to runtime` wrote, and asks it for one request, as a proxy does.
//!
//! `cargo run --example load_runtime --no-default-features -- runtime.json example.com /chat/`

use std::error::Error;

use ngxc::runtime::{Answer, Config, Request, Router};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("which file is to be read?")?;
    let (host, target) = (args.next().unwrap_or_default(), args.next().unwrap_or("/".to_owned()));
    let config: Config = serde_json::from_slice(&std::fs::read(path)?)?;
    for it in &config.unsupported {
        let file = config.file(it.at);
        eprintln!("{file}:{}: {} is not expressed: {}", it.at.line, it.what, it.reason);
    }
    let router = Router::new(config)?;
    let request = Request::get(80, &host, &target);
    let outcome = router.route(&request);
    match &outcome.answer {
        Answer::Proxy(sent) => {
            println!("goes to {:?}, with", sent.backend);
            for header in &sent.headers {
                let value = header.value.as_deref().map(String::from_utf8_lossy);
                println!("  {}: {}", header.name, value.unwrap_or("(not known)".into()));
            }
        }
        answer => println!("is answered: {answer:?}"),
    }
    outcome.unknown.iter().for_each(|it| println!("{} is not known: {}", it.what, it.reason));
    Ok(())
}
