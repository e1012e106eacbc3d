#![doc = include_str!("README.md")]

pub mod json;
pub mod layout;
mod order;
pub mod port;
pub mod usage;

pub mod credit;

pub mod dialect;

pub mod complexity;

pub mod policy;

pub mod resilience;

pub mod decide;

pub mod exchange;

#[cfg(all(target_os = "wasi", feature = "envoy"))]
mod filter;

#[cfg(feature = "companion")]
pub mod companion;
