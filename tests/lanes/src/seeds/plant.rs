//! Faults planted on purpose, to see that the simulation finds them.

/// A protection that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// None: everything is as shipped.
    None,
    /// A submission without a clear answer is repeated under another id.
    FreshIdOnRetry,
    /// The county keeps a second case under a known id.
    NoUniqueKey,
    /// The receipt is called stored before it is.
    ReceiptNotStored,
    /// An application that met a 5xx is put away.
    DroppedOnServerError,
    /// The queue is not read again after a restart.
    QueueForgotten,
    /// Answers count without a valid signature.
    UnsignedAccepted,
    /// Deadlines follow the wall clock.
    WallClockDeadlines,
    /// The bytes are written anew for each try, as a program does that rebuilds what it sends.
    BytesRebuilt,
    /// A sync that failed is answered as good, and the store goes on.
    FailedSyncHidden,
    /// A broken store is never opened again.
    NeverReopened,
    /// A slip is printed a second time by itself, without the mark of a copy.
    SlipRepeated,
    /// The answers of one person go into the application of the next.
    AnswersOfAnother,
    /// An application goes out under another number than it was sealed under.
    WrongNumber,
    /// A try to keep that failed is always called certain, so that an application which the disk may have can be changed. Not yet
    /// among [`Plant::ALL`]: its people do not come to it within four hundred seeds.
    CertainAlways,
}

impl Plant {
    /// Everything that can be planted, with words of the finding that must come of it.
    pub const ALL: [(Self, &'static [&'static str]); 13] = [
        (Self::FreshIdOnRetry, &["was never given to the store"]),
        (Self::NoUniqueKey, &["cases stand under"]),
        (Self::ReceiptNotStored, &["before its receipt was stored"]),
        (Self::DroppedOnServerError, &["set aside without a refusal"]),
        (Self::QueueForgotten, &["still waiting"]),
        (Self::UnsignedAccepted, &["the county does not have", "with the number of somebody else"]),
        (Self::WallClockDeadlines, &["still waiting"]),
        (Self::BytesRebuilt, &["went out with other bytes"]),
        (Self::FailedSyncHidden, &["is gone", "the store misses", "the numbers have gaps"]),
        (Self::NeverReopened, &["still waiting"]),
        (Self::SlipRepeated, &["printed twice without the mark"]),
        (Self::AnswersOfAnother, &["is not what was asked for"]),
        (Self::WrongNumber, &["at the county under another number"]),
    ];
}
