//! Connects `FormAdapter`: one question.

use slint::ComponentHandle;

use super::coverage::Coverage;
use super::generated::{AppWindow, Choice, Digits, FormAdapter, Known, Problem as ProblemView, Source as SourceView};
use super::rows::{self, int};
use super::ui::Sender;
use crate::ipc::{ChoiceView, DigitKind, Form, Intent, KnownValue, Pad, Problem, Source};

/// With more answers than this, short ones stand in two columns.
const ONE_COLUMN: usize = 5;

/// Longest answer, in columns of a terminal (a Chinese character is two), that fits half the width.
const SHORT_ANSWER: usize = 16;

pub struct Rows {
    known: rows::Rows<Known>,
    options: rows::Rows<Choice>,
}

impl Rows {
    pub fn new(app: &AppWindow, send: &Sender) -> Self {
        let rows = Self { known: rows::Rows::new(), options: rows::Rows::new() };
        let adapter = app.global::<FormAdapter>();
        adapter.set_known(rows.known.model());
        adapter.set_options(rows.options.model());
        let sender = send.clone();
        adapter.on_digit(move |digit| {
            if let Some(digit) = digit.chars().next() {
                sender(Intent::Digit { digit });
            }
        });
        let sender = send.clone();
        adapter.on_erase(move || sender(Intent::Erase));
        let sender = send.clone();
        adapter.on_clear(move || sender(Intent::Clear));
        let sender = send.clone();
        adapter.on_choose(move |value| {
            sender(Intent::Choose { value: value.into() });
        });
        let sender = send.clone();
        adapter.on_go_on(move || sender(Intent::Next));
        let sender = send.clone();
        adapter.on_next_page(move || sender(Intent::NextPage));
        let sender = send.clone();
        adapter.on_previous_page(move || sender(Intent::PreviousPage));
        rows
    }

    pub fn show(&self, app: &AppWindow, form: &Form, coverage: &Coverage) {
        let adapter = app.global::<FormAdapter>();
        adapter.set_ask(form.ask.as_str().into());
        adapter.set_hint(form.hint.as_str().into());
        adapter.set_optional(form.optional);
        adapter.set_complete(form.complete);
        adapter.set_next(form.next.as_deref().unwrap_or_default().into());
        let (problem, missing) = problem(form.problem.as_ref());
        adapter.set_problem(problem);
        adapter.set_problem_missing(missing);
        self.known.put(form.known.iter().map(|value| known(value, coverage)));
        match &form.pad {
            Pad::Digits { kind, shown, missing } => {
                adapter.set_digits(true);
                adapter.set_kind(digits(*kind));
                adapter.set_shown(shown.as_str().into());
                adapter.set_missing(missing.map_or(-1, i32::from));
                adapter.set_page(1);
                adapter.set_pages(1);
                self.options.put([]);
            }
            Pad::Choices { options, many, pages } => {
                adapter.set_digits(false);
                adapter.set_many(*many);
                adapter.set_columns(columns(options));
                adapter.set_page(int(pages.page));
                adapter.set_pages(int(pages.of));
                adapter.set_shown("".into());
                self.options.put(options.iter().map(|option| Choice {
                    value: option.value.as_str().into(),
                    label: option.label.as_str().into(),
                    chosen: option.chosen,
                }));
            }
        }
    }
}

fn columns(options: &[ChoiceView]) -> i32 {
    let short = options.iter().all(|option| {
        let width: usize = option.label.chars().map(|character| if character.is_ascii() { 1 } else { 2 }).sum();
        width <= SHORT_ANSWER
    });
    if short && options.len() > ONE_COLUMN { 2 } else { 1 }
}

fn known(value: &KnownValue, coverage: &Coverage) -> Known {
    let shown = coverage.check(&value.value);
    Known {
        label: value.label.as_str().into(),
        value: shown.text.into(),
        source: source(value.source),
        rare: shown.rare,
        gap: shown.gap,
    }
}

pub fn source(source: Source) -> SourceView {
    match source {
        Source::Card => SourceView::Card,
        Source::Resident => SourceView::Resident,
    }
}

fn digits(kind: DigitKind) -> Digits {
    match kind {
        DigitKind::Mobile => Digits::Mobile,
        DigitKind::Account => Digits::Account,
        DigitKind::Date => Digits::Date,
        DigitKind::Money => Digits::Money,
        DigitKind::IdNumber => Digits::IdNumber,
        DigitKind::Number => Digits::Number,
    }
}

fn problem(problem: Option<&Problem>) -> (ProblemView, i32) {
    match problem {
        None => (ProblemView::None, 0),
        Some(Problem::Empty) => (ProblemView::Empty, 0),
        Some(Problem::TooShort { missing }) => (ProblemView::TooShort, (*missing).into()),
        Some(Problem::NotAMobile) => (ProblemView::NotAMobile, 0),
        Some(Problem::AccountCheck) => (ProblemView::AccountCheck, 0),
        Some(Problem::NotADate) => (ProblemView::NotADate, 0),
        Some(Problem::DateOutOfRange) => (ProblemView::DateOutOfRange, 0),
        Some(Problem::IdNumberCheck) => (ProblemView::IdNumberCheck, 0),
        Some(Problem::OutOfRange) => (ProblemView::OutOfRange, 0),
    }
}
