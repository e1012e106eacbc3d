//! Providers and their models.
use core::fmt;
use std::rc::Rc;

/// `providers.<name>`: a vendor's API.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its name in the policy.
    pub name: String,
    /// The name of its dialect: one of the vocabulary the policy was read with.
    pub dialect: String,
    /// Where it is.
    pub endpoint: Endpoint,
    /// The name of its key's secret; none for a server that wants no key.
    pub secret: Option<String>,
}

/// Where a provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether it is reached by TLS.
    pub tls: bool,
    /// Its name or address, in lower case, IPv6 without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What stands before every path: empty, or `/` and more without a `/` at its end.
    pub prefix: String,
}

/// `models.<name>`: one model of one provider.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name in the policy, which is also its cluster's name.
    pub name: String,
    /// Whose it is.
    pub provider: Rc<Provider>,
    /// The provider's own name of it.
    pub provider_model: String,
    /// Most tokens of a request and its answer together.
    pub context_window: u64,
    /// Most tokens of an answer.
    pub max_output_tokens: u64,
    /// What it can do.
    pub capabilities: Vec<Capability>,
    /// What becomes of a field that its provider's dialect cannot say.
    pub unsupported: Unsupported,
}

/// Something that not every model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// `tools`: call functions.
    Tools,
    /// `images`: see.
    Images,
    /// `json_schema`: answer in a given shape.
    JsonSchema,
    /// `reasoning`: think before it answers.
    Reasoning,
}

/// `unsupported`: what becomes of a field that cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// `skip`: the model is passed over.
    Skip,
    /// `drop`: the field is left out, and named in a response header.
    Drop,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Self; 4] = [Self::Tools, Self::Images, Self::JsonSchema, Self::Reasoning];

    /// Its name in a policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Images => "images",
            Self::JsonSchema => "json_schema",
            Self::Reasoning => "reasoning",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.prefix)
    }
}

impl Endpoint {
    /// What the `host` header says: without the port where it is the scheme's own.
    #[must_use]
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}
