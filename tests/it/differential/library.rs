//! The library's side: from the text of a configuration to what becomes of a request.

use std::path::Path;

use ngxc::catalog::{Target, Version};
use ngxc::model::{self, Model};
use ngxc::project::{Files, Project};
use ngxc::runtime::{Answer, Outcome, Router};

use crate::nginx::Nginx;

/// The version of an nginx.
pub fn version(nginx: &Nginx) -> Version {
    nginx.version.parse().expect("nginx has a version like others")
}

/// Compiles a configuration and loads it, by way of JSON as a proxy would.
pub fn router(text: &str, version: Version) -> Router {
    let path = Path::new("/nginx.conf");
    let mut files = Files::memory();
    files.set(path, text.as_bytes().to_vec());
    let project = Project::load(&files, &[path.to_owned()], None);
    let root = project.roots().first().expect("there is one file");
    let target = Target::from(version);
    let config = model::compile(&Model::new(&project, root, &target));
    let json = serde_json::to_string(&config).expect("a configuration can be written");
    let config = serde_json::from_str(&json).expect("what was written can be read");
    Router::new(config).expect("a compiled configuration can be loaded")
}

/// What is not known of an outcome, beyond what is taken for granted: its reason, and what it is.
pub fn unknown(outcome: &Outcome<'_>) -> Option<(String, String)> {
    let mut all = outcome.unknown.iter().filter(|unknown| unknown.assumed.is_none());
    let first = all.next().map(|it| (it.reason.clone(), it.what.clone()));
    let is_unknown = matches!(outcome.answer, Answer::Unknown);
    first.or_else(|| is_unknown.then(|| ("no reason is said".to_owned(), "the answer".to_owned())))
}
