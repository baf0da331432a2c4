//! Whether a configuration names nothing that it does not have.

use super::config::{
    Action, Backend, Config, FORMAT_VERSION, Handler, Instruction, Locations, Pass,
};

/// Why a configuration cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// Its format is of this version, which is not [`FORMAT_VERSION`].
    Format(u32),
    /// What it says of nginx's version is no version.
    Version(String),
    /// It names a server, an upstream, or settings that it does not have.
    Index {
        /// What names it.
        what: &'static str,
        /// The index.
        index: usize,
    },
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Format(version) => {
                write!(f, "its format is version {version}, and this reads {FORMAT_VERSION}")
            }
            Self::Version(version) => write!(f, "\"{version}\" is no version of nginx"),
            Self::Index { what, index } => {
                write!(f, "{what} names number {index}, which is not there")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// Looks at all indices of a configuration.
pub(super) fn check(config: &Config) -> Result<(), LoadError> {
    for listener in &config.listeners {
        let names = listener.names.iter().map(|name| name.server);
        for index in names.chain([listener.default_server]) {
            exists("a listener", index, config.servers.len())?;
        }
    }
    for server in &config.servers {
        check_program(config, &server.rewrite)?;
        check_handler(config, &server.handler)?;
        check_locations(config, &server.locations)?;
    }
    Ok(())
}

fn exists(what: &'static str, index: usize, count: usize) -> Result<(), LoadError> {
    if index < count { Ok(()) } else { Err(LoadError::Index { what, index }) }
}

fn check_locations(config: &Config, locations: &Locations) -> Result<(), LoadError> {
    for location in locations.all() {
        check_handler(config, &location.handler)?;
        check_locations(config, &location.locations)?;
    }
    Ok(())
}

fn check_handler(config: &Config, handler: &Handler) -> Result<(), LoadError> {
    exists("a handler", handler.client, config.clients.len())?;
    if let Action::Proxy(action) = &handler.action {
        exists("a proxy_pass", action.settings, config.proxies.len())?;
        if let Pass::Fixed { backend: Backend::Upstream(index), .. } = action.pass {
            exists("a proxy_pass", index, config.upstreams.len())?;
        }
    }
    if let Some(limit) = &handler.limit_except {
        check_handler(config, &limit.handler)?;
    }
    check_program(config, &handler.rewrite)
}

fn check_program(config: &Config, program: &[Instruction]) -> Result<(), LoadError> {
    for instruction in program {
        if let Instruction::If { then, handler, .. } = instruction {
            check_program(config, then)?;
            if let Some(handler) = handler {
                check_handler(config, handler)?;
            }
        }
    }
    Ok(())
}
