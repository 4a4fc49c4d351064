-- +goose Up

-- Holds that are over while what they did is not undone: a person may have one beside a hold in force.
CREATE TABLE ended_holds (
    org    TEXT COLLATE "C" NOT NULL,
    home   TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    doc    BYTEA NOT NULL,
    PRIMARY KEY (org, home, person, tenant)
);
