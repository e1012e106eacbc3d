//! A refusal or failure, before an API puts it into its own shape.

/// What sort of refusal it is. Each API names it in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorKind {
    BadRequest,
    Auth,
    Permission,
    NotFound,
    Method,
    TooLarge,
    RateLimit,
    Quota,
    Server,
    Overloaded,
    Timeout,
    Context,
}

impl ErrorKind {
    /// The sort that a weather row names.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "bad_request" => Self::BadRequest,
            "auth" => Self::Auth,
            "permission" => Self::Permission,
            "not_found" => Self::NotFound,
            "too_large" => Self::TooLarge,
            "rate_limit" => Self::RateLimit,
            "quota" => Self::Quota,
            "server" => Self::Server,
            "overloaded" => Self::Overloaded,
            "timeout" => Self::Timeout,
            "context_length" => Self::Context,
            _ => return None,
        })
    }

    /// The sort that usually has this status.
    pub(super) const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Auth,
            402 => Self::Quota,
            403 => Self::Permission,
            404 => Self::NotFound,
            405 => Self::Method,
            408 | 504 => Self::Timeout,
            413 => Self::TooLarge,
            429 => Self::RateLimit,
            503 | 529 => Self::Overloaded,
            500..=599 => Self::Server,
            _ => Self::BadRequest,
        }
    }
}

/// A refusal or failure.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    pub(super) status: u16,
    pub(super) sort: ErrorKind,
    pub(super) message: String,
    /// OpenAI's `param`.
    pub(super) param: Option<String>,
    /// OpenAI's `code`; Gemini's `reason`.
    pub(super) code: Option<&'static str>,
    /// Whole seconds to wait, or a date.
    pub(super) retry_after: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: u16, sort: ErrorKind, message: impl Into<String>) -> Self {
        Self { status, sort, message: message.into(), param: None, code: None, retry_after: None }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, ErrorKind::BadRequest, message)
    }

    pub(super) const fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    pub(super) fn param(mut self, param: &str) -> Self {
        self.param = Some(param.to_owned());
        self
    }
}
