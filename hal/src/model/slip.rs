//! A slip of paper as data: what is on it, not how a printer is told.
//!
//! Words are final here; whoever makes a slip has chosen the language. One Chinese character is two columns. A line
//! break in a text is kept, and a no-break blank (U+00A0) holds together what belongs together. The words may be
//! personal, so `Debug` shows the kinds of blocks and no word, and a block is wiped when it is dropped.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

/// One slip, top to bottom, cut at the end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// The blocks in order.
    pub blocks: Vec<Block>,
    /// Large print (大字): every text twice as wide and twice as high.
    pub large: bool,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Align {
    /// At the left edge.
    Left,
    /// In the middle.
    Centre,
}

/// One block of a slip.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "block")]
pub enum Block {
    /// Double size, centred: the centre's name.
    Title {
        /// The text; wraps.
        text: String,
    },
    /// Text in a frame, centred, bold: the kind of slip.
    Framed {
        /// The text; one line.
        text: String,
    },
    /// Running text; wraps at the paper's width, never inside a Latin word or a number that fits a line.
    Text {
        /// The text.
        text: String,
        /// Bold.
        bold: bool,
        /// Where it stands.
        align: Align,
    },
    /// Label and value, the value hanging under itself when it wraps. A colon is put between them in the label's
    /// script unless the label ends with one.
    Field {
        /// The label.
        label: String,
        /// The value.
        value: String,
    },
    /// A number that will be read out on the telephone: double height, bold, in the groups given by blanks.
    Number {
        /// The number.
        text: String,
    },
    /// A list entry with an empty box to tick.
    Tick {
        /// The text.
        text: String,
    },
    /// A dashed line over the whole width.
    Rule,
    /// A QR code of at least 25 mm with its quiet zone, centred, and one line under it that says what it is for.
    Qr {
        /// UTF-8 payload.
        payload: String,
        /// The line under it.
        caption: String,
    },
    /// Empty lines.
    Feed {
        /// How many.
        lines: u8,
    },
}

impl Block {
    /// The kind of block, as it is serialised.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Title { .. } => "title",
            Self::Framed { .. } => "framed",
            Self::Text { .. } => "text",
            Self::Field { .. } => "field",
            Self::Number { .. } => "number",
            Self::Tick { .. } => "tick",
            Self::Rule => "rule",
            Self::Qr { .. } => "qr",
            Self::Feed { .. } => "feed",
        }
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        match self {
            Self::Title { text }
            | Self::Framed { text }
            | Self::Text { text, .. }
            | Self::Number { text }
            | Self::Tick { text } => text.zeroize(),
            Self::Field { label: first, value: second } | Self::Qr { payload: first, caption: second } => {
                first.zeroize();
                second.zeroize();
            }
            Self::Rule | Self::Feed { .. } => {}
        }
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind())
    }
}

impl std::fmt::Debug for Slip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slip").field("blocks", &self.blocks).field("large", &self.large).finish()
    }
}
