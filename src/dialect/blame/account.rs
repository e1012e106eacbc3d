//! Words that speak of the account at the provider: no app can mend that.
use crate::dialect::FaultKind::{self, Authentication, Billing, Permission};

/// What providers say of an account, in lower case, and what it means.
///
/// As they have been seen in 2025 and 2026 from Anthropic, OpenAI, Google, xAI, Groq, Mistral,
/// DeepSeek, Fireworks, OpenRouter, Together and Azure, most of them under 400.
const PHRASES: &[(&str, FaultKind)] = &[
    ("credit balance is too low", Billing),
    ("reached your specified api usage limits", Billing),
    ("out of extra usage", Billing),
    ("draw from your extra usage", Billing),
    ("extra usage is required", Billing),
    ("usage credits are required", Billing),
    ("hit your usage limit", Billing),
    ("reached your usage limit", Billing),
    ("usage limit reached", Billing),
    ("workspace api usage limits", Billing),
    ("billing hard limit", Billing),
    ("hard spend limit", Billing),
    ("spend limit", Billing),
    ("spending limit", Billing),
    ("spend cap", Billing),
    ("spending cap", Billing),
    ("spend alert", Billing),
    ("insufficient balance", Billing),
    ("insufficient credit", Billing),
    ("insufficient funds", Billing),
    ("out of credits", Billing),
    ("credits are depleted", Billing),
    ("have any credits", Billing),
    ("check your billing details", Billing),
    ("enable billing", Billing),
    ("past invoices", Billing),
    ("requires at least one payment method", Billing),
    ("organization has been disabled", Permission),
    ("organization has been restricted", Permission),
    ("organization must be verified", Permission),
    ("organization is not verified", Permission),
    ("access was terminated", Permission),
    ("access has been terminated", Permission),
    ("account has been deactivated", Permission),
    ("account has been disabled", Permission),
    ("account is not active", Permission),
    ("account is not authorized", Permission),
    ("account is deactivated", Permission),
    ("has been suspended", Permission),
    ("is suspended", Permission),
    ("api access is blocked", Permission),
    ("location is not supported", Permission),
    ("region, or territory not supported", Permission),
    ("not available in your country", Permission),
    ("credential is only authorized for", Permission),
    ("incorrect api key", Authentication),
    ("invalid api key", Authentication),
    ("api key not valid", Authentication),
    ("api key not found", Authentication),
    ("api key expired", Authentication),
    ("api key has been", Authentication),
    ("api key was reported as leaked", Authentication),
    ("invalid x-api-key", Authentication),
    ("invalid bearer token", Authentication),
    ("security token included in the request is invalid", Authentication),
];

/// What a message says of the account, if it speaks of it.
///
/// What it quotes does not count: that may be the app's own words.
pub(in super::super) fn account(message: &str) -> Option<FaultKind> {
    let said = unquoted(message).to_ascii_lowercase();
    PHRASES.iter().find(|(phrase, _)| said.contains(phrase)).map(|(_, kind)| *kind)
}

/// Most of a message that is read, in characters: the phrases stand at its beginning.
const READ: usize = 600;

/// A message without what it quotes. A quotation begins after a space, a colon or a bracket, which
/// tells an apostrophe within a word from it; one that is never closed reaches to the end.
pub(super) fn unquoted(message: &str) -> String {
    let mut said = String::with_capacity(message.len().min(READ));
    let mut within: Option<char> = None;
    let mut before = ' ';
    for letter in message.chars().take(READ) {
        let quote = matches!(letter, '"' | '`' | '\'');
        match within {
            Some(open) if open == letter => within = None,
            Some(_) => {}
            None if quote && matches!(before, ' ' | ':' | '(' | '[' | '{' | '=') => {
                within = Some(letter);
            }
            None => said.push(letter),
        }
        before = letter;
    }
    said
}
