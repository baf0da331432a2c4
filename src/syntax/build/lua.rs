//! `*_by_lua_block`: a body in another language, whose braces are counted by its own rules.

use crate::source::{Span, offset};
use crate::syntax::lua::LuaEnd;
use crate::syntax::tree::Body;

use super::{Builder, width};

impl Builder<'_> {
    /// Reads a Lua body if the statement is a `*_by_lua_block`; false if it is not.
    pub(super) fn lua(&mut self, open: Span) -> bool {
        let is_lua = self.in_statement()
            && self.tree.words[self.statement].value(self.source).ends_with("_by_lua_block");
        if !is_lua {
            return false;
        }
        let close = match self.lexer.lua_end(open.end) {
            LuaEnd::Close(close) => close,
            LuaEnd::LongBracket(bracket) => {
                let opener = self.first_line(bracket);
                self.report.push(
                    self.error(
                        "unclosed-lua-block",
                        opener,
                        "Lua code block missing the closing long bracket \"]]\"",
                    )
                    .here("this long bracket is never closed")
                    .help(
                        "close it with \"]]\" (with as many \"=\" between as the opening one has)",
                    ),
                );
                self.lua_recovery(open)
            }
            LuaEnd::Nowhere => {
                let head = self.tree.words[self.statement].span;
                self.report.push(
                    self.error(
                        "unclosed-lua-block",
                        head,
                        "unexpected end of file, expecting terminating characters for lua code block",
                    )
                    .here("the Lua code of this block never ends")
                    .help("add the missing \"}\"; braces in Lua strings and comments do not count"),
                );
                self.lua_recovery(open)
            }
        };
        self.finish((close + 1).min(self.source.end()), Body::Lua { open: open.start, close });
        self.lexer.seek((close + 1).min(self.source.end()));
        true
    }

    /// The likely end of an unclosed Lua body: a `}` no further right than its head.
    pub(super) fn lua_recovery(&mut self, open: Span) -> u32 {
        self.is_misread = true;
        let indent = width(self.source.indentation(self.tree.words[self.statement].span.start));
        let first = self.source.line(open.start) + 1;
        (first..=self.source.line_count())
            .map(|line| self.source.line_span(line))
            .find_map(|span| {
                let line = self.source.slice(span);
                let text = line.trim_start_matches([' ', '\t']);
                let lead = &line[..line.len() - text.len()];
                (text.starts_with('}') && width(lead) <= indent)
                    .then(|| span.start + offset(lead.len()))
            })
            .unwrap_or(self.source.end())
    }
}
