-- Amounts are whole millionths of a credit, times are milliseconds since 1970 in UTC.
-- A seal is a digest of the rest of its row.
CREATE TABLE tenants (
    tenant TEXT NOT NULL PRIMARY KEY,
    balance INTEGER NOT NULL,
    held INTEGER NOT NULL,
    overdraft INTEGER NOT NULL,
    last_purchase INTEGER NOT NULL,
    budgets TEXT NOT NULL, -- one a line
    alarms TEXT NOT NULL, -- one a line
    webhook TEXT,
    mark INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    alerts INTEGER NOT NULL,
    seal INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lots (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    expires_at INTEGER,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    user_name TEXT,
    key_name TEXT,
    credits INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    lapsed INTEGER NOT NULL, -- what it still held when it expired
    made INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    settled INTEGER,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_due ON holds (tenant, expires_at) WHERE state = 'open';

CREATE TABLE draws (
    tenant TEXT NOT NULL,
    hold_id TEXT NOT NULL,
    id TEXT NOT NULL,
    credits INTEGER NOT NULL,
    releases INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, hold_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE purchases (
    tenant TEXT NOT NULL,
    key_name TEXT NOT NULL,
    number INTEGER NOT NULL,
    asked TEXT NOT NULL, -- credits or paid
    credits INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    discount INTEGER NOT NULL, -- parts of a million
    expires_at INTEGER,
    at INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    available INTEGER NOT NULL,
    last_purchase INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, key_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE adjustments (
    tenant TEXT NOT NULL,
    key_name TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL, -- credit, debit, refund or void
    credits INTEGER, -- what was asked for
    purchase TEXT,
    lot INTEGER,
    expires_at INTEGER,
    reason TEXT NOT NULL,
    amount INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    at INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    available INTEGER NOT NULL,
    last_purchase INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, key_name)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    hold_id TEXT,
    draw TEXT,
    part INTEGER,
    user_name TEXT,
    key_name TEXT, -- of a purchase: the buyer's own id of it
    model TEXT,
    outcome TEXT,
    counts_at INTEGER,
    late INTEGER,
    overrun INTEGER,
    flags TEXT, -- one a line
    estimated INTEGER,
    input INTEGER,
    cached_input INTEGER,
    cache_write INTEGER,
    cache_write_1h INTEGER,
    output INTEGER,
    reasoning INTEGER,
    lot INTEGER,
    expires_at INTEGER,
    reason TEXT,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    threshold TEXT NOT NULL,
    balance INTEGER NOT NULL,
    available INTEGER NOT NULL,
    last_purchase INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    error TEXT,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX alerts_pending ON alerts (next_at) WHERE state = 'pending';
CREATE INDEX alerts_at ON alerts (at);

CREATE TABLE meters (
    tenant TEXT NOT NULL,
    span TEXT NOT NULL, -- a day or a month
    label TEXT NOT NULL,
    spent INTEGER NOT NULL,
    held INTEGER NOT NULL,
    seal INTEGER NOT NULL,
    PRIMARY KEY (tenant, span, label)
) STRICT, WITHOUT ROWID;

CREATE INDEX meters_span ON meters (span, label);

CREATE TABLE tiers (
    at_least INTEGER NOT NULL PRIMARY KEY,
    discount INTEGER NOT NULL, -- parts of a million
    seal INTEGER NOT NULL
) STRICT;

-- Written to see whether it can be.
CREATE TABLE probe (
    id INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
