//! Tables of events and expected traces.
