//! Bytes from the printer to replies: the demultiplexer of everything that shares the one line back.
//!
//! Polled answers, queued answers, automatic reports, flow control and process ids arrive interleaved and without
//! length fields; they are told apart by fixed bits. The demultiplexer is incremental, holds at most
//! [`BLOCK_LONGEST`] bytes and never fails: what fits nothing comes out as [`Reply::Noise`]. Whether an answer was
//! asked for is not its business; see the protocol.

/// The longest process-id block it collects before it gives up on the terminating zero.
pub const BLOCK_LONGEST: usize = 16;

const XON: u8 = 0x11;
const XOFF: u8 = 0x13;
const BLOCK_HEADER: u8 = 0x37;

/// One thing the printer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Go on sending.
    Xon,
    /// Stop sending.
    Xoff,
    /// Answer to `DLE EOT n`; which `n` is not in it.
    RealTime(u8),
    /// Automatic status report.
    AutoStatus([u8; 4]),
    /// Answer to a queued `GS r` (or `GS I`).
    Queued(u8),
    /// Everything before this process id is on paper.
    Process([u8; 4]),
    /// Another block: identifier and body without header and zero (23 offline, 25 cleared).
    Block(u8, Vec<u8>),
    /// A byte that fits nothing, or the start of a block that never ended.
    Noise(u8),
}

/// Splits the stream from the printer into replies.
#[derive(Debug, Default)]
pub struct ReplyDemux {
    partial: Vec<u8>,
}

impl ReplyDemux {
    /// An empty demultiplexer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes in, appends what they complete to `out`.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Reply>) {
        for byte in bytes {
            self.take(*byte, out);
        }
    }

    /// The bytes of a reply that is not complete.
    pub fn pending(&self) -> &[u8] {
        &self.partial
    }

    /// Forgets an incomplete reply.
    pub fn reset(&mut self) {
        self.partial.clear();
    }

    fn take(&mut self, byte: u8, out: &mut Vec<Reply>) {
        match byte {
            XON => return out.push(Reply::Xon),
            XOFF => return out.push(Reply::Xoff),
            _ => {}
        }
        match self.partial.first() {
            None => self.start(byte, out),
            Some(&BLOCK_HEADER) => self.go_on_with_block(byte, out),
            Some(_) => self.go_on_with_report(byte, out),
        }
    }

    fn start(&mut self, byte: u8, out: &mut Vec<Reply>) {
        if byte == BLOCK_HEADER || byte & 0x93 == 0x10 {
            self.partial.push(byte);
        } else if byte & 0x13 == 0x12 {
            out.push(Reply::RealTime(byte));
        } else if byte & 0x90 == 0 {
            out.push(Reply::Queued(byte));
        } else {
            out.push(Reply::Noise(byte));
        }
    }

    fn go_on_with_block(&mut self, byte: u8, out: &mut Vec<Reply>) {
        if byte != 0 {
            self.partial.push(byte);
            if self.partial.len() > BLOCK_LONGEST {
                self.partial.clear();
                out.push(Reply::Noise(BLOCK_HEADER));
            }
            return;
        }
        let block = std::mem::take(&mut self.partial);
        out.push(match block.as_slice() {
            [_, 0x22, a, b, c, d] => Reply::Process([*a, *b, *c, *d]),
            [_, identifier, body @ ..] => Reply::Block(*identifier, body.to_vec()),
            _ => Reply::Noise(BLOCK_HEADER),
        });
    }

    /// Bytes 2 to 4 of a report have bits 4 and 7 clear; anything else means that the first byte was none.
    fn go_on_with_report(&mut self, byte: u8, out: &mut Vec<Reply>) {
        if byte & 0x90 != 0 {
            let first = self.partial[0];
            self.partial.clear();
            out.push(Reply::Noise(first));
            return self.start(byte, out);
        }
        self.partial.push(byte);
        if let [a, b, c, d] = *self.partial.as_slice() {
            self.partial.clear();
            out.push(Reply::AutoStatus([a, b, c, d]));
        }
    }
}
