//! Slint half.
