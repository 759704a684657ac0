//! The routers of the built-in world against the contract.
