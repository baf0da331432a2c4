//! Values in some place of a configuration, of a request that is known in part: for judging
//! the configuration.
//!
//! How the request came to the place is not known, and so is every variable that some `set`
//! on the way may have set. What the programs of the place itself set without a condition is
//! known.

use super::config::{Instruction, RewriteFlag, Template};
use super::flow::{Flow, unknown};
use super::outcome::{Unknown, Value};
use super::request::Request;
use super::router::Router;
use super::tables::{self, MapHit};

impl Router {
    /// The values of texts in a place. `programs` are those that a request runs before it:
    /// its server's and its location's.
    pub(crate) fn values(
        &self,
        programs: &[&[Instruction]],
        texts: &[&Template],
        request: &Request,
    ) -> Vec<Value> {
        let mut flow = Flow::new(self, request, false);
        flow.headers = (0..request.headers.len()).collect();
        for program in programs {
            flow.presume(program);
        }
        texts.iter().map(|text| flow.text(text)).collect()
    }

    /// The entry of a map, by its index, that a text leads to; none for the default.
    pub(crate) fn find_entry(&self, map: usize, text: &[u8]) -> Result<Option<usize>, Unknown> {
        let (map, names) = self.map(map);
        match tables::find(map, names, text) {
            MapHit::Entry(entry, _) if map.is_certain(entry) => Ok(entry),
            _ => Err(unknown(format!("${}", map.variable), "its entries are not all known")),
        }
    }
}

/// What may have become of a program.
#[derive(PartialEq, Eq)]
enum Presumed {
    Runs,
    MayHaveEnded,
    Ended,
}

impl<'r> Flow<'r> {
    /// Runs a program as far as that is possible: what may or may not have been set is not
    /// known after it.
    fn presume(&mut self, program: &'r [Instruction]) -> Presumed {
        let mut state = Presumed::Runs;
        for instruction in program {
            if state == Presumed::Ended {
                break;
            }
            let certain = state == Presumed::Runs;
            match instruction {
                Instruction::Set { variable, value, .. } => {
                    let value = if certain {
                        self.text(value)
                    } else {
                        Err(unknown(format!("${variable}"), "whether it was set is not known"))
                    };
                    self.variables.insert(variable, value);
                }
                Instruction::If { condition, then, .. } => match self.holds(condition) {
                    Ok(false) => {}
                    Ok(true) if certain => state = self.presume(then),
                    _ if self.forget(then) => state = Presumed::MayHaveEnded,
                    _ => {}
                },
                Instruction::Rewrite { flag, .. } if *flag != RewriteFlag::None => {
                    state = Presumed::MayHaveEnded;
                }
                // A request that comes to the place was not answered before.
                Instruction::Rewrite { .. } | Instruction::Return { .. } => {}
                Instruction::Break { .. } => state = Presumed::Ended,
            }
        }
        state
    }

    /// What a part of a program sets is not known; true if it may end the whole.
    fn forget(&mut self, program: &'r [Instruction]) -> bool {
        let mut may_end = false;
        for instruction in program {
            match instruction {
                Instruction::Set { variable, .. } => {
                    let value = Err(unknown(format!("${variable}"), "an if may set it"));
                    self.variables.insert(variable, value);
                }
                Instruction::If { then, .. } => may_end |= self.forget(then),
                Instruction::Rewrite { flag, .. } => may_end |= *flag != RewriteFlag::None,
                Instruction::Break { .. } => may_end = true,
                Instruction::Return { .. } => {}
            }
        }
        may_end
    }
}
