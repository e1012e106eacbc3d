//! Books for audits.

/// Something in every table, and in every column of one row at least.
pub(crate) const BOOKS: &str = "
    tiers  100:10%  configured
    configure  alice  overdraft=5  alerts=290  budget=day:500:user:ci  configured
    configure  alice  webhook=http://alerts.test/  configured
    buy  alice  k1  200  until=2026-03-02T00:00:00Z  purchased
    buy  alice  k2  90  paid  purchased
    buy  bob  k1  5  until=2026-03-01T01:00:00Z  purchased
    hold  h1  alice  40  user=ci  key=k  held
    settle  h1  25  user=ci  key=k  part=gpt:10  part=claude:15  flag=usage_rejected  settled
    hold  l1  alice  20  held
    settle  l1  3  draw=d1:5  settled
    hold  h2  alice  9  user=ci  key=k  for=60  held
    hold  h3  bob  1  for=60  held
    adjust  alice  a1  credit  5  until=2026-03-03T00:00:00Z  adjusted
    adjust  alice  a2  refund  k2  9  adjusted
    tick  2h
    sweep  bob  swept
";
