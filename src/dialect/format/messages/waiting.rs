//! What a stream has to hold back: blocks cannot be mixed, and some providers mix theirs.
use std::collections::VecDeque;

/// What a thing that waits takes beside its text, in bytes: about its size in the queue.
const EACH: usize = 64;

/// One block to be.
#[derive(Debug)]
pub(super) enum Held {
    Text(String),
    Thinking(String),
    Call { index: u32, id: String, name: String, json: String },
}

/// Blocks to be, in the order they began.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    held: VecDeque<Held>,
    bytes: usize,
}

impl Waiting {
    /// How many bytes wait, with what they take beside their text.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn text(&mut self, piece: &str) {
        match self.held.back_mut() {
            Some(Held::Text(text)) => text.push_str(piece),
            _ => self.push(Held::Text(piece.to_owned())),
        }
        self.weigh(piece);
    }

    pub(super) fn thinking(&mut self, piece: &str) {
        match self.held.back_mut() {
            Some(Held::Thinking(text)) => text.push_str(piece),
            _ => self.push(Held::Thinking(piece.to_owned())),
        }
        self.weigh(piece);
    }

    pub(super) fn call(&mut self, index: u32, id: &str, name: &str) {
        let (id, name) = (id.to_owned(), name.to_owned());
        self.weigh(&id);
        self.weigh(&name);
        self.push(Held::Call { index, id, name, json: String::new() });
    }

    /// Adds a piece to a call's arguments; whether that call waits.
    pub(super) fn arguments(&mut self, of: u32, piece: &str) -> bool {
        let own = self.held.iter_mut().rev().find_map(|held| match held {
            Held::Call { index, json, .. } if *index == of => Some(json),
            _ => None,
        });
        let Some(json) = own else { return false };
        json.push_str(piece);
        self.weigh(piece);
        true
    }

    /// The first that waits.
    pub(super) fn next(&mut self) -> Option<Held> {
        let first = self.held.pop_front()?;
        let text = match &first {
            Held::Text(text) | Held::Thinking(text) => text.len(),
            Held::Call { id, name, json, .. } => {
                id.len().saturating_add(name.len()).saturating_add(json.len())
            }
        };
        self.bytes = self.bytes.saturating_sub(text).saturating_sub(EACH);
        Some(first)
    }

    fn push(&mut self, held: Held) {
        self.held.push_back(held);
        self.bytes = self.bytes.saturating_add(EACH);
    }

    const fn weigh(&mut self, piece: &str) {
        self.bytes = self.bytes.saturating_add(piece.len());
    }
}

/// Follows a JSON object that comes in pieces, to know when it is whole.
#[derive(Debug, Default)]
pub(super) struct Balance {
    depth: u32,
    begun: bool,
    string: bool,
    escape: bool,
}

impl Balance {
    pub(super) const fn whole(&self) -> bool {
        self.begun && self.depth == 0
    }

    pub(super) fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escape => self.escape = false,
                b'\\' if self.string => self.escape = true,
                b'"' => self.string = !self.string,
                _ if self.string => {}
                b'{' | b'[' => {
                    self.begun = true;
                    self.depth = self.depth.saturating_add(1);
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }
}
