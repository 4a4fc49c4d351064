-- +goose Up

-- A row that a writer locks to take the next number of a series: one writer per series, on both databases.
CREATE TABLE serials (
    org    TEXT NOT NULL,
    series TEXT NOT NULL,
    value  BIGINT NOT NULL,
    PRIMARY KEY (org, series)
);

CREATE TABLE topologies (
    org       TEXT NOT NULL,
    seq       BIGINT NOT NULL,
    digest    TEXT NOT NULL,
    file      TEXT NOT NULL,
    source    BLOB NOT NULL,
    author    TEXT NOT NULL,
    stored_at BIGINT NOT NULL,
    PRIMARY KEY (org, seq)
);
CREATE INDEX topologies_by_digest ON topologies (org, digest, seq);

-- fingerprint covers what the digest leaves out: whether and how far the collections were read.
CREATE TABLE snapshots (
    id          TEXT NOT NULL PRIMARY KEY,
    org         TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    seq         BIGINT NOT NULL,
    digest      TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    taken_at    BIGINT NOT NULL,
    users       BIGINT NOT NULL,
    sealed      BIGINT NOT NULL,
    cursor_doc  BLOB NOT NULL,
    body        BLOB NOT NULL,
    UNIQUE (org, tenant, seq)
);
CREATE INDEX snapshots_newest ON snapshots (org, tenant, taken_at, seq);

CREATE TABLE plans (
    org    TEXT NOT NULL,
    kind   TEXT NOT NULL,
    digest TEXT NOT NULL,
    doc    BLOB NOT NULL,
    PRIMARY KEY (org, kind, digest)
);

CREATE TABLE requests (
    org       TEXT NOT NULL,
    id        TEXT NOT NULL,
    kind      TEXT NOT NULL,
    source    TEXT NOT NULL,
    target    TEXT NOT NULL,
    tenant    TEXT NOT NULL,
    status    TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    doc       BLOB NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX requests_by_tenant ON requests (tenant, status);

CREATE TABLE envelopes (
    org    TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    doc    BLOB NOT NULL,
    PRIMARY KEY (org, source, target)
);

CREATE TABLE links (
    org       TEXT NOT NULL,
    home      TEXT NOT NULL,
    person    TEXT NOT NULL,
    tenant    TEXT NOT NULL,
    object_id TEXT NOT NULL,
    PRIMARY KEY (org, home, person, tenant)
);

CREATE TABLE owned (
    org    TEXT NOT NULL,
    id     TEXT NOT NULL,
    kind   TEXT NOT NULL,
    tenant TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (org, id)
);

CREATE TABLE holds (
    org    TEXT NOT NULL,
    home   TEXT NOT NULL,
    person TEXT NOT NULL,
    tenant TEXT NOT NULL,
    doc    BLOB NOT NULL,
    PRIMARY KEY (org, home, person, tenant)
);

CREATE TABLE inclusions (
    org      TEXT NOT NULL,
    source   TEXT NOT NULL,
    target   TEXT NOT NULL,
    home     TEXT NOT NULL,
    person   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (org, source, target, home, person)
);

CREATE TABLE conversions (
    org         TEXT NOT NULL,
    source      TEXT NOT NULL,
    target      TEXT NOT NULL,
    home        TEXT NOT NULL,
    person      TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    object_id   TEXT NOT NULL,
    from_type   TEXT NOT NULL,
    to_type     TEXT NOT NULL,
    at          BIGINT NOT NULL,
    reverted_at BIGINT NOT NULL,
    PRIMARY KEY (org, source, target, home, person)
);

CREATE TABLE share_statuses (
    org    TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    run    BIGINT NOT NULL,
    seq    BIGINT NOT NULL,
    doc    BLOB NOT NULL,
    PRIMARY KEY (org, source, target)
);

CREATE TABLE tenant_statuses (
    org    TEXT NOT NULL,
    tenant TEXT NOT NULL,
    run    BIGINT NOT NULL,
    seq    BIGINT NOT NULL,
    doc    BLOB NOT NULL,
    PRIMARY KEY (org, tenant)
);

CREATE TABLE runs (
    org        TEXT NOT NULL,
    source     TEXT NOT NULL,
    target     TEXT NOT NULL,
    seq        BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    doc        BLOB NOT NULL,
    PRIMARY KEY (org, source, target, seq)
);
CREATE INDEX runs_newest ON runs (org, started_at);

CREATE TABLE coverage (
    org    TEXT NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    digest TEXT NOT NULL,
    doc    BLOB NOT NULL
);

CREATE TABLE coverage_rows (
    org        TEXT NOT NULL,
    upn        TEXT NOT NULL,
    home       TEXT NOT NULL,
    person     TEXT NOT NULL,
    name       TEXT NOT NULL,
    left_set   BIGINT NOT NULL,
    upn_lower  TEXT NOT NULL,
    name_lower TEXT NOT NULL,
    cells      BLOB NOT NULL,
    PRIMARY KEY (org, upn, home, person)
);

CREATE TABLE reductions (
    org       TEXT NOT NULL,
    id        TEXT NOT NULL,
    run       BIGINT NOT NULL,
    seq       BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    doc       BLOB NOT NULL,
    PRIMARY KEY (org, id)
);

-- doc is exactly what was hashed. The head is what a cut-off tail is noticed by.
CREATE TABLE ledger (
    org  TEXT NOT NULL,
    seq  BIGINT NOT NULL,
    key  TEXT NOT NULL,
    hash TEXT NOT NULL,
    doc  BLOB NOT NULL,
    PRIMARY KEY (org, seq),
    UNIQUE (org, key)
);

CREATE TABLE ledger_heads (
    org  TEXT NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
