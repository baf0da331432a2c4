//! A configuration as a tree of directives, from which some can be left out.

/// A directive, with a block if it has one.
#[derive(Clone)]
pub struct Directive {
    /// Its name and arguments, as they are written.
    words: String,
    block: Option<Vec<Directive>>,
}

impl Directive {
    /// A directive without a block.
    pub fn line(words: impl Into<String>) -> Self {
        Self { words: words.into(), block: None }
    }

    /// A directive with a block.
    pub fn block(words: impl Into<String>, inside: Vec<Self>) -> Self {
        Self { words: words.into(), block: Some(inside) }
    }

    /// So many directives are in it, itself included.
    pub fn count(&self) -> usize {
        1 + self.block.iter().flatten().map(Self::count).sum::<usize>()
    }

    /// The same without one of the directives in it, counted in the order of the text from 1.
    /// That one is a block that a number is of: all that is in it goes too.
    pub fn without(&self, mut index: usize) -> Self {
        let mut kept = Vec::new();
        for directive in self.block.iter().flatten() {
            match index {
                1 => {}
                _ if index > 1 && index <= directive.count() => {
                    kept.push(directive.without(index - 1));
                }
                _ => kept.push(directive.clone()),
            }
            // Past the one that went, nothing goes any more.
            index = index.saturating_sub(directive.count());
        }
        Self { words: self.words.clone(), block: self.block.as_ref().map(|_| kept) }
    }

    /// Its text, each directive on a line of its own.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(0, &mut text);
        text
    }

    fn write(&self, depth: usize, text: &mut String) {
        let indent = "    ".repeat(depth);
        let Some(block) = &self.block else {
            text.push_str(&format!("{indent}{};\n", self.words));
            return;
        };
        text.push_str(&format!("{indent}{} {{\n", self.words));
        for directive in block {
            directive.write(depth + 1, text);
        }
        text.push_str(&format!("{indent}}}\n"));
    }
}

#[test]
fn each_directive_can_be_left_out() {
    let line = Directive::line;
    let tree = Directive::block("a", vec![line("b"), Directive::block("c", vec![line("d")])]);
    let without = |index| tree.without(index).text().split_whitespace().collect::<String>();
    assert_eq!(tree.count(), 4);
    assert_eq!(without(1), "a{c{d;}}");
    assert_eq!(without(2), "a{b;}");
    assert_eq!(without(3), "a{b;c{}}");
}
