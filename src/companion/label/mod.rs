//! Labels from traffic: what two models made of the same request, from the records of a collector.
//!
//! What both answers come to is compared as the filter compares it. Where that says nothing, a
//! judge may be asked: a model, through the gateway, twice, with the answers exchanged.
pub mod compare;
pub mod gateway;
pub mod judge;
pub mod pairs;
pub mod record;
pub mod summary;
