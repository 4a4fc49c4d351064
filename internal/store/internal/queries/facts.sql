-- name: PutLink :exec
INSERT INTO links (org, home, person, tenant, object_id)
VALUES (sqlc.arg(org), sqlc.arg(home), sqlc.arg(person), sqlc.arg(tenant), sqlc.arg(object_id))
ON CONFLICT (org, home, person, tenant) DO UPDATE SET object_id = excluded.object_id;

-- name: Links :many
SELECT home, person, tenant, object_id FROM links WHERE org = sqlc.arg(org) ORDER BY home, person, tenant;

-- name: PutOwned :exec
INSERT INTO owned (org, id, kind, tenant, source, target, at)
VALUES (sqlc.arg(org), sqlc.arg(id), sqlc.arg(kind), sqlc.arg(tenant), sqlc.arg(source), sqlc.arg(target), sqlc.arg(at))
ON CONFLICT (org, id) DO UPDATE SET kind = excluded.kind, tenant = excluded.tenant, source = excluded.source,
    target = excluded.target, at = excluded.at;

-- name: DropOwned :exec
DELETE FROM owned WHERE org = sqlc.arg(org) AND id = sqlc.arg(id);

-- name: ListOwned :many
SELECT id, kind, tenant, source, target, at FROM owned WHERE org = sqlc.arg(org) ORDER BY id;

-- name: PutHold :exec
INSERT INTO holds (org, home, person, tenant, doc)
VALUES (sqlc.arg(org), sqlc.arg(home), sqlc.arg(person), sqlc.arg(tenant), sqlc.arg(doc))
ON CONFLICT (org, home, person, tenant) DO UPDATE SET doc = excluded.doc;

-- name: DropHold :exec
DELETE FROM holds WHERE org = sqlc.arg(org) AND home = sqlc.arg(home) AND person = sqlc.arg(person) AND tenant = sqlc.arg(tenant);

-- name: Holds :many
SELECT doc FROM holds WHERE org = sqlc.arg(org) ORDER BY home, person, tenant;

-- name: PutInclusion :exec
INSERT INTO inclusions (org, source, target, home, person, reason, until_at)
VALUES (sqlc.arg(org), sqlc.arg(source), sqlc.arg(target), sqlc.arg(home), sqlc.arg(person), sqlc.arg(reason), sqlc.arg(until_at))
ON CONFLICT (org, source, target, home, person) DO UPDATE SET reason = excluded.reason, until_at = excluded.until_at;

-- name: DropInclusion :exec
DELETE FROM inclusions WHERE org = sqlc.arg(org) AND source = sqlc.arg(source) AND target = sqlc.arg(target)
  AND home = sqlc.arg(home) AND person = sqlc.arg(person);

-- name: Inclusions :many
SELECT source, target, home, person, reason, until_at FROM inclusions
WHERE org = sqlc.arg(org) ORDER BY source, target, home, person;

-- name: PutConversion :exec
-- A repeat of a conversion that was reverted since does not revive it: only a later conversion does.
INSERT INTO conversions (org, source, target, home, person, tenant, object_id, from_type, to_type, at, reverted_at)
VALUES (sqlc.arg(org), sqlc.arg(source), sqlc.arg(target), sqlc.arg(home), sqlc.arg(person), sqlc.arg(tenant),
    sqlc.arg(object_id), sqlc.arg(from_type), sqlc.arg(to_type), sqlc.arg(at), sqlc.arg(reverted_at))
ON CONFLICT (org, source, target, home, person) DO UPDATE SET tenant = excluded.tenant, object_id = excluded.object_id,
    from_type = excluded.from_type, to_type = excluded.to_type, at = excluded.at, reverted_at = excluded.reverted_at
WHERE conversions.reverted_at = 0 OR excluded.reverted_at <> 0 OR excluded.at > conversions.reverted_at;

-- name: Conversions :many
SELECT source, target, home, person, tenant, object_id, from_type, to_type, at, reverted_at FROM conversions
WHERE org = sqlc.arg(org) ORDER BY source, target, home, person;

-- name: GetHold :one
SELECT doc FROM holds WHERE org = sqlc.arg(org) AND home = sqlc.arg(home) AND person = sqlc.arg(person) AND tenant = sqlc.arg(tenant);

-- name: PutEndedHold :exec
INSERT INTO ended_holds (org, home, person, tenant, doc)
VALUES (sqlc.arg(org), sqlc.arg(home), sqlc.arg(person), sqlc.arg(tenant), sqlc.arg(doc))
ON CONFLICT (org, home, person, tenant) DO UPDATE SET doc = excluded.doc;

-- name: DropEndedHold :exec
DELETE FROM ended_holds WHERE org = sqlc.arg(org) AND home = sqlc.arg(home) AND person = sqlc.arg(person) AND tenant = sqlc.arg(tenant);

-- name: EndedHolds :many
SELECT doc FROM ended_holds WHERE org = sqlc.arg(org) ORDER BY home, person, tenant;
