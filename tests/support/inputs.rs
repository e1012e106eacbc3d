//! Which files of a case are given; the others are what must come out.

/// The files of a case that are given: the app's request, the provider's answer (whole, streamed,
/// or an error with its status in the name), and the provider's name of the model.
pub(crate) const INPUTS: &[&str] =
    &["request.json", "answer.json", "answer.sse", "fault.json", "target.txt"];
