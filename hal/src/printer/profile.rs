//! What one model of printer can do, as data.
//!
//! A profile is the only place where models differ: the encoder, the protocol and the simulator all read it. It can
//! stand in a configuration file, so unknown keys are refused and [`PrinterProfile::check`] says what does not fit.
//! Two profiles are shipped; a new model is a new value, not new code.

use serde::{Deserialize, Serialize};

/// Dots of one Latin column; a Chinese character is two columns.
pub const COLUMN_DOTS: u16 = 12;

/// Dots per millimetre at 203 dpi.
pub const DOTS_PER_MM: u16 = 8;

/// How a printer takes Chinese text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChineseText {
    /// Every two-byte code of GB 18030 has a glyph.
    Gb18030TwoByte,
    /// Only the 6 763 characters and the symbols of GB 2312; the rest is sent as raster.
    Gb2312,
    /// No Chinese font: every line that is not plain ASCII is sent as raster.
    None,
}

/// How a printer proves that a slip is on paper, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofTier {
    /// Tier A: it echoes a process id once everything before it is printed.
    ProcessId,
    /// Tier B: it answers a queued paper question, so everything before it was processed.
    QueuedStatus,
    /// Tier C: its real-time status is clean before the job and after the estimated print time.
    RealTimeStatus,
    /// Tier D: it never answers; only time passes, and the outcome is never better than unknown.
    OneWay,
}

/// Whether a printer has a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// It has.
    Present,
    /// It has not, and never reports on it.
    Absent,
}

/// What the printer cuts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cutter {
    /// A tear bar.
    None,
    /// Cuts, leaving a bridge.
    Partial,
    /// Cuts through.
    Full,
}

/// What a cleared buffer is worth after a fault in the middle of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterFault {
    /// `DLE ENQ 2` is sent, so that the rest of the slip does not come out for the next person.
    ClearBuffer,
    /// Nothing is sent: the model misunderstands the command.
    LeaveBuffer,
}

/// One model of printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PrinterProfile {
    /// Name for messages.
    pub name: String,
    /// Width of the paper in millimetres.
    pub paper_mm: u16,
    /// Printable dots per row, a multiple of 8.
    pub width_dots: u16,
    /// How it takes Chinese text.
    pub chinese: ChineseText,
    /// How it proves printing.
    pub proof: ProofTier,
    /// Near-end sensor of the roll.
    pub near_end_sensor: Part,
    /// Sensor at the exit that sees a ticket not yet taken (bit 7 of the first status answer).
    pub ticket_sensor: Part,
    /// Cutter.
    pub cutter: Cutter,
    /// Paper speed in millimetres per second, as the maker states it for text.
    pub speed_mm_per_s: u16,
    /// Line speed in baud, 8N1.
    pub baud: u32,
    /// What to do with the rest of a job that failed in the middle.
    pub after_fault: AfterFault,
}

/// What does not fit in a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Width is not printable.
    #[error("width-dots {0} is not a multiple of 8 between 192 and 832")]
    Width(u16),
    /// The printable width does not fit the paper.
    #[error("width-dots {dots} is wider than paper-mm {paper}")]
    Paper {
        /// Dots.
        dots: u16,
        /// Paper in millimetres.
        paper: u16,
    },
    /// Speed of zero.
    #[error("speed-mm-per-s must be between 10 and 500, not {0}")]
    Speed(u16),
    /// No such line speed.
    #[error("baud must be between 1200 and 921600, not {0}")]
    Baud(u32),
}

impl PrinterProfile {
    /// `epson-like`: 80 mm, process id (tier A), full sensors, 200 mm/s, 115 200 baud.
    pub fn epson_like() -> Self {
        Self {
            name: "epson-like".into(),
            paper_mm: 80,
            width_dots: 576,
            chinese: ChineseText::Gb18030TwoByte,
            proof: ProofTier::ProcessId,
            near_end_sensor: Part::Present,
            ticket_sensor: Part::Absent,
            cutter: Cutter::Partial,
            speed_mm_per_s: 200,
            baud: 115_200,
            after_fault: AfterFault::ClearBuffer,
        }
    }

    /// `cn-kiosk-58`: 58 mm kiosk module, queued status (tier B), ticket sensor, 80 mm/s, 115 200 baud.
    pub fn cn_kiosk_58() -> Self {
        Self {
            name: "cn-kiosk-58".into(),
            paper_mm: 58,
            width_dots: 384,
            chinese: ChineseText::Gb18030TwoByte,
            proof: ProofTier::QueuedStatus,
            near_end_sensor: Part::Present,
            ticket_sensor: Part::Present,
            cutter: Cutter::Partial,
            speed_mm_per_s: 80,
            baud: 115_200,
            after_fault: AfterFault::ClearBuffer,
        }
    }

    /// The shipped profile of this name.
    pub fn shipped(name: &str) -> Option<Self> {
        [Self::epson_like(), Self::cn_kiosk_58()].into_iter().find(|profile| profile.name == name)
    }

    /// Latin columns per line at normal size: 32 on 384 dots, 48 on 576.
    pub const fn columns(&self) -> usize {
        (self.width_dots / COLUMN_DOTS) as usize
    }

    /// Checks that the numbers can be true.
    ///
    /// # Errors
    /// Names the key that cannot.
    pub fn check(&self) -> Result<(), ProfileError> {
        if !self.width_dots.is_multiple_of(8) || !(192..=832).contains(&self.width_dots) {
            return Err(ProfileError::Width(self.width_dots));
        }
        if u32::from(self.width_dots) > u32::from(self.paper_mm) * u32::from(DOTS_PER_MM) {
            return Err(ProfileError::Paper { dots: self.width_dots, paper: self.paper_mm });
        }
        if !(10..=500).contains(&self.speed_mm_per_s) {
            return Err(ProfileError::Speed(self.speed_mm_per_s));
        }
        if !(1200..=921_600).contains(&self.baud) {
            return Err(ProfileError::Baud(self.baud));
        }
        Ok(())
    }
}
