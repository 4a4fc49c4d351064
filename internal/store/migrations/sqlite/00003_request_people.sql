-- +goose Up

-- What a plan means to whom, listed once per plan that somebody is asked about. list is a short name for the digest.
CREATE TABLE people_lists (
    org    TEXT NOT NULL,
    digest TEXT NOT NULL,
    list   BIGINT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    doc    BLOB NOT NULL,
    PRIMARY KEY (org, digest)
);

-- haystack is what a search looks into: user principal name, name and mail address, in lower case. claims is the
-- address that those who come bring along, in lower case.
CREATE TABLE people_rows (
    org       TEXT NOT NULL,
    list      BIGINT NOT NULL,
    ordinal   BIGINT NOT NULL,
    haystack  TEXT NOT NULL,
    action    TEXT NOT NULL,
    standing  TEXT NOT NULL,
    becomes   TEXT NOT NULL,
    upn       TEXT NOT NULL,
    name      TEXT NOT NULL,
    home      TEXT NOT NULL,
    person    TEXT NOT NULL,
    object_id TEXT NOT NULL,
    reason    TEXT NOT NULL,
    note      TEXT NOT NULL,
    mail      TEXT NOT NULL,
    claims    TEXT NOT NULL,
    PRIMARY KEY (org, list, ordinal)
);
CREATE INDEX people_rows_by_claim ON people_rows (org, claims);

-- Which list each request reads, and what it sums up to; a list that none reads any more goes.
CREATE TABLE people_uses (
    org     TEXT NOT NULL,
    request TEXT NOT NULL,
    digest  TEXT NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (org, request)
);
CREATE INDEX people_uses_by_digest ON people_uses (org, digest);

-- What was looked up in a request's target for its question alone.
CREATE TABLE request_evidence (
    org     TEXT NOT NULL,
    request TEXT NOT NULL,
    doc     BLOB NOT NULL,
    PRIMARY KEY (org, request)
);
