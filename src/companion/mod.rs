//! What runs beside Envoy: the commands.
pub mod cli;
pub mod render;
