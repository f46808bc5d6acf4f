//! What proves that a job is on paper, tier by tier: the question behind the job, and the reply that answers it.

use super::command::{Command, ProcessId};
use super::flags::Flags;
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
    /// Tier D, or a job whose only proof came together with the end of the paper.
    Nothing,
}

/// Whether paper was left when the proof came; a process id says nothing against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paper {
    /// There was.
    Left,
    /// It ended with this job.
    Ended,
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
    pub(super) fn find(self, replies: &[Reply]) -> Option<Paper> {
        match self {
            Self::Id(id) => replies.contains(&Reply::Process(id.0)).then_some(Paper::Left),
            Self::Queued => replies
                .iter()
                .find_map(queued)
                .map(|byte| if Flags::from_paper_status(byte).paper_end { Paper::Ended } else { Paper::Left }),
            Self::CleanStatus | Self::Nothing => None,
        }
    }
}

pub(super) const fn real_time(reply: &Reply) -> Option<u8> {
    if let Reply::RealTime(byte) = reply { Some(*byte) } else { None }
}

pub(super) const fn queued(reply: &Reply) -> Option<u8> {
    if let Reply::Queued(byte) = reply { Some(*byte) } else { None }
}
