//! Weights as a file: JSON for people, with the numbers as base64 in it; or that base64 alone, as
//! it stands in a policy.
use super::base64::{decode, encode};
use super::hash::TABLE_BITS;
use super::kinds::{KINDS_MAX, Kind, TIGHT_MAX};
use super::lexical::LEXICAL;
use super::score::Score;
use super::weights::{KNOTS, Lexical, ROUTES_MAX, Route, Weights};
use crate::json::{Document, Limits, Writer};

/// What the bytes begin with; the last one is the version of all that a score is made of: the
/// words, their hashes and the counts too.
const MAGIC: [u8; 4] = *b"TWC\x02";

/// The smallest table that is read.
const BITS_MIN: u32 = 8;

/// The largest file that is read, in bytes.
const LARGEST: usize = 256 << 10;

impl Weights {
    /// Reads a file of weights, or the base64 that stands in one.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub fn parse(file: &[u8]) -> Result<Self, String> {
        if file.len() > LARGEST {
            return Err(format!(
                "{} bytes are no weights: they have at most {LARGEST}",
                file.len()
            ));
        }
        match file.trim_ascii() {
            [] => Err(format!("empty: {EXPECTED}")),
            [b'{', ..] => from_json(file),
            text => from_base64(text),
        }
    }

    /// The file: `about` is what the caller has to say of them, as the members of a JSON object.
    #[must_use]
    pub fn to_json(&self, about: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let bytes = self.bytes();
        let mut out = Writer::new();
        out.object(|out| {
            out.key("kind").string("tradewind complexity weights");
            out.key("checksum").string(&format!("{:016x}", checksum(&bytes)));
            out.key("threshold").raw(&self.threshold.to_string());
            out.key("about").object(about);
            out.key("weights").string(&encode(&sealed(bytes)));
        });
        let mut text = out.finish();
        text.push(b'\n');
        text
    }

    /// The numbers, without their checksum.
    fn bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.push(u8::try_from(self.bits).unwrap_or(u8::MAX));
        out.extend(self.threshold.parts().to_le_bytes());
        out.extend(self.table_scale.to_le_bytes());
        out.extend(self.lexical_scale.to_le_bytes());
        out.extend(self.bias.to_le_bytes());
        for own in &self.lexical {
            out.extend(own.centre.to_le_bytes());
            out.extend(own.inverse.to_le_bytes());
            out.extend(own.weight.to_le_bytes());
        }
        self.knots.iter().for_each(|knot| out.extend(knot.to_le_bytes()));
        out.extend(self.table.iter().flat_map(|weight| weight.to_le_bytes()));
        out.push(u8::try_from(self.kinds.len()).unwrap_or(u8::MAX));
        for kind in &self.kinds {
            out.extend(kind.centre.iter().flat_map(|own| own.to_le_bytes()));
            out.extend(kind.tight.iter().flat_map(|own| own.to_le_bytes()));
            out.extend(kind.base.to_le_bytes());
            out.extend(kind.limit.to_le_bytes());
            out.extend(kind.usual.iter().flat_map(|own| own.to_le_bytes()));
            out.extend(kind.others.to_le_bytes());
        }
        out.extend(u16::try_from(self.routes.len()).unwrap_or(u16::MAX).to_le_bytes());
        for route in &self.routes {
            out.push(u8::try_from(route.name.len()).unwrap_or(u8::MAX));
            out.extend(route.name.as_bytes());
            out.extend(route.mean.to_le_bytes());
        }
        out
    }
}

const EXPECTED: &str = "expected a file that `tradewind calibrate` wrote, or the base64 in it";

fn from_json(file: &[u8]) -> Result<Weights, String> {
    let document = Document::parse(file, Limits::lenient())
        .map_err(|error| format!("not JSON: {error}; {EXPECTED}"))?;
    let root = document.root();
    let base64 = root.str_of("weights").ok_or_else(|| format!("no `weights`: {EXPECTED}"))?;
    let weights = from_base64(base64.as_bytes())?;
    let threshold = root.given("threshold").and_then(|value| Score::of(value.as_f64()?));
    if threshold != Some(weights.threshold) {
        return Err(format!(
            "`threshold` is not {}, which the weights have: set another one in the policy",
            weights.threshold
        ));
    }
    Ok(weights)
}

fn from_base64(text: &[u8]) -> Result<Weights, String> {
    let bytes = decode(text).ok_or_else(|| format!("not base64: {EXPECTED}"))?;
    let wrong = |what: &str| format!("{what}: {EXPECTED}");
    match bytes.strip_prefix(MAGIC.get(..3).unwrap_or_default()) {
        None => return Err(wrong("no weights")),
        Some([2, ..]) => {}
        Some(_) => return Err("weights of another version: calibrate again".to_owned()),
    }
    let cut = || wrong(&format!("wrong size, {} bytes", bytes.len()));
    let (body, sum) = bytes.split_last_chunk::<8>().ok_or_else(cut)?;
    let weights = read(body).ok_or_else(cut)?;
    if u64::from_le_bytes(*sum) != checksum(body) {
        return Err("the checksum is wrong: the weights were changed or damaged on the way".into());
    }
    check(&weights)?;
    Ok(weights)
}

/// Whether numbers are some that calibration makes.
fn check(weights: &Weights) -> Result<(), String> {
    let far = |kind: &Kind| {
        kind.tight.iter().any(|own| *own > TIGHT_MAX)
            || kind.centre.iter().any(|own| own.unsigned_abs() > 48)
    };
    if weights.kinds.iter().any(far) {
        return Err("the kinds of the weights are out of range: calibrate again".to_owned());
    }
    if !weights.knots.is_sorted() {
        return Err("the scores of the weights are out of order: calibrate again".to_owned());
    }
    if !weights.routes.is_sorted_by(|a, b| a.name < b.name) {
        return Err("the routes of the weights are out of order: calibrate again".to_owned());
    }
    Ok(())
}

/// Reads the numbers; `None` where there are too few or too many.
fn read(body: &[u8]) -> Option<Weights> {
    let mut rest = Bytes(body.strip_prefix(&MAGIC)?);
    let [bits] = rest.take()?;
    let bits = u32::from(bits);
    if !(BITS_MIN..=TABLE_BITS).contains(&bits) {
        return None;
    }
    let threshold = u16::from_le_bytes(rest.take()?);
    let table_scale = u32::from_le_bytes(rest.take()?);
    let lexical_scale = u32::from_le_bytes(rest.take()?);
    let bias = i32::from_le_bytes(rest.take()?);
    let mut lexical = [Lexical::default(); LEXICAL];
    for own in &mut lexical {
        own.centre = u16::from_le_bytes(rest.take()?);
        own.inverse = u16::from_le_bytes(rest.take()?);
        own.weight = i8::from_le_bytes(rest.take()?);
    }
    let mut knots = [0; KNOTS];
    for knot in &mut knots {
        *knot = i32::from_le_bytes(rest.take()?);
    }
    let table = rest.part(1_usize.wrapping_shl(bits))?;
    let table = table.iter().map(|weight| i8::from_le_bytes([*weight])).collect();
    let kinds = read_kinds(&mut rest, 1_usize.wrapping_shl(bits) / 64)?;
    let count = usize::from(u16::from_le_bytes(rest.take()?));
    if count > ROUTES_MAX {
        return None;
    }
    let mut routes = Vec::with_capacity(count);
    for _ in 0..count {
        let [length] = rest.take()?;
        let name = core::str::from_utf8(rest.part(length.into())?).ok()?.to_owned();
        routes.push(Route { name, mean: i32::from_le_bytes(rest.take()?) });
    }
    let threshold = (threshold <= Score::PARTS).then_some(Score::of_parts(threshold))?;
    rest.0.is_empty().then_some(Weights {
        bits,
        table,
        table_scale,
        lexical,
        lexical_scale,
        bias,
        knots,
        threshold,
        kinds,
        routes,
    })
}

/// Reads kinds whose usual places take so many words.
fn read_kinds(rest: &mut Bytes<'_>, words: usize) -> Option<Vec<Kind>> {
    let [count] = rest.take()?;
    let count = usize::from(count);
    if count > KINDS_MAX {
        return None;
    }
    let mut kinds = Vec::with_capacity(count);
    for _ in 0..count {
        let usual = vec![0; words];
        let (centre, tight) = ([0; LEXICAL], [0; LEXICAL]);
        let mut kind = Kind { centre, tight, base: 0, limit: 0, usual, others: 0 };
        for own in &mut kind.centre {
            *own = i8::from_le_bytes(rest.take()?);
        }
        for own in &mut kind.tight {
            *own = u16::from_le_bytes(rest.take()?);
        }
        kind.base = i32::from_le_bytes(rest.take()?);
        kind.limit = i32::from_le_bytes(rest.take()?);
        for own in &mut kind.usual {
            *own = u64::from_le_bytes(rest.take()?);
        }
        kind.others = u16::from_le_bytes(rest.take()?);
        kinds.push(kind);
    }
    Some(kinds)
}

/// Bytes that are taken from the front.
struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn part(&mut self, length: usize) -> Option<&'b [u8]> {
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.part(N)?.try_into().ok()
    }
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// FNV-1a, 64 bits: it finds damage, and keeps nobody out.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, b: &u8| (sum ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

#[cfg(test)]
mod tests;
