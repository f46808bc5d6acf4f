//! The board in its window: clicks in, state and paper out.
//!
//! Everything runs on the thread that draws. The simulators are reached under short locks; a timer looks at them a few
//! times a second, and at the county's database less often.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use kiosk_hal::id_card::deck;
use kiosk_hal::printer::sim::{PaperImage, PrintedSlip};
use slint::{
    ComponentHandle as _, Image, Model as _, ModelRc, Rgb8Pixel, SharedPixelBuffer, Timer, TimerMode, VecModel,
};

use super::board::{Board, Click, Device, Lamp, case_count, told};
use super::generated::{BenchAdapter, BenchCard, BenchDevice, BenchFault, BenchLamp, BenchSlip, BenchWindow};
use crate::desk::bench::DeskBench;
use crate::desk::order::{Bench as _, BenchError};
use crate::desk::picture::code_in;

/// Paper that moves in steps of a fifth of a second looks alive and costs little.
const LOOK: Duration = Duration::from_millis(200);

/// One look in this many also asks the county: once a second.
const LOOKS_PER_COUNTY: u32 = 5;

/// Pieces of paper that are shown. Each is a picture of some megabytes.
const SHOWN: usize = 12;

/// The bench window, with its timer.
pub(super) struct BenchView {
    window: BenchWindow,
    _looks: Timer,
}

struct Inner {
    window: slint::Weak<BenchWindow>,
    desk: Rc<DeskBench>,
    board: RefCell<Board>,
    chosen: Cell<Device>,
    looks: Cell<u32>,
    cards: Rc<VecModel<BenchCard>>,
    devices: Rc<VecModel<BenchDevice>>,
    faults: Rc<VecModel<BenchFault>>,
    slips: Rc<VecModel<BenchSlip>>,
    /// The last piece of paper that hangs out of the printer, to draw it only when it has grown.
    hanging: Cell<usize>,
}

impl BenchView {
    /// Makes the window of a desk; it is not shown yet.
    ///
    /// # Errors
    /// There is no display.
    pub(super) fn new(desk: &Rc<DeskBench>) -> Result<Self, slint::PlatformError> {
        let window = BenchWindow::new()?;
        let inner = Rc::new(Inner {
            window: window.as_weak(),
            desk: Rc::clone(desk),
            board: RefCell::default(),
            chosen: Cell::new(Device::Reader),
            looks: Cell::new(0),
            cards: Rc::default(),
            devices: Rc::default(),
            faults: Rc::default(),
            slips: Rc::default(),
            hanging: Cell::new(0),
        });
        inner.fill(&window);
        connect(&window, &inner);
        let looks = Timer::default();
        looks.start(TimerMode::Repeated, LOOK, move || inner.look());
        Ok(Self { window, _looks: looks })
    }

    /// The window.
    pub(super) const fn window(&self) -> &BenchWindow {
        &self.window
    }
}

fn connect(window: &BenchWindow, inner: &Rc<Inner>) {
    let adapter = window.global::<BenchAdapter>();
    let here = || Rc::clone(inner);
    let me = here();
    adapter.on_card(move |key| me.click(&Click::Card(key.into())));
    let me = here();
    adapter.on_take_card(move || me.click(&Click::TakeCard));
    let me = here();
    adapter.on_scan(move |text| me.click(&Click::Scan(text.into())));
    let me = here();
    adapter.on_scan_slip(move |number| me.scan_slip(number));
    let me = here();
    adapter.on_choose(move |index| me.choose(index));
    let me = here();
    adapter.on_switch(move |index| {
        if let Some(device) = device(index) {
            me.click(&Click::Switch(device));
        }
    });
    let me = here();
    adapter.on_fault(move |name| me.click(&Click::Fault(me.chosen.get(), name.into())));
    let me = here();
    adapter.on_no_faults(move || me.click(&Click::NoFaults(me.chosen.get())));
    let me = here();
    adapter.on_refill(move || me.click(&Click::Refill));
}

impl Inner {
    /// Puts everything into the window that stays or is changed row by row.
    fn fill(&self, window: &BenchWindow) {
        let cards = deck::deck().into_iter();
        self.cards.set_vec(
            cards
                .map(|card| BenchCard { key: card.key.into(), label: card.label.into(), lies: false })
                .collect::<Vec<_>>(),
        );
        self.devices.set_vec(Device::ALL.map(|device| self.device_row(device)).to_vec());
        let adapter = window.global::<BenchAdapter>();
        adapter.set_cards(ModelRc::from(Rc::clone(&self.cards)));
        adapter.set_devices(ModelRc::from(Rc::clone(&self.devices)));
        adapter.set_faults(ModelRc::from(Rc::clone(&self.faults)));
        adapter.set_slips(ModelRc::from(Rc::clone(&self.slips)));
        adapter.set_county_page(format!("{}/", self.desk.config.county.url.trim_end_matches('/')).into());
        adapter.set_cases("no case at the county yet".into());
        self.tell(Ok("Everything is plugged in. Esc or closing a window ends the demo.".to_owned()));
        self.choose(0);
        self.show();
    }

    fn click(&self, click: &Click) {
        let orders = self.board.borrow().orders(click);
        for order in &orders {
            match self.desk.bench.obey(order) {
                Ok(()) => self.board.borrow_mut().obeyed(order),
                Err(error) => return self.tell(Err(&error)),
            }
        }
        match orders.as_slice() {
            [] => {}
            [order] => self.tell(Ok(told(order))),
            [_, ..] => self.tell(Ok(format!("Done; {}.", self.board.borrow().state(self.chosen.get())))),
        }
        self.show();
    }

    fn scan_slip(&self, number: i32) {
        let Some(slip) = self.slips.iter().find(|slip| slip.number == number) else { return };
        match code_of(&slip.picture) {
            Some(text) => self.click(&Click::Scan(text)),
            None => self.tell(Ok(format!("There is no code on slip {number} that can be read."))),
        }
    }

    fn choose(&self, index: i32) {
        let Some(device) = device(index) else { return };
        self.chosen.set(device);
        let rows = device.faults().into_iter().map(|name| BenchFault { name: name.into(), on: false });
        self.faults.set_vec(rows.collect::<Vec<_>>());
        if let Some(window) = self.window.upgrade() {
            let adapter = window.global::<BenchAdapter>();
            adapter.set_chosen(index);
            adapter.set_faults_title(format!("Faults: {}", device.label().to_lowercase()).into());
            adapter.set_faults_note(match device {
                Device::Reader | Device::Printer | Device::Scanner => "Stay until they are switched off.".into(),
                Device::County => "Each strikes the next submission, once.".into(),
            });
        }
        self.show();
    }

    /// Looks at the simulators.
    fn look(&self) {
        let looks = self.looks.get();
        self.looks.set(looks.wrapping_add(1));
        let seen = self.look_at_paper().and_then(|()| self.look_at_line());
        let seen = if looks.is_multiple_of(LOOKS_PER_COUNTY) { seen.and_then(|()| self.look_at_cases()) } else { seen };
        if let Err(error) = seen {
            self.tell(Err(&error));
        }
        self.show();
    }

    fn look_at_paper(&self) -> Result<(), BenchError> {
        let Some(window) = self.window.upgrade() else { return Ok(()) };
        let adapter = window.global::<BenchAdapter>();
        let printer = self.desk.bench.printer()?;
        let count = self.desk.bench.slip_count()?;
        let shown = self.slips.row_data(0).map_or(0, |slip| usize::try_from(slip.number).unwrap_or_default());
        if count > shown {
            let slips = printer.slips();
            let fresh = (count - shown).min(slips.len()).min(SHOWN);
            for (slip, number) in slips.iter().rev().take(fresh).rev().zip(count + 1 - fresh..) {
                self.slips.insert(0, slip_row(slip, number));
            }
            while self.slips.row_count() > SHOWN {
                self.slips.remove(self.slips.row_count() - 1);
            }
            self.board.borrow_mut().saw_slips(count);
        }
        let hanging = printer.paper_in_progress();
        let height = hanging.as_ref().map_or(0, |paper| paper.height);
        if self.hanging.replace(height) != height {
            adapter.set_printing(hanging.is_some());
            adapter.set_growing(hanging.as_ref().map(picture).unwrap_or_default());
        }
        Ok(())
    }

    fn look_at_line(&self) -> Result<(), BenchError> {
        let (line_cut, waiting) = self.desk.bench.county_troubles()?;
        self.board.borrow_mut().saw_county(line_cut, waiting);
        Ok(())
    }

    fn look_at_cases(&self) -> Result<(), BenchError> {
        let Some(window) = self.window.upgrade() else { return Ok(()) };
        let words = match self.desk.bench.cases_json()?.as_deref().and_then(case_count) {
            None | Some(0) => "no case at the county yet".to_owned(),
            Some(1) => "1 case at the county".to_owned(),
            Some(count) => format!("{count} cases at the county"),
        };
        window.global::<BenchAdapter>().set_cases(words.into());
        Ok(())
    }

    /// Brings the window up to date, touching only rows that differ.
    fn show(&self) {
        let Some(window) = self.window.upgrade() else { return };
        let board = self.board.borrow();
        let adapter = window.global::<BenchAdapter>();
        let mut lying = slint::SharedString::default();
        for (row, mut card) in self.cards.iter().enumerate().collect::<Vec<_>>() {
            let lies = board.lies(&card.key);
            if lies {
                lying = card.label.clone();
            }
            if card.lies != lies {
                card.lies = lies;
                self.cards.set_row_data(row, card);
            }
        }
        adapter.set_lying(lying);
        for (row, device) in Device::ALL.into_iter().enumerate() {
            let fresh = row_of(&board, device);
            if self.devices.row_data(row).as_ref() != Some(&fresh) {
                self.devices.set_row_data(row, fresh);
            }
        }
        for (row, mut fault) in self.faults.iter().enumerate().collect::<Vec<_>>() {
            let on = board.has_fault(self.chosen.get(), &fault.name);
            if fault.on != on {
                fault.on = on;
                self.faults.set_row_data(row, fault);
            }
        }
        adapter.set_hint(board.hint().into());
    }

    fn device_row(&self, device: Device) -> BenchDevice {
        row_of(&self.board.borrow(), device)
    }

    fn tell(&self, what: Result<String, &BenchError>) {
        let Some(window) = self.window.upgrade() else { return };
        let adapter = window.global::<BenchAdapter>();
        adapter.set_status_bad(what.is_err());
        adapter.set_status(what.unwrap_or_else(|error| format!("Not done: {error}.")).into());
    }
}

fn device(index: i32) -> Option<Device> {
    Device::ALL.get(usize::try_from(index).ok()?).copied()
}

fn row_of(board: &Board, device: Device) -> BenchDevice {
    BenchDevice {
        name: device.label().into(),
        state: board.state(device).into(),
        switch: board.switch(device).into(),
        lamp: match board.lamp(device) {
            Lamp::Good => BenchLamp::Good,
            Lamp::Faulty => BenchLamp::Caution,
            Lamp::Out => BenchLamp::Out,
        },
    }
}

fn slip_row(slip: &PrintedSlip, number: usize) -> BenchSlip {
    let title = if slip.complete { format!("Slip {number}") } else { format!("Slip {number}, not whole") };
    BenchSlip {
        number: i32::try_from(number).unwrap_or(i32::MAX),
        title: title.into(),
        whole: slip.complete,
        picture: picture(&slip.image),
    }
}

/// The code on a piece of paper, read from its picture as a scanner would.
fn code_of(picture: &Image) -> Option<String> {
    let pixels = picture.to_rgb8()?;
    let (width, height) = (usize::try_from(pixels.width()).ok()?, usize::try_from(pixels.height()).ok()?);
    let grey = pixels.as_slice();
    code_in(width, height, |x, y| grey.get(y * width + x).map_or(u8::MAX, |pixel| pixel.r))
}

/// Paper as a picture of the toolkit.
fn picture(paper: &PaperImage) -> Image {
    let side = |length: usize| u32::try_from(length).unwrap_or_default();
    let mut pixels = SharedPixelBuffer::<Rgb8Pixel>::new(side(paper.width), side(paper.height));
    for (pixel, grey) in pixels.make_mut_slice().iter_mut().zip(&paper.pixels) {
        *pixel = Rgb8Pixel::new(*grey, *grey, *grey);
    }
    Image::from_rgb8(pixels)
}
