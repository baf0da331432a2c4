//! Reads what `ngxc emit --to runtime` wrote, as a proxy does when it starts.
//!
//! `cargo run --example load_runtime --no-default-features -- runtime.json`

use std::error::Error;

use ngxc::runtime::Config;
use ngxc::runtime::config::{Address, FORMAT_VERSION};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which file is to be read?")?;
    let config: Config = serde_json::from_slice(&std::fs::read(path)?)?;
    if config.format_version > FORMAT_VERSION {
        return Err(format!("format {} is not known here", config.format_version).into());
    }
    for listener in &config.listeners {
        let address = match &listener.address {
            Address::Tcp(address) => address.to_string(),
            Address::Unix(path) => format!("unix:{path}"),
        };
        let tls = if listener.tls { " with TLS" } else { "" };
        println!("listens on {address}{tls}, for {} names", listener.names.len());
    }
    for server in &config.servers {
        let name = server.names.first().map_or("(no name)", String::as_str);
        println!("{name} has {} locations", server.locations.all().count());
    }
    for it in &config.unsupported {
        let file = &config.files[it.at.file as usize];
        println!("{file}:{}: {} is not expressed: {}", it.at.line, it.what, it.reason);
    }
    Ok(())
}
