//! Where the body of a Lua block ends, by the grammar in `grammar/lua.pest`. What the code means
//! is not for here.

use pest::{Parser, Token as PestToken};

use crate::source::{Span, offset};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/lua.pest"]
    pub struct Grammar;
}
use grammar::{Grammar, Rule};

/// How the body of a Lua block ends.
pub(super) enum LuaEnd {
    /// At the `}` of this offset.
    Close(u32),
    /// Nowhere: this long bracket is never closed.
    LongBracket(Span),
    /// Nowhere.
    Nowhere,
}

/// Looks for the `}` of a body that a text begins with, whose offset is `base`.
///
/// `None` if the text must be seen further: it is not whole, and what a quote or bracket
/// is depends on what follows.
pub(super) fn end_in(text: &str, base: u32, is_whole: bool) -> Option<LuaEnd> {
    let mut depth = 0usize;
    for token in Grammar::parse(Rule::body, text).expect("the grammar is total").tokens() {
        let PestToken::Start { rule, pos } = token else { continue };
        let start = base + offset(pos.pos());
        match rule {
            Rule::open => depth += 1,
            Rule::close if depth == 0 => return Some(LuaEnd::Close(start)),
            Rule::close => depth -= 1,
            Rule::rest if !is_whole && may_go_on(&text[pos.pos()..]) => return None,
            Rule::unclosed if !is_whole => return None,
            Rule::unclosed => {
                let span = Span::new(start, base + offset(text.len()));
                return Some(LuaEnd::LongBracket(span));
            }
            _ => {}
        }
    }
    is_whole.then_some(LuaEnd::Nowhere)
}

/// True if the end of a window may have cut a string, a comment or a bracket in two.
fn may_go_on(rest: &str) -> bool {
    rest.len() == 1 || rest.starts_with(['"', '\'']) && !rest.contains('\n')
}
