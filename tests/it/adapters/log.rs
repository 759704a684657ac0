//! Log sources against their contract.
