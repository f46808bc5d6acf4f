//! The kiosk from outside: events in, effects and screens out, on a clock that the test turns.

mod flows;
mod machine;
mod missing;
mod random;
mod service;
mod table;
