//! Anything a printer and its people can do, in any order: each job ends once, is sent at most once, and is called
//! printed only when it is on paper.

use std::time::Duration;

use kiosk_hal::link::LinkErrorKind;
use kiosk_hal::model::{PrintOutcome, PrinterRequest};
use kiosk_hal::printer::PrinterProfile;
use kiosk_hal::printer::profile::{AfterFault, ProofTier};
use kiosk_hal::printer::sim::Fault;
use proptest::prelude::*;

use crate::printer_support::{Desk, plain, slip, with_proof};

#[derive(Debug, Clone)]
enum Op {
    Print { lines: u8 },
    Wait { millis: u16 },
    Set(Fault),
    Clear(Fault),
    Refill,
    PowerCycle,
    Lose,
    Open,
    Refresh,
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        8 => prop::sample::select(Fault::PLAIN.to_vec()),
        2 => (0usize..400).prop_map(Fault::PaperEndsAfter),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (1u8..12).prop_map(|lines| Op::Print { lines }),
        // Long enough to be sent in two pieces.
        1 => (70u8..80).prop_map(|lines| Op::Print { lines }),
        6 => (0u16..4000).prop_map(|millis| Op::Wait { millis }),
        3 => fault().prop_map(Op::Set),
        3 => fault().prop_map(Op::Clear),
        2 => Just(Op::Refill),
        1 => Just(Op::PowerCycle),
        1 => Just(Op::Lose),
        2 => Just(Op::Open),
        1 => Just(Op::Refresh),
    ]
}

/// Text that no other job has.
fn mark(job: u64) -> String {
    format!("<{job:05}>")
}

fn count(bytes: &[u8], mark: &str) -> usize {
    bytes.windows(mark.len()).filter(|window| *window == mark.as_bytes()).count()
}

struct Run {
    desk: Desk,
    is_open: bool,
    jobs: Vec<u64>,
    sent: Vec<u8>,
}

impl Run {
    fn new(profile: &PrinterProfile) -> Self {
        Self { desk: Desk::open(profile), is_open: true, jobs: Vec::new(), sent: Vec::new() }
    }

    fn apply(&mut self, op: Op) {
        let now = self.desk.bench.now();
        match op {
            Op::Print { lines } => {
                let job = u64::try_from(self.jobs.len()).unwrap() + 1;
                let text = plain(&mark(job));
                let filling = (0..lines).map(|_| plain("同一张单据的又一行"));
                assert_eq!(self.desk.send(slip(filling.chain([text]))), job);
                self.jobs.push(job);
            }
            Op::Wait { millis } => self.desk.run(Duration::from_millis(millis.into())),
            Op::Set(fault) => self.desk.bench.model.set_fault(fault),
            Op::Clear(fault) => self.desk.bench.model.clear_fault(fault),
            Op::Refill => self.desk.bench.model.refill(),
            Op::PowerCycle => self.desk.bench.model.power_cycle(now),
            Op::Lose if self.is_open => {
                self.desk.bench.lose(LinkErrorKind::Lost);
                self.is_open = false;
            }
            Op::Open if !self.is_open => {
                self.desk.bench.open();
                self.is_open = true;
            }
            Op::Lose | Op::Open => {}
            Op::Refresh => self.desk.bench.request(PrinterRequest::Refresh),
        }
        self.desk.run(Duration::ZERO);
        self.sent.extend(self.desk.bench.take_sent());
    }

    fn check(&self, tier: ProofTier) {
        let slips = self.desk.bench.model.slips();
        for job in &self.jobs {
            let mark = mark(*job);
            let (sent, outcomes) = (count(&self.sent, &mark), self.desk.outcomes(*job));
            assert!(sent <= 1, "job {job} was sent {sent} times");
            assert!(outcomes.len() <= 1, "job {job} ended {} times", outcomes.len());
            let on_paper = slips.iter().map(|slip| count(&slip.bytes, &mark)).sum::<usize>();
            match outcomes.first() {
                Some(PrintOutcome::NotPrinted(_)) => assert_eq!(sent, 0, "job {job} is not printed, but was sent"),
                Some(PrintOutcome::Printed) if tier != ProofTier::RealTimeStatus => {
                    assert_eq!(on_paper, 1, "job {job} is called printed");
                }
                Some(PrintOutcome::Printed | PrintOutcome::Unknown(_)) | None => {}
            }
        }
    }
}

fn play(profile: &PrinterProfile, ops: Vec<Op>) {
    let mut run = Run::new(profile);
    for op in ops {
        run.apply(op);
        run.check(profile.proof);
    }
    // Whatever state it is left in, every job ends in bounded time.
    run.apply(Op::Open);
    for _ in 0..12 {
        run.apply(Op::Wait { millis: u16::MAX });
    }
    run.check(profile.proof);
    for job in &run.jobs {
        assert_eq!(run.desk.outcomes(*job).len(), 1, "job {job} ends");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_happens_each_job_ends_once_and_is_sent_at_most_once(
        ops in prop::collection::vec(op(), 1..40),
        tier in prop::sample::select(vec![
            ProofTier::ProcessId, ProofTier::QueuedStatus, ProofTier::RealTimeStatus, ProofTier::OneWay,
        ]),
        after_fault in prop::sample::select(vec![AfterFault::ClearBuffer, AfterFault::LeaveBuffer]),
        baud in prop::sample::select(vec![9600, 115_200]),
    ) {
        play(&PrinterProfile { after_fault, baud, ..with_proof(tier) }, ops);
    }
}
