//! A protocol and a device model joined in memory, under a virtual clock.
//!
//! The bench does what the runner and the serial line do, without threads and without waiting: it moves time from
//! one interesting moment to the next, carries bytes both ways with their time on the wire, garbles them when the
//! speeds differ, and collects events. The same events come at the same virtual times on every run.

use std::collections::VecDeque;

use super::{DeviceModel, at_wrong_speed, wire_time};
use crate::link::{LinkError, LinkErrorKind};
use crate::runner::{DeviceEvent, Elapsed, Protocol, Transmit};

/// Bytes that arrive at the host together, as a tty would hand them over.
const SLICE: usize = 64;

/// Turns without time passing after which protocol and model must be caught in a circle.
const CIRCLE: usize = 10_000;

/// A protocol and a model on one virtual line.
#[derive(Debug)]
pub struct Bench<P: Protocol, M> {
    /// The host's side.
    pub protocol: P,
    /// The device.
    pub model: M,
    now: Elapsed,
    baud: u32,
    open: bool,
    /// Slices on their way to the host, with the time of their arrival.
    to_host: VecDeque<(Elapsed, Vec<u8>)>,
    /// Everything the host has sent, as it was sent.
    sent: Vec<u8>,
    reopened: usize,
}

impl<P: Protocol, M: DeviceModel> Bench<P, M> {
    /// Joins both at time zero, the line at `baud`. The link is not open yet.
    pub fn new(protocol: P, model: M, baud: u32) -> Self {
        let to_host = VecDeque::new();
        Self { protocol, model, now: Elapsed::ZERO, baud, open: false, to_host, sent: Vec::new(), reopened: 0 }
    }

    /// The virtual time.
    pub fn now(&self) -> Elapsed {
        self.now
    }

    /// The host's line speed.
    pub fn baud(&self) -> u32 {
        self.baud
    }

    /// How often the protocol gave the link up by itself.
    pub fn reopened(&self) -> usize {
        self.reopened
    }

    /// Takes everything the host has sent so far.
    pub fn take_sent(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }

    /// Opens the link.
    pub fn open(&mut self) {
        self.open = true;
        self.protocol.handle_opened(self.now);
    }

    /// Takes the link away as an unplugged device would.
    pub fn lose(&mut self, kind: LinkErrorKind) {
        self.open = false;
        self.to_host.clear();
        let error = LinkError { port: "bench".to_owned(), kind, detail: String::new() };
        self.protocol.handle_lost(self.now, &error);
    }

    /// Hands a request to the protocol.
    pub fn request(&mut self, request: P::Request) {
        self.protocol.handle_request(self.now, request);
    }

    /// Lets `length` of virtual time pass and returns the events of that time.
    pub fn run_for(&mut self, length: Elapsed) -> Vec<DeviceEvent<P::Event>> {
        let end = self.now + length;
        let mut events = Vec::new();
        self.run(end, |event| {
            events.push(event);
            false
        });
        events
    }

    /// Runs until an event satisfies `wanted`, at most `longest`. Returns the events up to and including that one;
    /// the last one is not the wanted one if the time has passed without it.
    pub fn run_until(
        &mut self,
        longest: Elapsed,
        mut wanted: impl FnMut(&DeviceEvent<P::Event>) -> bool,
    ) -> Vec<DeviceEvent<P::Event>> {
        let end = self.now + longest;
        let mut events = Vec::new();
        self.run(end, |event| {
            let stop = wanted(&event);
            events.push(event);
            stop
        });
        events
    }

    fn run(&mut self, end: Elapsed, mut take: impl FnMut(DeviceEvent<P::Event>) -> bool) {
        let mut turns = 0;
        loop {
            while let Some(event) = self.protocol.poll_event() {
                if take(event) {
                    return;
                }
            }
            if self.exchange() {
                turns += 1;
                assert!(turns < CIRCLE, "protocol and model send without time passing");
                continue;
            }
            let next = self.next_moment();
            if next > end {
                self.now = end;
                return;
            }
            if next > self.now {
                turns = 0;
                self.now = next;
            } else {
                turns += 1;
                assert!(turns < CIRCLE, "a deadline is not moved by handling it");
            }
            if self.protocol.poll_timeout().is_some_and(|deadline| deadline <= self.now) && !self.has_arrived() {
                self.protocol.handle_timeout(self.now);
            }
        }
    }

    /// Moves what can be moved at this very moment; says whether anything moved.
    fn exchange(&mut self) -> bool {
        if let Some(transmit) = self.protocol.poll_transmit() {
            self.transmit(transmit);
            return true;
        }
        if let Some(bytes) = self.model.poll_output(self.now) {
            self.queue(&bytes);
            return true;
        }
        if self.has_arrived()
            && let Some((_, bytes)) = self.to_host.pop_front()
        {
            self.protocol.handle_input(self.now, &bytes);
            return true;
        }
        false
    }

    fn transmit(&mut self, transmit: Transmit) {
        match transmit {
            Transmit::Bytes(_) if !self.open => {}
            Transmit::Bytes(bytes) => {
                self.sent.extend_from_slice(&bytes);
                let heard = if self.baud == self.model.baud() { bytes } else { at_wrong_speed(&bytes) };
                self.model.handle_input(self.now, &heard);
            }
            Transmit::Baud(baud) => self.baud = baud,
            Transmit::Reopen => {
                self.reopened += 1;
                self.lose(LinkErrorKind::Lost);
                self.open();
            }
        }
    }

    fn queue(&mut self, bytes: &[u8]) {
        if !self.open {
            return;
        }
        let mut at = self.to_host.back().map_or(self.now, |(at, _)| *at).max(self.now);
        for slice in bytes.chunks(SLICE) {
            at += wire_time(slice.len(), self.model.baud());
            let heard = if self.baud == self.model.baud() { slice.to_vec() } else { at_wrong_speed(slice) };
            self.to_host.push_back((at, heard));
        }
    }

    fn has_arrived(&self) -> bool {
        self.to_host.front().is_some_and(|(at, _)| *at <= self.now)
    }

    fn next_moment(&self) -> Elapsed {
        let arrival = self.to_host.front().map(|(at, _)| *at);
        [self.protocol.poll_timeout(), self.model.poll_wake(), arrival]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(Elapsed::MAX)
            .max(self.now)
    }
}
