//! Every store against the contract of the journal.
