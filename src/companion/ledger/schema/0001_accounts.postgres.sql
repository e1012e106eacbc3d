-- Amounts are whole millionths of a credit, times are milliseconds since 1970 in UTC.
-- A seal is a digest of the rest of its row. Names are compared by their bytes.
CREATE TABLE tenants (
    tenant text COLLATE "C" NOT NULL PRIMARY KEY,
    balance bigint NOT NULL,
    held bigint NOT NULL,
    overdraft bigint NOT NULL,
    last_purchase bigint NOT NULL,
    budgets text COLLATE "C" NOT NULL, -- one a line
    alarms text COLLATE "C" NOT NULL, -- one a line
    webhook text COLLATE "C",
    mark bigint NOT NULL,
    entries bigint NOT NULL,
    alerts bigint NOT NULL,
    seal bigint NOT NULL
);

CREATE TABLE lots (
    tenant text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    remaining bigint NOT NULL,
    expires_at bigint,
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, number)
);

CREATE TABLE holds (
    tenant text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    user_name text COLLATE "C",
    key_name text COLLATE "C",
    credits bigint NOT NULL,
    remaining bigint NOT NULL,
    lapsed bigint NOT NULL, -- what it still held when it expired
    made bigint NOT NULL,
    expires_at bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    settled bigint,
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE INDEX holds_due ON holds (tenant, expires_at) WHERE state = 'open';

CREATE TABLE draws (
    tenant text COLLATE "C" NOT NULL,
    hold_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    credits bigint NOT NULL,
    releases bigint NOT NULL,
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, hold_id, id)
);

CREATE TABLE purchases (
    tenant text COLLATE "C" NOT NULL,
    key_name text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    asked text COLLATE "C" NOT NULL, -- credits or paid
    credits bigint NOT NULL,
    paid bigint NOT NULL,
    discount bigint NOT NULL, -- parts of a million
    expires_at bigint,
    at bigint NOT NULL,
    balance bigint NOT NULL,
    available bigint NOT NULL,
    last_purchase bigint NOT NULL,
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, key_name)
);

CREATE TABLE adjustments (
    tenant text COLLATE "C" NOT NULL,
    key_name text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    kind text COLLATE "C" NOT NULL, -- credit, debit, refund or void
    credits bigint, -- what was asked for
    purchase text COLLATE "C",
    lot bigint,
    expires_at bigint,
    reason text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    paid bigint NOT NULL,
    at bigint NOT NULL,
    balance bigint NOT NULL,
    available bigint NOT NULL,
    last_purchase bigint NOT NULL,
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, key_name)
);

CREATE TABLE entries (
    tenant text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    balance bigint NOT NULL,
    hold_id text COLLATE "C",
    draw text COLLATE "C",
    part bigint,
    user_name text COLLATE "C",
    key_name text COLLATE "C", -- of a purchase: the buyer's own id of it
    model text COLLATE "C",
    outcome text COLLATE "C",
    counts_at bigint,
    late bigint,
    overrun bigint,
    flags text COLLATE "C", -- one a line
    estimated bigint,
    input bigint,
    cached_input bigint,
    cache_write bigint,
    cache_write_1h bigint,
    output bigint,
    reasoning bigint,
    lot bigint,
    expires_at bigint,
    reason text COLLATE "C",
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, number)
);

CREATE TABLE alerts (
    tenant text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    at bigint NOT NULL,
    threshold text COLLATE "C" NOT NULL,
    balance bigint NOT NULL,
    available bigint NOT NULL,
    last_purchase bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL,
    next_at bigint NOT NULL,
    error text COLLATE "C",
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, number)
);

CREATE INDEX alerts_pending ON alerts (next_at) WHERE state = 'pending';
CREATE INDEX alerts_at ON alerts (at);

CREATE TABLE meters (
    tenant text COLLATE "C" NOT NULL,
    span text COLLATE "C" NOT NULL, -- a day or a month
    label text COLLATE "C" NOT NULL,
    spent bigint NOT NULL,
    held bigint NOT NULL,
    seal bigint NOT NULL,
    PRIMARY KEY (tenant, span, label)
);

CREATE INDEX meters_span ON meters (span, label);

CREATE TABLE tiers (
    at_least bigint NOT NULL PRIMARY KEY,
    discount bigint NOT NULL, -- parts of a million
    seal bigint NOT NULL
);

-- Written to see whether it can be.
CREATE TABLE probe (
    id bigint NOT NULL PRIMARY KEY,
    at bigint NOT NULL
);
