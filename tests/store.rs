//! The store under violence: a child process is killed at random points, the disk refuses, the file is looked at again,
//! and by a thief.

mod crash;
mod image;
#[path = "support/seal.rs"]
mod seal;
