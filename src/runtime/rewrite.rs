//! The rewrite phase: `set`, `if`, `rewrite`, `return`, `break`
//! (`ngx_http_rewrite_handler` and the codes of `ngx_http_script.c`).

use super::config::{Condition, Instruction, Part, Pattern, Place, RewriteFlag, Template};
use super::flow::{Flow, NO_ROOM, no_room, unknown};
use super::outcome::{Step, Unknown, Value, Why};
use super::phases::End;
use super::uri;
use crate::syntax::regex::Captures;

/// A path, and arguments if there is a `?`.
type Replaced = (Vec<u8>, Option<Vec<u8>>);

/// How a program, or a part of one, ended.
pub(super) enum Ran<'r> {
    /// Behind its last instruction.
    Through,
    /// Before that: nothing of the program runs any more.
    Exit,
    /// The request is answered.
    End(End<'r>),
}

/// The state of a program that runs.
pub(super) struct Program {
    /// Captures are escaped in values (`quote`): until a `rewrite` has matched.
    escapes: bool,
    /// A replacement had arguments (`is_args`, which nginx never takes back).
    had_args: bool,
}

impl Program {
    pub(super) fn new() -> Self {
        Self { escapes: true, had_args: false }
    }
}

impl<'r> Flow<'r> {
    /// Runs a program.
    pub(super) fn run(
        &mut self,
        instructions: &'r [Instruction],
        program: &mut Program,
    ) -> Result<Ran<'r>, Unknown> {
        for instruction in instructions {
            match self.instruction(instruction, program)? {
                Ran::Through => {}
                other => return Ok(other),
            }
        }
        Ok(Ran::Through)
    }

    fn instruction(
        &mut self,
        instruction: &'r Instruction,
        program: &mut Program,
    ) -> Result<Ran<'r>, Unknown> {
        match instruction {
            Instruction::Set { variable, value, at } => {
                self.set(variable, value, *at, program)?;
                Ok(Ran::Through)
            }
            Instruction::If { condition, then, handler, at } => {
                let holds = self.holds(condition);
                self.step(|| Step::If { holds: holds.clone(), at: *at });
                if !holds? {
                    return Ok(Ran::Through);
                }
                if let Some(handler) = handler {
                    self.handler = Some(handler);
                    self.settle();
                }
                self.run(then, program)
            }
            Instruction::Rewrite { pattern, replacement, drops_arguments, flag, at } => {
                self.rewrite((pattern, replacement), *drops_arguments, *flag, *at, program)
            }
            Instruction::Return { status, text, at } => {
                Ok(Ran::End(self.answer(*status, text.as_ref(), *at)))
            }
            Instruction::Break { .. } => {
                if self.uri_changed {
                    self.valid_location = false;
                    self.uri_changed = false;
                }
                Ok(Ran::Exit)
            }
        }
    }

    fn set(
        &mut self,
        variable: &'r str,
        value: &'r Template,
        at: Place,
        program: &Program,
    ) -> Result<(), Unknown> {
        let mut text = self.script_text(value, program.escapes);
        if program.had_args
            && !program.escapes
            && let Ok(plain) = &text
        {
            // nginx escapes the captures, and makes room for what they are without that.
            let len = plain.len();
            text = self
                .script_text(value, true)
                .and_then(|text| if text.len() == len { Ok(text) } else { Err(no_room(value)) });
        }
        if let Err(unknown) = &text
            && unknown.reason == NO_ROOM
        {
            return Err(unknown.clone());
        }
        self.step(|| Step::Set { variable, value: text.clone(), at });
        match variable {
            "args" => {
                self.args = text?;
                self.valid_unparsed = false;
            }
            _ => drop(self.variables.insert(variable, text)),
        }
        Ok(())
    }

    pub(super) fn holds(&mut self, condition: &'r Condition) -> Result<bool, Unknown> {
        match condition {
            Condition::IsSet { variable } => {
                let value = self.fresh(variable)?;
                Ok(!value.is_empty() && value != b"0")
            }
            Condition::Equals { variable, value, negated } => {
                let left = self.fresh(variable)?;
                let right = self.script_text(value, true)?;
                Ok((left == right) != *negated)
            }
            Condition::Matches { variable, pattern, negated } => {
                let text = self.fresh(variable)?;
                Ok(self.try_match(pattern, &text)? != *negated)
            }
            Condition::File { path, .. } if self.request.is_partial => {
                Err(unknown(path.to_string(), "only the machine knows its files"))
            }
            Condition::File { path, negated, .. } => {
                // Which file it is does not matter: whether it is there is not known anyway.
                let value = self.script_text(path, true);
                if !self.request.no_files {
                    let path = value.map_or_else(
                        |_| path.to_string(),
                        |value| String::from_utf8_lossy(&value).into_owned(),
                    );
                    self.assume(path, "only the machine knows its files", "it is not there");
                }
                Ok(*negated)
            }
        }
    }

    /// Tries an expression of the rewrite module; without a match there are no captures.
    fn try_match(&mut self, pattern: &'r Pattern, text: &[u8]) -> Result<bool, Unknown> {
        match pattern.captures(text) {
            None => Err(unknown(pattern.as_str(), "the expression takes too long")),
            Some(None) => {
                self.captures = Captures::default();
                Ok(false)
            }
            Some(Some(captures)) => {
                self.matched((pattern, captures));
                Ok(true)
            }
        }
    }

    fn rewrite(
        &mut self,
        (pattern, replacement): (&'r Pattern, &'r Template),
        drops_arguments: bool,
        flag: RewriteFlag,
        at: Place,
        program: &mut Program,
    ) -> Result<Ran<'r>, Unknown> {
        let path = self.uri.clone();
        if !self.try_match(pattern, &path)? {
            self.step(|| Step::Rewrite { to: None, at });
            return Ok(Ran::Through);
        }
        self.internal = true;
        self.valid_unparsed = false;
        self.uri_changed = flag != RewriteFlag::Break;
        self.valid_location &= self.uri_changed;
        program.escapes = false;
        if let RewriteFlag::Redirect | RewriteFlag::Permanent = flag {
            return Ok(Ran::End(self.redirect(replacement, drops_arguments, flag, at)));
        }
        let (path, args) = self.replace(replacement)?;
        program.had_args |= args.is_some();
        match args {
            Some(mut args) => {
                if !drops_arguments && !self.args.is_empty() {
                    args.push(b'&');
                    args.extend(&self.args);
                }
                self.args = args;
            }
            None if drops_arguments => self.args.clear(),
            None => {}
        }
        self.step(|| Step::Rewrite { to: Some(Ok(path.clone())), at });
        self.uri = path;
        if self.uri.is_empty() {
            return Ok(Ran::End(End::error(500, Why::Nginx("the rewritten path is empty"))));
        }
        Ok(if flag == RewriteFlag::None { Ran::Through } else { Ran::Exit })
    }

    /// The path and the arguments of a replacement: what stands behind its first `?`.
    fn replace(&mut self, replacement: &Template) -> Result<Replaced, Unknown> {
        self.flush(replacement.variables());
        let first =
            self.may_differ(replacement).then(|| self.replace_once(replacement)).transpose()?;
        self.flush(replacement.variables());
        let replaced = self.replace_once(replacement)?;
        let len = |(path, args): &Replaced| path.len() + args.as_ref().map_or(0, Vec::len);
        match first {
            Some(first) if len(&first) != len(&replaced) => Err(no_room(replacement)),
            _ => Ok(replaced),
        }
    }

    fn replace_once(&mut self, replacement: &Template) -> Result<Replaced, Unknown> {
        let mut path = Vec::new();
        let mut args: Option<Vec<u8>> = None;
        for part in &replacement.0 {
            match (part, &mut args) {
                (Part::Text(text), None) => match text.split_once('?') {
                    Some((before, behind)) => {
                        path.extend(before.as_bytes());
                        args = Some(behind.as_bytes().to_vec());
                    }
                    None => path.extend(text.as_bytes()),
                },
                (part, None) => self.part(part, false, &mut path)?,
                (part, Some(args)) => self.part(part, true, args)?,
            }
        }
        Ok((path, args))
    }

    fn redirect(
        &mut self,
        replacement: &'r Template,
        drops_arguments: bool,
        flag: RewriteFlag,
        at: Place,
    ) -> End<'r> {
        let location = self.script_text(replacement, true).map(|text| {
            let mut location = uri::unescape_redirect(&text);
            if !drops_arguments && !self.args.is_empty() {
                // `ngx_http_script_compile` looks for the sign in what is written.
                let has_sign = |part: &Part| matches!(part, Part::Text(text) if text.contains('?'));
                let has_args = replacement.0.iter().any(has_sign);
                location.push(if has_args { b'&' } else { b'?' });
                location.extend(&self.args);
            }
            location
        });
        self.step(|| Step::Rewrite { to: Some(location.clone()), at });
        let status = if flag == RewriteFlag::Permanent { 301 } else { 302 };
        End::Error { status, location: Some(location), why: Why::Directive(at) }
    }

    /// `return` (`ngx_http_script_return_code`, `ngx_http_send_response`).
    fn answer(&mut self, status: u16, text: Option<&'r Template>, at: Place) -> End<'r> {
        let why = Why::Directive(at);
        let has_text = text.is_some_and(|text| !text.is_empty());
        if status >= 400 && !has_text {
            return End::Error { status, location: None, why };
        }
        self.is_body_gone = true;
        let text: Value = text.map_or(Ok(Vec::new()), |text| self.text(text));
        match status {
            301 | 302 | 303 | 307 | 308 => End::Error { status, location: Some(text), why },
            _ => End::Text { status, text, why },
        }
    }
}
