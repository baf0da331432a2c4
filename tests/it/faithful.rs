//! Real nginx says the same of other people's files before and after formatting.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ngxc::emit::{self, Style};

use crate::adapt::pattern;
use crate::corpus::{self, Row};
use crate::laws::file;
use crate::nginx::{self, Nginx, Verdict};
use crate::oracle::Site;
use crate::support::noted;

/// How nginx answers of one file.
enum Answer {
    /// Formatting changes no byte.
    Formatted,
    /// It accepts both texts.
    Accepted,
    /// It rejects both with the same words: what they need is not on this machine.
    Rejected,
    /// It does not say the same, or there is no formatted text.
    Differs(String),
}

/// Calls something for each of many, on all processors, and gives what came of it.
pub fn each<I: Sync, O: Send>(all: &[I], call: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(it) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = call(it);
            done.lock().expect("no worker panics").push(result);
        }
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    done.into_inner().expect("no worker panics")
}

/// The context that the corpus says a file was tried in.
pub fn context(row: &Row) -> Option<&'static str> {
    match row.wrapped_as.as_str() {
        "full" | "events{} + main" => Some("main"),
        "http{…}" => Some("http"),
        "http{server{…}}" => Some("server"),
        "http{server{location{…}}}" => Some("location"),
        _ => None,
    }
}

/// nginx's words without lines, which formatting moves.
pub fn without_lines(verdict: &Verdict) -> String {
    pattern(r":\d+\b").replace_all(&format!("{verdict:?}"), ":N").into_owned()
}

/// What is given to nginx first, as far as it gets with it here, is what is formatted.
fn answer(nginx: &Nginx, row: &Row) -> Answer {
    let site = Site::of(&row.path);
    let (prefix, before) = nginx.settled(site.folder.path(), &site.file, context(row));
    let path = prefix.path().join(&site.file);
    match format(&path) {
        Err(error) => return Answer::Differs(error),
        Ok(false) => return Answer::Formatted,
        Ok(true) => {}
    }
    let after = nginx.test(prefix.path());
    match before {
        _ if without_lines(&before) != without_lines(&after) => {
            Answer::Differs(format!("{before:?} before, {after:?} after"))
        }
        Verdict::Accepted => Answer::Accepted,
        _ => Answer::Rejected,
    }
}

/// Formats a file in its place; true if that changes it.
fn format(path: &Path) -> Result<bool, String> {
    let bytes = fs::read(path).expect("the copy can be read");
    let file = file(&bytes);
    let text = emit::format(&file, &Style::default()).map_err(|error| error.to_string())?;
    let formatted = file.source.encode(&text).ok_or("no bytes for the text")?.into_owned();
    fs::write(path, &formatted).expect("the copy is writable");
    Ok(formatted != bytes)
}

#[test]
fn nginx_says_the_same_of_formatted_files_of_the_corpus() {
    let (Some(rows), Some(nginx)) = (corpus::rows(), nginx::find()) else { return };
    let rows: Vec<&Row> = rows.iter().filter(|row| row.class == "ok").collect();
    let answers = each(&rows, |row| (&row.path, answer(&nginx, row)));
    let count = |is: fn(&Answer) -> bool| answers.iter().filter(|(_, it)| is(it)).count();
    let accepted = count(|it| matches!(it, Answer::Accepted));
    noted(&format!(
        "of {} files, {} were formatted; of the others, nginx accepts {accepted} before and \
         after formatting, and rejects {} with the same words",
        answers.len(),
        count(|it| matches!(it, Answer::Formatted)),
        count(|it| matches!(it, Answer::Rejected)),
    ));
    let mut differs: Vec<String> = answers
        .iter()
        .filter_map(|(path, answer)| match answer {
            Answer::Differs(how) => Some(format!("{}: {how}", path.display())),
            _ => None,
        })
        .collect();
    differs.sort();
    assert!(differs.is_empty(), "{} differ\n{}", differs.len(), differs.join("\n"));
    assert!(accepted > 700, "nginx accepts only {accepted} formatted files");
}
