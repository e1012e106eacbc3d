//! Words that say what kind of work a text asks for, in groups.
use super::hash::word_hash;

/// The groups: each is counted for itself.
pub(super) const WORDS: [&str; GROUPS] = [
    // What is to be written.
    "write create generate compose draft design make list give provide describe tell story poem \
     essay letter email blog article",
    // What is to be worked out.
    "calculate compute find solve determine evaluate simplify estimate count measure convert round \
     minimum maximum sum product average mean",
    "prove proof show derive theorem lemma suppose let assume hence therefore thus implies \
     satisfies exists unique contradiction",
    "code function def class return import python java javascript rust sql query api bug error \
     program script implement algorithm string array loop variable compile assert print",
    "summarize summary translate rewrite paraphrase shorten correct grammar sentence paragraph \
     text following passage extract classify",
    "why how explain because reason cause analyze compare discuss argue evaluate critique",
    "what which who when where whose whom",
    "not no never none neither nor except without false incorrect wrong cannot unlikely least",
    "might could would should may must can probably likely possible approximately",
    "if then else otherwise unless whether either both and or given statement true",
    "percent percentage dollars cents price cost pay paid total each every per twice half times \
     more less hours minutes days weeks miles how many much left remaining",
    "law court statute contract tort liable plaintiff defendant act constitution rights legal \
     state amendment evidence crime property jurisdiction",
    "patient disease symptoms treatment blood clinical cell protein gene dna cancer drug pain \
     heart brain bone muscle bacteria virus diagnosis",
    "energy force mass velocity temperature pressure electron atom molecule reaction acid water \
     heat current voltage field wave light gas solution equilibrium",
    "equation integral matrix polynomial triangle circle angle prime integer real complex vector \
     group ring graph root number numbers value values digits probability random",
    "war century government political economic market price demand supply policy society social \
     history historical trade tax money rate interest capital firm company",
    "i me my he she his her him they moral morally wrong scenario character please you your we",
];

/// How many groups there are.
pub(super) const GROUPS: usize = 17;

const SLOTS: usize = 1024;

/// Every word's hash, at its place or the next free one; 0 where a slot is free.
static HASHES: [u32; SLOTS] = table().0;

/// Its group, at the same place.
static OF: [u8; SLOTS] = table().1;

/// The group of a word, by its hash.
pub(super) fn group(hash: u32) -> Option<usize> {
    let mut at = place(hash);
    // A free slot ends the search, and most slots are free.
    loop {
        let own = HASHES.get(at % SLOTS).copied()?;
        if own == hash {
            return OF.get(at % SLOTS).copied().map(usize::from);
        }
        if own == 0 {
            return None;
        }
        at = at.wrapping_add(1);
    }
}

const fn place(hash: u32) -> usize {
    (hash ^ (hash >> 16)) as usize % SLOTS
}

#[expect(clippy::indexing_slicing, reason = "made by the compiler, which refuses a wrong place")]
#[expect(clippy::arithmetic_side_effects, reason = "made by the compiler, which sees overflow")]
const fn table() -> ([u32; SLOTS], [u8; SLOTS]) {
    let (mut hashes, mut groups) = ([0; SLOTS], [0; SLOTS]);
    let mut group = 0;
    while group < GROUPS {
        let mut rest = WORDS[group].as_bytes();
        while !rest.is_empty() {
            let mut end = 0;
            while end < rest.len() && rest[end] != b' ' {
                end += 1;
            }
            let (word, after) = rest.split_at(end);
            let hash = word_hash(word);
            let mut at = place(hash);
            while hashes[at] != 0 && hashes[at] != hash {
                at = (at + 1) % SLOTS;
            }
            // A word that stands in two groups belongs to the first.
            if end > 0 && hashes[at] == 0 {
                (hashes[at], groups[at]) = (hash, group as u8);
            }
            rest = match after.split_first() {
                Some((_, rest)) => rest,
                None => after,
            };
        }
        group += 1;
    }
    (hashes, groups)
}
