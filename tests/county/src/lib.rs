//! Stand-in county platform.
