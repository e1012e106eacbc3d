//! A document that a model reads as it stands, page by page: a PDF.
use std::borrow::Cow;

/// A document, by where its bytes are. One of words alone is [`super::Block::Text`].
#[derive(Debug, Clone)]
pub struct File<'d> {
    /// What the app calls it, where it does.
    pub name: Option<Cow<'d, str>>,
    /// Where its bytes are.
    pub source: FileSource<'d>,
}

/// Where a document's bytes are.
#[derive(Debug, Clone)]
pub enum FileSource<'d> {
    /// By address (`http:` or `https:`).
    Url(Cow<'d, str>),
    /// In the request itself: a PDF in standard base64.
    Pdf(Cow<'d, str>),
}

/// The media type of the documents that every provider reads.
pub(super) const PDF: &str = "application/pdf";

/// What a page is guessed to cost: its text and its picture. Claude is told 1,600 tokens of a
/// scanned page and some 2,300 of a full one
/// (<https://platform.claude.com/docs/en/build-with-claude/pdf-support>), Gemini 258, or 560 from
/// Gemini 3 on (<https://ai.google.dev/gemini-api/docs/document-processing>), GPT the text and a
/// picture (<https://developers.openai.com/api/docs/guides/file-inputs>).
const PAGE: u64 = 2000;

/// How much base64 is guessed to be a page: a page of text is some 10 KiB, a scanned one 200.
const PAGE_BYTES: u64 = 64 << 10;

/// Most pages that a guess goes to. No more than a guess, it must pass no model over that could
/// have read the document: 100,000 tokens fit into nearly every window.
const PAGES_MAX: u64 = 50;

impl File<'_> {
    /// How many bytes of the request it is, in base64.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.source {
            FileSource::Url(_) => 0,
            FileSource::Pdf(data) => data.len(),
        }
    }

    /// A guess at its tokens. It is no bound: a PDF is compressed, and a thousand pages may be a
    /// few thousand bytes. What a document may cost at most is a model's whole context window.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        let bytes = u64::try_from(self.bytes()).unwrap_or(u64::MAX);
        bytes.div_ceil(PAGE_BYTES).clamp(1, PAGES_MAX).saturating_mul(PAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::{File, FileSource, PAGE};

    #[test]
    fn a_guess_is_of_a_page_at_least_and_never_a_whole_window() {
        let guess = |source| File { name: None, source }.estimate();
        assert_eq!(guess(FileSource::Url("https://x.test/a.pdf".into())), PAGE);
        for (bytes, pages) in [(0, 1), (1, 1), (65_536, 1), (65_537, 2), (30 << 20, 50)] {
            assert_eq!(guess(FileSource::Pdf("A".repeat(bytes).into())), pages * PAGE, "{bytes}");
        }
    }
}
