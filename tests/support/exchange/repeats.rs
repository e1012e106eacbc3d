//! What a worker remembers of requests changes nothing that is told of them.
use crate::files::texts;
use crate::support::{gateway, split, tell, tell_of_many};

#[test]
fn a_worker_that_remembers_tells_what_one_does_that_has_served_nobody() {
    let mut played = 0_usize;
    for (name, text) in texts("story", ".txt").iter().filter(|(name, _)| name.starts_with("cache"))
    {
        played += 1;
        let (one, many) = (tell(text, gateway, |_, _| ()), tell_of_many(text, gateway));
        assert_eq!(one.as_ref().map(|(told, _)| &**told), Ok(split(text).1), "{name}");
        assert_eq!(one, many, "{name}");
    }
    assert!(played > 8, "there are only {played}");
}
