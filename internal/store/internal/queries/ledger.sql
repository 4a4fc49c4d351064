-- name: LockLedgerHead :one
-- The update of nothing locks the head, so that appends of one organization stand in line.
INSERT INTO ledger_heads (org, seq, hash) VALUES (sqlc.arg(org), 0, '')
ON CONFLICT (org) DO UPDATE SET seq = ledger_heads.seq
RETURNING seq, hash;

-- name: MoveLedgerHead :exec
UPDATE ledger_heads SET seq = sqlc.arg(seq), hash = sqlc.arg(hash) WHERE org = sqlc.arg(org);

-- name: HeadOfLedger :one
SELECT seq, hash FROM ledger_heads WHERE org = sqlc.arg(org);

-- name: InsertEntry :exec
INSERT INTO ledger (org, seq, key, hash, doc)
VALUES (sqlc.arg(org), sqlc.arg(seq), sqlc.arg(key), sqlc.arg(hash), sqlc.arg(doc));

-- name: EntryByKey :one
SELECT seq, key, hash, doc FROM ledger WHERE org = sqlc.arg(org) AND key = sqlc.arg(key);

-- name: Entries :many
SELECT seq, key, hash, doc FROM ledger
WHERE org = sqlc.arg(org) AND seq > sqlc.arg(after) ORDER BY seq LIMIT sqlc.arg(max_rows);

-- name: HashOfLedger :one
SELECT hash FROM ledger_hashes WHERE org = sqlc.arg(org) AND idx = sqlc.arg(idx);

-- name: InsertLedgerHash :exec
INSERT INTO ledger_hashes (org, idx, hash) VALUES (sqlc.arg(org), sqlc.arg(idx), sqlc.arg(hash));

-- name: InsertLedgerSubject :exec
INSERT INTO ledger_subjects (org, subject, seq) VALUES (sqlc.arg(org), sqlc.arg(subject), sqlc.arg(seq));

-- name: EntriesAbout :many
SELECT ledger.seq, ledger.key, ledger.hash, ledger.doc FROM ledger
JOIN ledger_subjects ON ledger_subjects.org = ledger.org AND ledger_subjects.seq = ledger.seq
WHERE ledger_subjects.org = sqlc.arg(org) AND ledger_subjects.subject = sqlc.arg(subject)
ORDER BY ledger_subjects.seq DESC LIMIT sqlc.arg(max_rows);

-- name: PutCheckpoint :exec
-- A tree of a size has one root: the first checkpoint of it stays.
INSERT INTO ledger_checkpoints (org, size, at, note)
VALUES (sqlc.arg(org), sqlc.arg(size), sqlc.arg(at), sqlc.arg(note))
ON CONFLICT (org, size) DO NOTHING;

-- name: CheckpointsAfter :many
SELECT size, at, note FROM ledger_checkpoints
WHERE org = sqlc.arg(org) AND size > sqlc.arg(after) ORDER BY size LIMIT sqlc.arg(max_rows);

-- name: NewestCheckpoint :one
SELECT size, at, note FROM ledger_checkpoints WHERE org = sqlc.arg(org) ORDER BY size DESC LIMIT 1;
