//! The format against the documented forms of the API.
mod read;
mod write;
