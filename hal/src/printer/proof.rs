//! What proves that a job is on paper, tier by tier: the question behind the job, and the reply that answers it.

use super::command::{Command, ProcessId};
use super::profile::ProofTier;
use super::reply::Reply;

/// What will prove a job that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Tier A: this id comes back.
    Id(ProcessId),
    /// Tier B: a queued question is answered.
    Queued,
    /// Tier C: the status after the job is clean.
    CleanStatus,
    /// Tier D.
    Nothing,
}

/// What replies say about a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing yet.
    Missing,
    /// The answer to the queued question, or a single byte that looks like it: a printer that loses its power pulls
    /// the line down, which reads as a zero. It counts once a whole round of questions is answered cleanly.
    Hint,
    /// The job's own id; nothing else can look like it.
    Certain,
}

impl Proof {
    /// The proof of a tier; `id` is the number of the process id where the tier has one.
    pub(super) fn choose(tier: ProofTier, id: u16) -> Self {
        match tier {
            ProofTier::ProcessId => Self::Id(ProcessId::from_number(id)),
            ProofTier::QueuedStatus => Self::Queued,
            ProofTier::RealTimeStatus => Self::CleanStatus,
            ProofTier::OneWay => Self::Nothing,
        }
    }

    /// Appends the question that stands behind the job.
    pub(super) fn ask(self, job: &mut Vec<u8>) {
        match self {
            Self::Id(id) => Command::ReportProcess(id).encode(job),
            Self::Queued => Command::PaperStatus.encode(job),
            Self::CleanStatus | Self::Nothing => {}
        }
    }

    /// Looks for the proof among replies.
    pub(super) fn find(self, replies: &[Reply]) -> Evidence {
        match self {
            Self::Id(id) if replies.contains(&Reply::Process(id.0)) => Evidence::Certain,
            Self::Queued if replies.iter().any(is_queued) => Evidence::Hint,
            Self::Id(_) | Self::Queued | Self::CleanStatus | Self::Nothing => Evidence::Missing,
        }
    }
}

/// The byte of a real-time answer.
pub(super) const fn real_time(reply: &Reply) -> Option<u8> {
    if let Reply::RealTime(byte) = reply { Some(*byte) } else { None }
}

/// Whether this is the answer to a queued question.
pub(super) const fn is_queued(reply: &Reply) -> bool {
    matches!(reply, Reply::Queued(_))
}
