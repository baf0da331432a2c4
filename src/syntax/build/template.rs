//! Which template language a source has, and what is said of one whose blocks do not match.

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Templating};
use crate::syntax::placeholder::{self, Language, Names, Placeholders, Tag};
use crate::syntax::tree::Tree;

use super::Builder;

/// Findings about braces that have no other one.
const OF_BLOCKS: [&str; 2] = ["unclosed-block", "unexpected-brace"];

/// Reads a source: a tree of what could be read, and what nginx would reject in it.
///
/// Tags of a template language are looked for where nginx could not read the file with them,
/// or if the source says that it has some.
pub fn parse(source: &Source) -> (Tree, Vec<Diagnostic>) {
    let names = Names::of(source);
    let said = match source.templating {
        Templating::Jinja => Some(Language::Jinja),
        Templating::Go => Some(Language::Go),
        Templating::Erb => Some(Language::Erb),
        Templating::Detect | Templating::None | Templating::Envsubst => None,
    };
    if let Some(language) = said {
        return with_tags(source, &names, language)
            .map_or_else(|| build(source, &names), collapsed);
    }
    let plain = build(source, &names);
    if source.templating != Templating::Detect {
        return plain;
    }
    let languages = Language::candidates(source.text()).into_iter();
    let read = languages.filter_map(|language| with_tags(source, &names, language));
    // Of several that leave as many errors, the likeliest is the first that has tags outside
    // comments.
    let rank = |(tree, report): &(Tree, Vec<_>)| (report.len(), !tree.has_placeholders);
    let Some(best) = read.min_by_key(rank) else { return plain };
    let is_better = best.1.len() < plain.1.len();
    let shows_tags = || best.1.is_empty() && has_words_with_tags(&plain.0, source);
    if is_better || shows_tags() { collapsed(best) } else { plain }
}

/// Reads a source as nginx does.
fn build(source: &Source, names: &Names) -> (Tree, Vec<Diagnostic>) {
    build_from(source, source.text(), &[], names)
}

/// Reads a source with the tags of a language; none if there is no tag.
fn with_tags(
    source: &Source,
    names: &Names,
    language: Language,
) -> Option<(Tree, Vec<Diagnostic>)> {
    let tags = placeholder::tags(source.text(), language);
    if tags.is_empty() {
        return None;
    }
    let masked = placeholder::masked(source.text(), &tags);
    let (mut tree, report) = build_from(source, &masked, &tags, names);
    tree.language = Some(language);
    Some((tree, report))
}

fn build_from(source: &Source, text: &str, tags: &[Tag], names: &Names) -> (Tree, Vec<Diagnostic>) {
    let found = || Placeholders::new(source.text(), tags, names);
    let plain = Builder::new(source, text, found()).run();
    if plain.unclosed > 0 && plain.is_indented {
        let by_indentation = true;
        let indented = Builder { by_indentation, ..Builder::new(source, text, found()) }.run();
        if indented.unclosed == plain.unclosed && indented.stray == plain.stray {
            return (indented.tree, indented.report);
        }
    }
    (plain.tree, plain.report)
}

/// True for tags in words that nginx could read, in quotes as well.
fn has_words_with_tags(tree: &Tree, source: &Source) -> bool {
    tree.words.iter().any(|word| {
        let text = source.slice(word.span);
        has_expression(text) || !word.is_quoted() && text.contains("<%")
    })
}

/// True for a braced tag that begins with a name; other braces in quotes are just text.
fn has_expression(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '.' | '$');
    let mut tags = ["{{", "{%"].into_iter().filter_map(|open| text.split_once(open));
    tags.any(|(_, rest)| {
        rest.trim_start_matches(['-', ' ']).starts_with(is_name)
            && (rest.contains("}}") || rest.contains("%}"))
    })
}

/// The blocks of a template may be whole only in what it comes to: where they are not as they
/// stand, one finding is all that can be said of them.
fn collapsed((tree, mut report): (Tree, Vec<Diagnostic>)) -> (Tree, Vec<Diagnostic>) {
    let of_blocks = report.extract_if(.., |finding| OF_BLOCKS.contains(&finding.rule));
    let Some(mut finding) = of_blocks.collect::<Vec<_>>().into_iter().next() else {
        return (tree, report);
    };
    finding.rule = "template-structure";
    finding.message = format!("the blocks of this template do not match: {}", finding.message);
    finding.fix = None;
    report.push(finding.help(
        "open and close each block in one branch of the template: all are read as they stand; \
         --template names another language, or none",
    ));
    report.sort_by_key(|finding| finding.label.place.span);
    (tree, report)
}
