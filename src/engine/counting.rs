//! Starts the daily recount when its time has come, beside the loop.
//!
//! When that is decides [`Schedule`], which is pure; it is asked after each turn, at the least once a minute, because the
//! clock on the screen wakes the loop so often. The recount itself runs as a task and the loop goes on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::staff::StaffDesk;
use crate::domain::recount::{Moment, Schedule, Timetable};
use crate::domain::time::Now;
use crate::ipc::{EngineStatus, RecountSummary};

/// The schedule of this engine and what it runs.
pub struct Counting {
    schedule: Schedule,
    desk: Rc<StaffDesk>,
    /// How the last one ended, until the schedule has heard of it.
    ended: Rc<Cell<Option<bool>>>,
}

impl Counting {
    /// Goes on from the last recount that is written down.
    pub fn new(timetable: Timetable, desk: &Rc<StaffDesk>, now: &Now) -> Self {
        let schedule = Schedule::new(timetable, desk.last().map(|last| last.at), now);
        Self { schedule, desk: Rc::clone(desk), ended: Rc::default() }
    }

    /// The last recount, in short.
    pub fn last(&self) -> Option<RecountSummary> {
        self.desk.last()
    }

    /// Begins a recount if one is due.
    pub fn look(&mut self, now: &Now, status: &Rc<RefCell<EngineStatus>>) {
        if let Some(came_to_an_end) = self.ended.take() {
            self.schedule.ended(now, came_to_an_end);
        }
        let moment = {
            let status = status.borrow();
            Moment {
                is_online: status.county_reachable == Some(true),
                is_in_use: status.in_use,
                is_store_good: status.outbox_read && status.store == "good",
            }
        };
        if self.schedule.take_due(now, moment) {
            let (desk, ended, status) = (Rc::clone(&self.desk), Rc::clone(&self.ended), Rc::clone(status));
            tokio::task::spawn_local(async move {
                let counted = desk.recount(&|| !status.borrow().in_use).await;
                ended.set(Some(counted.is_ok()));
            });
        }
    }
}
