-- +goose Up

-- A row that a writer locks to take the next number of a series: one writer per series, on both databases.
CREATE TABLE serials (
    org    TEXT COLLATE "C" NOT NULL,
    series TEXT COLLATE "C" NOT NULL,
    value  BIGINT NOT NULL,
    PRIMARY KEY (org, series)
);

CREATE TABLE topologies (
    org       TEXT COLLATE "C" NOT NULL,
    seq       BIGINT NOT NULL,
    digest    TEXT COLLATE "C" NOT NULL,
    file      TEXT COLLATE "C" NOT NULL,
    source    BYTEA NOT NULL,
    author    TEXT COLLATE "C" NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (org, seq)
);
CREATE INDEX topologies_by_digest ON topologies (org, digest, seq);

-- fingerprint covers what the digest leaves out: whether and how far the collections were read.
CREATE TABLE snapshots (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    org         TEXT COLLATE "C" NOT NULL,
    tenant      TEXT COLLATE "C" NOT NULL,
    seq         BIGINT NOT NULL,
    digest      TEXT COLLATE "C" NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    taken_at    BIGINT NOT NULL,
    users       BIGINT NOT NULL,
    sealed      BIGINT NOT NULL,
    cursor_doc  BYTEA NOT NULL,
    body        BYTEA NOT NULL,
    UNIQUE (org, tenant, seq)
);
CREATE INDEX snapshots_newest ON snapshots (org, tenant, taken_at, seq);

CREATE TABLE plans (
    org    TEXT COLLATE "C" NOT NULL,
    kind   TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    doc    BYTEA NOT NULL,
    PRIMARY KEY (org, kind, digest)
);

CREATE TABLE requests (
    org       TEXT COLLATE "C" NOT NULL,
    id        TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    source    TEXT COLLATE "C" NOT NULL,
    target    TEXT COLLATE "C" NOT NULL,
    tenant    TEXT COLLATE "C" NOT NULL,
    status    TEXT COLLATE "C" NOT NULL,
    opened_at BIGINT NOT NULL,
    doc       BYTEA NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX requests_by_tenant ON requests (tenant, status);

CREATE TABLE envelopes (
    org    TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    doc    BYTEA NOT NULL,
    PRIMARY KEY (org, source, target)
);

CREATE TABLE links (
    org       TEXT COLLATE "C" NOT NULL,
    home      TEXT COLLATE "C" NOT NULL,
    person    TEXT COLLATE "C" NOT NULL,
    tenant    TEXT COLLATE "C" NOT NULL,
    object_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org, home, person, tenant)
);

CREATE TABLE owned (
    org    TEXT COLLATE "C" NOT NULL,
    id     TEXT COLLATE "C" NOT NULL,
    kind   TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (org, id)
);

CREATE TABLE holds (
    org    TEXT COLLATE "C" NOT NULL,
    home   TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    doc    BYTEA NOT NULL,
    PRIMARY KEY (org, home, person, tenant)
);

CREATE TABLE inclusions (
    org      TEXT COLLATE "C" NOT NULL,
    source   TEXT COLLATE "C" NOT NULL,
    target   TEXT COLLATE "C" NOT NULL,
    home     TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    reason   TEXT COLLATE "C" NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (org, source, target, home, person)
);

CREATE TABLE conversions (
    org         TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    target      TEXT COLLATE "C" NOT NULL,
    home        TEXT COLLATE "C" NOT NULL,
    person      TEXT COLLATE "C" NOT NULL,
    tenant      TEXT COLLATE "C" NOT NULL,
    object_id   TEXT COLLATE "C" NOT NULL,
    from_type   TEXT COLLATE "C" NOT NULL,
    to_type     TEXT COLLATE "C" NOT NULL,
    at          BIGINT NOT NULL,
    reverted_at BIGINT NOT NULL,
    PRIMARY KEY (org, source, target, home, person)
);

CREATE TABLE share_statuses (
    org    TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    run    BIGINT NOT NULL,
    seq    BIGINT NOT NULL,
    doc    BYTEA NOT NULL,
    PRIMARY KEY (org, source, target)
);

CREATE TABLE tenant_statuses (
    org    TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    run    BIGINT NOT NULL,
    seq    BIGINT NOT NULL,
    doc    BYTEA NOT NULL,
    PRIMARY KEY (org, tenant)
);

CREATE TABLE runs (
    org        TEXT COLLATE "C" NOT NULL,
    source     TEXT COLLATE "C" NOT NULL,
    target     TEXT COLLATE "C" NOT NULL,
    seq        BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    doc        BYTEA NOT NULL,
    PRIMARY KEY (org, source, target, seq)
);
CREATE INDEX runs_newest ON runs (org, started_at);

CREATE TABLE coverage (
    org    TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    doc    BYTEA NOT NULL
);

CREATE TABLE coverage_rows (
    org        TEXT COLLATE "C" NOT NULL,
    upn        TEXT COLLATE "C" NOT NULL,
    home       TEXT COLLATE "C" NOT NULL,
    person     TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    left_set   BIGINT NOT NULL,
    upn_lower  TEXT COLLATE "C" NOT NULL,
    name_lower TEXT COLLATE "C" NOT NULL,
    cells      BYTEA NOT NULL,
    PRIMARY KEY (org, upn, home, person)
);

CREATE TABLE reductions (
    org       TEXT COLLATE "C" NOT NULL,
    id        TEXT COLLATE "C" NOT NULL,
    run       BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    doc       BYTEA NOT NULL,
    PRIMARY KEY (org, id)
);

-- doc is exactly what was hashed. The head is what a cut-off tail is noticed by.
CREATE TABLE ledger (
    org  TEXT COLLATE "C" NOT NULL,
    seq  BIGINT NOT NULL,
    key  TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    doc  BYTEA NOT NULL,
    PRIMARY KEY (org, seq),
    UNIQUE (org, key)
);

CREATE TABLE ledger_heads (
    org  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);
