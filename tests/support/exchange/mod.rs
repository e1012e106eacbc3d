//! Whole lives of requests, without a proxy: an Envoy made of data, and scripts that say what
//! goes in and what must come out.
mod bank;
mod envoy;
mod gateway;
mod play;
mod proxy;
mod script;
mod story;

pub(crate) use bank::Weather;
pub(crate) use envoy::{Headers, View, World};
pub(crate) use gateway::Gateway;
pub(crate) use play::live;
pub(crate) use proxy::Proxy;
pub(crate) use script::{Answer, Given, Message, message, request, split, told};
pub(crate) use story::tell;
