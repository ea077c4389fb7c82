//! A terminal as far as cobuild uses one: text, and the few sequences that its status line is made of.

/// What a terminal shows, with what has scrolled off its top.
pub(super) struct Screen {
    width: usize,
    height: usize,
    /// All lines, the last `height` of which are on the screen.
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    saved: (usize, usize),
    /// How many lines were wrapped.
    pub(super) wraps: usize,
}

impl Screen {
    /// Shows bytes as a terminal of this size does. Fails for a sequence that it does not know.
    pub(super) fn of(bytes: &str, width: usize, height: usize) -> Self {
        let mut screen = Self {
            width,
            height,
            lines: vec![Vec::new(); height],
            row: 0,
            column: 0,
            saved: (0, 0),
            wraps: 0,
        };
        let mut rest = bytes;
        while let Some(character) = rest.chars().next() {
            rest = &rest[character.len_utf8()..];
            match character {
                '\r' => screen.column = 0,
                '\n' => screen.down(),
                '\t' => screen.column = (screen.column / 8 + 1) * 8,
                '\x1b' => rest = screen.sequence(rest),
                other => screen.put(other),
            }
        }
        screen
    }

    /// Everything that was ever shown and is still there, without blanks at the ends of lines.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| {
            let line: String = line.iter().collect();
            line.trim_end().to_owned() + "\n"
        });
        lines.collect::<String>().trim_end().to_owned() + "\n"
    }

    fn top(&self) -> usize {
        self.lines.len() - self.height
    }

    fn down(&mut self) {
        if self.row + 1 == self.height {
            self.lines.push(Vec::new());
        } else {
            self.row += 1;
        }
    }

    fn put(&mut self, character: char) {
        if self.column >= self.width {
            self.wraps += 1;
            self.column = 0;
            self.down();
        }
        let index = self.top() + self.row;
        let line = &mut self.lines[index];
        line.resize(line.len().max(self.column + 1), ' ');
        line[self.column] = character;
        self.column += 1;
    }

    /// Obeys the sequence that begins here; returns what is behind it.
    fn sequence<'text>(&mut self, text: &'text str) -> &'text str {
        let (kind, rest) = text.split_at(1);
        match kind {
            "7" => self.saved = (self.row, self.column),
            "8" => (self.row, self.column) = self.saved,
            "D" => self.down(),
            "[" => return self.control(rest),
            other => panic!("unknown sequence {other:?}"),
        }
        rest
    }

    fn control<'text>(&mut self, text: &'text str) -> &'text str {
        let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        let (parameters, rest) = text.split_at(end);
        let (kind, rest) = rest.split_at(1);
        let number = parameters.parse().unwrap_or(1);
        let index = self.top() + self.row;
        match kind {
            "A" => self.row = self.row.saturating_sub(number),
            "B" => self.row = (self.row + number).min(self.height - 1),
            "G" => self.column = number - 1,
            "K" => self.lines[index].truncate(self.column),
            "J" => {
                self.lines[index].truncate(self.column);
                for line in &mut self.lines[index + 1..] {
                    line.clear();
                }
            }
            "m" => {}
            other => panic!("unknown control sequence {parameters:?}{other}"),
        }
        rest
    }
}
