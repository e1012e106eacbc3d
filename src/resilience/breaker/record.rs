//! A breaker as the workers of a proxy share it.
use super::super::cell::Record;
use super::{Breaker, Count};
use crate::layout::{Reader, Writer};

impl Record for Breaker {
    const KIND: &'static str = "breaker.3";

    /// One for all models of a proxy: a request reads what is known of all of them at once.
    const BUCKETS: u64 = 1;

    /// Models that have ever failed. Of more than that, those are forgotten whose breakers are
    /// closed and have changed least recently; where all are open, another one stays closed.
    const RECORDS_MAX: usize = 128;

    const BYTES_MAX: usize = 32 << 10;

    fn write(&self, out: &mut Writer) {
        let quiet = Self { changed_ms: self.changed_ms, ..Self::default() } == *self;
        out.number(self.changed_ms);
        out.flag(!quiet);
        if quiet {
            return;
        }
        let Count { all, failed } = self.before;
        for number in [
            self.until_ms,
            self.wait_until_ms,
            self.probe_ms,
            self.by,
            self.level,
            self.limited,
            self.streak,
            self.failed_ms,
            self.half_ms,
            all,
            failed,
            self.count.all,
            self.count.failed,
        ] {
            out.number(number);
        }
        out.flag(self.cut);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        let changed_ms = fields.number()?;
        if !fields.flag()? {
            return Some(Self { changed_ms, ..Self::default() });
        }
        let mut number = || fields.number();
        let read = Self {
            changed_ms,
            until_ms: number()?,
            wait_until_ms: number()?,
            probe_ms: number()?,
            by: number()?,
            level: number()?,
            limited: number()?,
            streak: number()?,
            failed_ms: number()?,
            half_ms: number()?,
            before: Count { all: number()?, failed: number()? },
            count: Count { all: number()?, failed: number()? },
            cut: false,
        };
        Some(Self { cut: fields.flag()?, ..read })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        self.until_ms > 0
    }
}
