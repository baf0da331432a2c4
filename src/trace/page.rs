//! A page of text: headings, rows in columns, paragraphs that wrap.

/// The widest that a column becomes for the sake of one long entry.
const MAX_COLUMN: usize = 60;

/// How a piece of text is shown on a terminal with colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// What a section or a row is about.
    Bold,
    /// Where something stands.
    Dim,
    /// What works.
    Good,
    /// What does not.
    Bad,
}

/// Text that grows by sections.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    colour: bool,
    width: usize,
}

/// Cells of a row; the last one is as long as it is.
pub(super) type Row = Vec<(Style, String)>;

impl Page {
    pub(super) fn new(colour: bool, width: usize) -> Self {
        Self { text: String::new(), colour, width }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Begins a section.
    pub(super) fn heading(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.push(Style::Bold, title);
        self.text.push('\n');
    }

    /// A sentence or more, wrapped, below the section's heading.
    pub(super) fn say(&mut self, style: Style, sentence: &str) {
        self.paragraph(style, "  ", "  ", sentence);
    }

    /// One of several things, marked as such.
    pub(super) fn item(&mut self, style: Style, sentence: &str) {
        self.paragraph(style, "  - ", "    ", sentence);
    }

    fn paragraph(&mut self, style: Style, first: &str, others: &str, sentence: &str) {
        let mut line = first.to_owned();
        let mut is_begun = false;
        for word in sentence.split(' ').filter(|word| !word.is_empty()) {
            let len = line.chars().count() + usize::from(is_begun) + word.chars().count();
            if is_begun && len > self.width {
                self.push(style, &line);
                self.text.push('\n');
                others.clone_into(&mut line);
                is_begun = false;
            }
            if is_begun {
                line.push(' ');
            }
            line.push_str(word);
            is_begun = true;
        }
        self.push(style, &line);
        self.text.push('\n');
    }

    /// Rows whose cells stand below each other; what is empty to the end is left out.
    pub(super) fn rows(&mut self, rows: &[Row]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            let lengths = cells.map(|(_, text)| text.chars().count());
            lengths.filter(|length| *length <= MAX_COLUMN).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let last = row.iter().rposition(|(_, text)| !text.is_empty()).unwrap_or_default();
            self.text.push_str("  ");
            for (column, (style, text)) in row.iter().enumerate().take(last + 1) {
                self.push(*style, text);
                if column < last {
                    let padding = widths[column].saturating_sub(text.chars().count()) + 2;
                    self.text.extend(std::iter::repeat_n(' ', padding));
                }
            }
            self.text.push('\n');
        }
    }

    fn push(&mut self, style: Style, text: &str) {
        let code = match style {
            Style::Bold => "\x1b[1m",
            Style::Dim => "\x1b[2m",
            Style::Good => "\x1b[32m",
            Style::Bad => "\x1b[31m",
            Style::Plain => "",
        };
        if self.colour && !code.is_empty() {
            self.text.push_str(&format!("{code}{text}\x1b[0m"));
        } else {
            self.text.push_str(text);
        }
    }
}
