//! One visit of one person: where they are and what they said.
//!
//! A visit owns everything personal. Ending it drops it, and dropping wipes the values by their types. Each page
//! holds exactly the data that exists on that page.

mod page;
mod visit;

pub use page::{Done, Page, SlipTrack, Trail, Tries};
pub use visit::{Panel, Visit};
