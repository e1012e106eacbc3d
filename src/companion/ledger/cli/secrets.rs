//! Tokens and secrets: from files or from the environment, never from the command line, where
//! every process of the machine could read them.
use std::fs;
use std::path::Path;

/// Shorter ones can be guessed.
const SHORT: usize = 16;

/// Those of a file, one per line, and the one of a variable of the environment.
///
/// # Errors
/// When the file cannot be read or holds none.
pub(super) fn gather(file: Option<&Path>, variable: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    if let Some(path) = file {
        let text = fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))?;
        let lines = text.lines().map(str::trim);
        found.extend(lines.filter(|line| !line.is_empty()).map(ToOwned::to_owned));
        if found.is_empty() {
            return Err(format!("{}: expected one secret per line", path.display()));
        }
    }
    match std::env::var(variable) {
        Ok(secret) if !secret.is_empty() => found.push(secret),
        Ok(_) | Err(std::env::VarError::NotPresent) => {}
        Err(std::env::VarError::NotUnicode(_)) => return Err(format!("{variable}: not UTF-8")),
    }
    let odd = |secret: &String| !secret.bytes().all(|byte| byte.is_ascii_graphic());
    if found.iter().any(odd) {
        let place = file.map_or(variable.to_owned(), |path| path.display().to_string());
        return Err(format!("{place}: a secret consists of visible ASCII characters"));
    }
    Ok(found)
}

/// Whether one of them can be guessed.
pub(super) fn weak(secrets: &[String]) -> bool {
    secrets.iter().any(|secret| secret.len() < SHORT)
}
