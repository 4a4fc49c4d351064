-- name: LockSerial :one
INSERT INTO serials (org, series, value) VALUES (sqlc.arg(org), sqlc.arg(series), 0)
ON CONFLICT (org, series) DO UPDATE SET value = serials.value
RETURNING value;

-- name: SetSerial :exec
UPDATE serials SET value = sqlc.arg(value) WHERE org = sqlc.arg(org) AND series = sqlc.arg(series);

-- name: InsertTopology :exec
INSERT INTO topologies (org, seq, digest, file, source, author, stored_at)
VALUES (sqlc.arg(org), sqlc.arg(seq), sqlc.arg(digest), sqlc.arg(file), sqlc.arg(source), sqlc.arg(author), sqlc.arg(stored_at));

-- name: TopologyByDigest :one
SELECT org, seq, digest, file, source, author, stored_at FROM topologies
WHERE org = sqlc.arg(org) AND digest = sqlc.arg(digest) ORDER BY seq DESC LIMIT 1;

-- name: LatestTopology :one
SELECT org, seq, digest, file, source, author, stored_at FROM topologies
WHERE org = sqlc.arg(org) ORDER BY seq DESC LIMIT 1;

-- name: Organizations :many
SELECT DISTINCT org FROM topologies ORDER BY org;

-- name: InsertSnapshot :exec
INSERT INTO snapshots (id, org, tenant, seq, digest, fingerprint, taken_at, users, sealed, cursor_doc, body)
VALUES (sqlc.arg(id), sqlc.arg(org), sqlc.arg(tenant), sqlc.arg(seq), sqlc.arg(digest), sqlc.arg(fingerprint),
    sqlc.arg(taken_at), sqlc.arg(users), sqlc.arg(sealed), sqlc.arg(cursor_doc), sqlc.arg(body));

-- name: TouchSnapshot :exec
UPDATE snapshots SET taken_at = sqlc.arg(taken_at), cursor_doc = sqlc.arg(cursor_doc) WHERE id = sqlc.arg(id);

-- name: PruneSnapshots :exec
DELETE FROM snapshots WHERE snapshots.org = sqlc.arg(org) AND snapshots.tenant = sqlc.arg(tenant) AND snapshots.id NOT IN (
    SELECT kept.id FROM snapshots AS kept WHERE kept.org = sqlc.arg(org) AND kept.tenant = sqlc.arg(tenant)
    ORDER BY kept.taken_at DESC, kept.seq DESC LIMIT sqlc.arg(keep));

-- name: SnapshotByID :one
SELECT * FROM snapshots WHERE id = sqlc.arg(id);

-- name: LatestSnapshot :one
SELECT * FROM snapshots WHERE org = sqlc.arg(org) AND tenant = sqlc.arg(tenant)
ORDER BY taken_at DESC, seq DESC LIMIT 1;

-- name: LatestSnapshotRef :one
SELECT id, org, tenant, seq, digest, fingerprint, taken_at, users, sealed FROM snapshots
WHERE org = sqlc.arg(org) AND tenant = sqlc.arg(tenant) ORDER BY taken_at DESC, seq DESC LIMIT 1;

-- name: PutPlan :exec
INSERT INTO plans (org, kind, digest, doc) VALUES (sqlc.arg(org), sqlc.arg(kind), sqlc.arg(digest), sqlc.arg(doc))
ON CONFLICT (org, kind, digest) DO NOTHING;

-- name: GetPlan :one
SELECT doc FROM plans WHERE org = sqlc.arg(org) AND kind = sqlc.arg(kind) AND digest = sqlc.arg(digest);

-- name: PutRequest :execrows
INSERT INTO requests (org, id, kind, source, target, tenant, status, opened_at, doc)
VALUES (sqlc.arg(org), sqlc.arg(id), sqlc.arg(kind), sqlc.arg(source), sqlc.arg(target), sqlc.arg(tenant),
    sqlc.arg(status), sqlc.arg(opened_at), sqlc.arg(doc))
ON CONFLICT (org, id) DO UPDATE SET kind = excluded.kind, source = excluded.source, target = excluded.target,
    tenant = excluded.tenant, status = excluded.status, opened_at = excluded.opened_at, doc = excluded.doc
WHERE requests.status = 'waiting';

-- name: GetRequest :one
SELECT doc FROM requests WHERE org = sqlc.arg(org) AND id = sqlc.arg(id);

-- name: ListRequests :many
SELECT doc FROM requests
WHERE (CAST(sqlc.arg(org) AS TEXT) = '' OR org = CAST(sqlc.arg(org) AS TEXT))
  AND (CAST(sqlc.arg(tenant) AS TEXT) = '' OR tenant = CAST(sqlc.arg(tenant) AS TEXT))
  AND (CAST(sqlc.arg(status) AS TEXT) = '' OR status = CAST(sqlc.arg(status) AS TEXT))
  AND (CAST(sqlc.arg(kind) AS TEXT) = '' OR kind = CAST(sqlc.arg(kind) AS TEXT))
  AND (CAST(sqlc.arg(source) AS TEXT) = '' OR source = CAST(sqlc.arg(source) AS TEXT))
  AND (CAST(sqlc.arg(target) AS TEXT) = '' OR target = CAST(sqlc.arg(target) AS TEXT))
ORDER BY opened_at DESC, org, id DESC;

-- name: PutEnvelope :exec
INSERT INTO envelopes (org, source, target, doc)
VALUES (sqlc.arg(org), sqlc.arg(source), sqlc.arg(target), sqlc.arg(doc))
ON CONFLICT (org, source, target) DO UPDATE SET doc = excluded.doc;

-- name: DropEnvelope :exec
DELETE FROM envelopes WHERE org = sqlc.arg(org) AND source = sqlc.arg(source) AND target = sqlc.arg(target);

-- name: Envelopes :many
SELECT doc FROM envelopes WHERE org = sqlc.arg(org) ORDER BY source, target;
