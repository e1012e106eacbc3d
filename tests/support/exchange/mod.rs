//! Whole lives of requests, without a proxy: an Envoy made of data, and scripts that say what
//! goes in and what must come out.
mod bank;
mod envoy;
mod gateway;
mod play;
mod proxy;
mod script;
mod scripts;
mod service;
mod story;

pub(crate) use scripts::{wrong_scripts, wrong_stories};

// What only native tests need.
#[cfg(not(target_family = "wasm"))]
pub(crate) use self::{
    bank::Weather,
    envoy::{Common, Filter, Headers, Piece, Step, View, WALL_S, Way, World},
    gateway::{Gateway, Keeper, Place, Role},
    play::{Life, Play, live},
    proxy::Proxy,
    script::{Answer, Given, Message, line, message, request, split, told},
    scripts::gateway,
    story::{tell, tell_of_many},
};
