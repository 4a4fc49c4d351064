-- +goose Up

-- What a plan means to whom, listed once per plan that somebody is asked about. list is a short name for the digest.
CREATE TABLE people_lists (
    org    TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    list   BIGINT NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    doc    BYTEA NOT NULL,
    PRIMARY KEY (org, digest)
);

-- haystack is what a search looks into: user principal name, name and mail address, in lower case. claims is the
-- address that those who come bring along, in lower case.
CREATE TABLE people_rows (
    org       TEXT COLLATE "C" NOT NULL,
    list      BIGINT NOT NULL,
    ordinal   BIGINT NOT NULL,
    haystack  TEXT COLLATE "C" NOT NULL,
    action    TEXT COLLATE "C" NOT NULL,
    standing  TEXT COLLATE "C" NOT NULL,
    becomes   TEXT COLLATE "C" NOT NULL,
    upn       TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    home      TEXT COLLATE "C" NOT NULL,
    person    TEXT COLLATE "C" NOT NULL,
    object_id TEXT COLLATE "C" NOT NULL,
    reason    TEXT COLLATE "C" NOT NULL,
    note      TEXT COLLATE "C" NOT NULL,
    mail      TEXT COLLATE "C" NOT NULL,
    claims    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (org, list, ordinal)
);
CREATE INDEX people_rows_by_claim ON people_rows (org, claims);

-- Which list each request reads, and what it sums up to; a list that none reads any more goes.
CREATE TABLE people_uses (
    org     TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    digest  TEXT COLLATE "C" NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (org, request)
);
CREATE INDEX people_uses_by_digest ON people_uses (org, digest);

-- What was looked up in a request's target for its question alone.
CREATE TABLE request_evidence (
    org     TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    doc     BYTEA NOT NULL,
    PRIMARY KEY (org, request)
);
