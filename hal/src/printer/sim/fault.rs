//! What can go wrong with a printer, by name; a script of a visit uses the same names.

/// One fault. Each can be set and cleared while the printer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// No paper (PR1).
    NoPaper,
    /// The paper ends when this many more bytes have been worked off (PR2).
    PaperEndsAfter(usize),
    /// The roll is low (PR3).
    NearEnd,
    /// The cover is open (PR4).
    CoverOpen,
    /// The cutter is stuck (PR5).
    CutterJam,
    /// The head is too hot (PR6).
    HeadHot,
    /// Input voltage out of range (PR7).
    Voltage,
    /// Never answers anything (PR8).
    OneWay,
    /// Answers every question with zero (PR9).
    ConstantZero,
    /// Answers each question with the answer to the one before (PR10).
    Lagging,
    /// Automatic reports with flow control inside them stand before every answer (PR11, PR12).
    ReportNoise,
    /// Never echoes a process id (PR13).
    NoProcessId,
    /// Takes data and answers, but does not print (PR19).
    Stalled,
    /// The last ticket was not taken (PR20).
    TicketWaiting,
}

impl Fault {
    /// The fault of this name, such as `no-paper` or `paper-ends-after:300`.
    pub fn from_name(name: &str) -> Option<Self> {
        if let Some(bytes) = name.strip_prefix("paper-ends-after:") {
            return bytes.parse().ok().map(Self::PaperEndsAfter);
        }
        Self::PLAIN.into_iter().find(|fault| fault.name() == name)
    }

    /// All faults without a number.
    pub const PLAIN: [Self; 13] = [
        Self::NoPaper,
        Self::NearEnd,
        Self::CoverOpen,
        Self::CutterJam,
        Self::HeadHot,
        Self::Voltage,
        Self::OneWay,
        Self::ConstantZero,
        Self::Lagging,
        Self::ReportNoise,
        Self::NoProcessId,
        Self::Stalled,
        Self::TicketWaiting,
    ];

    /// Its name, without the number it may have.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPaper => "no-paper",
            Self::PaperEndsAfter(_) => "paper-ends-after",
            Self::NearEnd => "near-end",
            Self::CoverOpen => "cover-open",
            Self::CutterJam => "cutter-jam",
            Self::HeadHot => "head-hot",
            Self::Voltage => "voltage",
            Self::OneWay => "one-way",
            Self::ConstantZero => "constant-zero",
            Self::Lagging => "lagging",
            Self::ReportNoise => "report-noise",
            Self::NoProcessId => "no-process-id",
            Self::Stalled => "stalled",
            Self::TicketWaiting => "ticket-waiting",
        }
    }
}
