//! Forms by data.
