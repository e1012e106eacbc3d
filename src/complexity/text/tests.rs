//! What is counted and hashed.
use super::*;
use crate::complexity::hash::word_hash;

fn read(texts: &[&str]) -> (Counts, Vec<u32>) {
    let mut hashes = Vec::new();
    let mut reader = Reader::new(|[word, both]: [u32; 2]| {
        hashes.push(word);
        hashes.extend((both != word).then_some(both));
    });
    texts.iter().for_each(|text| reader.read(text));
    let counts = reader.finish();
    (counts, hashes)
}

fn hashes(text: &str) -> Vec<u32> {
    read(&[text]).1
}

#[test]
fn words_and_pairs_are_hashed() {
    let [one, two] = ["prove", "it"].map(|word| hashes(word).first().copied().unwrap());
    let both = hashes("prove it");
    assert_eq!(both.get(..2).unwrap(), [one, two]);
    assert_eq!(both.len(), 3);
    assert_ne!(both.last(), hashes("it prove").last(), "the order of a pair matters");
    assert_eq!(hashes("PROVE, (it)"), both, "letters count, not how they are written");
    assert_eq!(hashes("17"), hashes("42"), "one number is like another of its length");
    assert_ne!(hashes("17"), hashes("170"));
    assert_eq!(read(&["prove", "it"]).1, [one, two], "no pair reaches over two texts");
    assert_eq!(hashes("東京都").len(), 5, "three words of one character, two pairs");
}

#[test]
fn structure_is_counted() {
    let text =
        "# Title\n\nWhich is a prime?\n(A) 12\nB. 13\n c) 15\n- no\n```\n    let x = 1;\n```";
    let (counts, _) = read(&[text]);
    assert_eq!((counts.lines, counts.blank_lines, counts.headings), (10, 1, 1));
    assert_eq!((counts.options, counts.bullets, counts.fences), (3, 1, 2));
    assert_eq!((counts.indented_lines, counts.numbers), (1, 4));
    assert_eq!((counts.of(b'('), counts.of(b'`'), counts.of(b'=')), (3, 6, 1));
    assert_eq!(counts.length, 74);
}

#[test]
fn what_is_too_long_is_measured_and_not_read() {
    let long = "word ".repeat(READ_MAX);
    let (counts, _) = read(&[&long, "more"]);
    assert_eq!(counts.length, u64::try_from(long.len().wrapping_add(4)).unwrap());
    let read: u32 = counts.bytes.iter().sum();
    assert_eq!(usize::try_from(read).unwrap(), READ_MAX);
}

#[test]
fn every_keyword_is_found_in_its_group() {
    for (at, words) in keywords::WORDS.iter().enumerate() {
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            let first = keywords::WORDS.iter().position(|all| all.split(' ').any(|w| w == word));
            assert_eq!(keywords::group(word_hash(word.as_bytes())), first, "{word} in {at}");
        }
    }
    assert_eq!(keywords::group(word_hash(b"tradewind")), None);
}
