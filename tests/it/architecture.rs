//! The import table of the architecture, as a test.
