-- +goose Up

-- Holds that are over while what they did is not undone: a person may have one beside a hold in force.
CREATE TABLE ended_holds (
    org    TEXT NOT NULL,
    home   TEXT NOT NULL,
    person TEXT NOT NULL,
    tenant TEXT NOT NULL,
    doc    BLOB NOT NULL,
    PRIMARY KEY (org, home, person, tenant)
);
