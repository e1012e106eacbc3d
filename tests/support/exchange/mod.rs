//! Whole lives of requests, without a proxy: an Envoy made of data, and scripts that say what
//! goes in and what must come out.
mod envoy;
mod gateway;
mod play;
mod script;

pub(crate) use envoy::{Headers, View, World};
pub(crate) use gateway::Gateway;
pub(crate) use play::live;
pub(crate) use script::{Answer, Given, Message, split, told};
