//! What went wrong, in words that belong to no provider: ours to an app, or a provider's to us.

/// A request that got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of failure.
    pub kind: FaultKind,
    /// The HTTP status it goes with.
    pub status: u16,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// The field at fault, as a path, where there is one.
    pub param: Option<String>,
    /// The code by which a provider of OpenAI's format tells it from others.
    pub code: Option<Box<str>>,
    /// What a provider of Anthropic's format says of it to programs: JSON, on one line.
    pub details: Option<Box<str>>,
    /// In how many milliseconds it is over, where somebody knows; 0 where nobody does.
    pub wait_ms: u64,
}

/// Kinds of failure that somebody treats differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// The request cannot be served as it is.
    InvalidRequest,
    /// The model does not take something of the request that another one may.
    Unsupported,
    /// The request is longer than the model's context window.
    ContextLength,
    /// No such model.
    ModelNotFound,
    /// No such path, file or other thing.
    NotFound,
    /// The path does not take that method.
    MethodNotAllowed,
    /// The body is too large.
    TooLarge,
    /// No key, or a wrong one.
    Authentication,
    /// The key may not do that.
    Permission,
    /// The account has no money left.
    Billing,
    /// Too many requests or tokens.
    RateLimit,
    /// The provider has no capacity now.
    Overloaded,
    /// It took too long.
    Timeout,
    /// Anything else that is the server's fault.
    Internal,
}

impl Fault {
    /// A failure with the status that usually goes with its kind.
    #[must_use]
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: kind.status(),
            message: message.into(),
            param: None,
            code: None,
            details: None,
            wait_ms: 0,
        }
    }

    /// A field that is missing or wrong: 400 with its path.
    #[must_use]
    pub fn field(path: impl ToString, expected: impl core::fmt::Display) -> Self {
        let path = path.to_string();
        let message = format!("`{path}`: {expected}");
        Self { param: Some(path), ..Self::new(FaultKind::InvalidRequest, message) }
    }

    /// The same failure with another status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

impl FaultKind {
    /// Whether time may mend it, so that the same request may be sent again.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        match self {
            Self::RateLimit | Self::Overloaded | Self::Timeout | Self::Internal => true,
            Self::InvalidRequest
            | Self::ContextLength
            | Self::ModelNotFound
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::TooLarge
            | Self::Authentication
            | Self::Permission
            | Self::Billing
            | Self::Unsupported => false,
        }
    }

    /// The HTTP status that usually goes with it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::Unsupported | Self::ContextLength => 400,
            Self::Authentication => 401,
            Self::Billing => 402,
            Self::Permission => 403,
            Self::ModelNotFound | Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::RateLimit => 429,
            Self::Internal => 500,
            Self::Overloaded => 503,
            Self::Timeout => 504,
        }
    }

    /// The kind that a status alone tells, for an error whose body says nothing we know.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Billing,
            403 => Self::Permission,
            404 => Self::NotFound,
            405 => Self::MethodNotAllowed,
            408 | 504 => Self::Timeout,
            413 => Self::TooLarge,
            425 | 429 => Self::RateLimit,
            503 | 529 => Self::Overloaded,
            400..=499 => Self::InvalidRequest,
            _ => Self::Internal,
        }
    }

    /// The same where the gateway refuses a request itself, with nobody asked: 501 is for what an
    /// app sends that no server has to know.
    #[must_use]
    pub const fn of_refusal(status: u16) -> Self {
        match status {
            501 => Self::InvalidRequest,
            other => Self::of_status(other),
        }
    }
}
