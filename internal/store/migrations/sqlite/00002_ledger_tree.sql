-- +goose Up

-- Entries are hashed as leaves of an RFC 6962 tree from here on. No release wrote the older form, whose hashes
-- cannot be carried over: the chain begins anew.
DELETE FROM ledger;
DELETE FROM ledger_heads;

-- The tree's stored hashes, numbered as golang.org/x/mod/sumdb/tlog does.
CREATE TABLE ledger_hashes (
    org  TEXT NOT NULL,
    idx  BIGINT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (org, idx)
);

-- What an entry is found by: people as opaque ids, and shares. It follows from the entries.
CREATE TABLE ledger_subjects (
    org     TEXT NOT NULL,
    subject TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    PRIMARY KEY (org, subject, seq)
);

CREATE TABLE ledger_checkpoints (
    org  TEXT NOT NULL,
    size BIGINT NOT NULL,
    at   BIGINT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (org, size)
);
