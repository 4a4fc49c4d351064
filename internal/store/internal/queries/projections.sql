-- name: PutShareStatus :exec
INSERT INTO share_statuses (org, source, target, run, seq, doc)
VALUES (sqlc.arg(org), sqlc.arg(source), sqlc.arg(target), sqlc.arg(run), sqlc.arg(seq), sqlc.arg(doc))
ON CONFLICT (org, source, target) DO UPDATE SET run = excluded.run, seq = excluded.seq, doc = excluded.doc
WHERE excluded.run > share_statuses.run OR (excluded.run = share_statuses.run AND excluded.seq > share_statuses.seq);

-- name: ShareStatuses :many
SELECT doc FROM share_statuses WHERE org = sqlc.arg(org) ORDER BY source, target;

-- name: GetShareStatus :one
SELECT doc FROM share_statuses WHERE org = sqlc.arg(org) AND source = sqlc.arg(source) AND target = sqlc.arg(target);

-- name: PutTenantStatus :exec
INSERT INTO tenant_statuses (org, tenant, run, seq, doc)
VALUES (sqlc.arg(org), sqlc.arg(tenant), sqlc.arg(run), sqlc.arg(seq), sqlc.arg(doc))
ON CONFLICT (org, tenant) DO UPDATE SET run = excluded.run, seq = excluded.seq, doc = excluded.doc
WHERE excluded.run > tenant_statuses.run OR (excluded.run = tenant_statuses.run AND excluded.seq > tenant_statuses.seq);

-- name: TenantStatuses :many
SELECT doc FROM tenant_statuses WHERE org = sqlc.arg(org) ORDER BY tenant;

-- name: PutRun :exec
-- A run that ended stays ended: a late repeat of its start changes nothing.
INSERT INTO runs (org, source, target, seq, started_at, ended_at, doc)
VALUES (sqlc.arg(org), sqlc.arg(source), sqlc.arg(target), sqlc.arg(seq), sqlc.arg(started_at), sqlc.arg(ended_at), sqlc.arg(doc))
ON CONFLICT (org, source, target, seq) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at, doc = excluded.doc
WHERE runs.ended_at = 0 OR excluded.ended_at >= runs.ended_at;

-- name: Runs :many
SELECT doc FROM runs
WHERE org = sqlc.arg(org)
  AND (CAST(sqlc.arg(source) AS TEXT) = '' OR source = CAST(sqlc.arg(source) AS TEXT))
  AND (CAST(sqlc.arg(target) AS TEXT) = '' OR target = CAST(sqlc.arg(target) AS TEXT))
ORDER BY started_at DESC, seq DESC, source, target LIMIT sqlc.arg(max_rows);

-- name: CoverageHead :one
SELECT at, digest, doc FROM coverage WHERE org = sqlc.arg(org);

-- name: PutCoverageHead :exec
INSERT INTO coverage (org, at, digest, doc) VALUES (sqlc.arg(org), sqlc.arg(at), sqlc.arg(digest), sqlc.arg(doc))
ON CONFLICT (org) DO UPDATE SET at = excluded.at, digest = excluded.digest, doc = excluded.doc;

-- name: DropCoverageRows :exec
DELETE FROM coverage_rows WHERE org = sqlc.arg(org);

-- name: InsertCoverageRow :exec
INSERT INTO coverage_rows (org, upn, home, person, name, left_set, upn_lower, name_lower, cells)
VALUES (sqlc.arg(org), sqlc.arg(upn), sqlc.arg(home), sqlc.arg(person), sqlc.arg(name), sqlc.arg(left_set),
    sqlc.arg(upn_lower), sqlc.arg(name_lower), sqlc.arg(cells));

-- name: CoverageRows :many
SELECT upn, home, person, name, left_set, cells FROM coverage_rows
WHERE org = sqlc.arg(org) AND upn > sqlc.arg(after)
ORDER BY upn, home, person LIMIT sqlc.arg(max_rows);

-- name: SearchCoverageRows :many
SELECT upn, home, person, name, left_set, cells FROM coverage_rows
WHERE org = sqlc.arg(org) AND upn > sqlc.arg(after)
  AND ((upn_lower LIKE sqlc.arg(pattern) ESCAPE '\') OR (name_lower LIKE sqlc.arg(pattern) ESCAPE '\'))
ORDER BY upn, home, person LIMIT sqlc.arg(max_rows);

-- name: CoverageRowsOf :many
SELECT upn, home, person, name, left_set, cells FROM coverage_rows
WHERE org = sqlc.arg(org) AND upn = sqlc.arg(upn) ORDER BY home, person;

-- name: PutReduction :exec
INSERT INTO reductions (org, id, run, seq, opened_at, doc)
VALUES (sqlc.arg(org), sqlc.arg(id), sqlc.arg(run), sqlc.arg(seq), sqlc.arg(opened_at), sqlc.arg(doc))
ON CONFLICT (org, id) DO UPDATE SET run = excluded.run, seq = excluded.seq, opened_at = excluded.opened_at, doc = excluded.doc
WHERE excluded.run > reductions.run OR (excluded.run = reductions.run AND excluded.seq > reductions.seq);

-- name: GetReduction :one
SELECT doc FROM reductions WHERE org = sqlc.arg(org) AND id = sqlc.arg(id);

-- name: ListReductions :many
SELECT doc FROM reductions WHERE org = sqlc.arg(org) ORDER BY opened_at DESC, id DESC;
