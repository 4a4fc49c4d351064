-- name: GetPeopleList :one
SELECT list, source, target, doc FROM people_lists WHERE org = sqlc.arg(org) AND digest = sqlc.arg(digest);

-- name: PutPeopleList :exec
INSERT INTO people_lists (org, digest, list, source, target, doc)
VALUES (sqlc.arg(org), sqlc.arg(digest), sqlc.arg(list), sqlc.arg(source), sqlc.arg(target), sqlc.arg(doc));

-- name: DropPeopleList :exec
DELETE FROM people_lists WHERE org = sqlc.arg(org) AND digest = sqlc.arg(digest);

-- name: DropPeopleRows :exec
DELETE FROM people_rows WHERE org = sqlc.arg(org) AND list = sqlc.arg(list);

-- name: InsertPeopleRow :exec
INSERT INTO people_rows (org, list, ordinal, haystack, action, standing, becomes, upn, name, home, person, object_id, reason, note, mail, claims)
VALUES (sqlc.arg(org), sqlc.arg(list), sqlc.arg(ordinal), sqlc.arg(haystack), sqlc.arg(action), sqlc.arg(standing), sqlc.arg(becomes),
    sqlc.arg(upn), sqlc.arg(name), sqlc.arg(home), sqlc.arg(person), sqlc.arg(object_id), sqlc.arg(reason), sqlc.arg(note), sqlc.arg(mail), sqlc.arg(claims));

-- name: ListPeopleRows :many
SELECT ordinal, action, standing, becomes, upn, name, home, person, object_id, reason, note, mail FROM people_rows
WHERE org = sqlc.arg(org) AND list = sqlc.arg(list) AND ordinal > sqlc.arg(after)
ORDER BY ordinal LIMIT sqlc.arg(max_rows);

-- name: SearchPeopleRows :many
SELECT ordinal, action, standing, becomes, upn, name, home, person, object_id, reason, note, mail FROM people_rows
WHERE org = sqlc.arg(org) AND list = sqlc.arg(list) AND ordinal > sqlc.arg(after)
  AND (CAST(sqlc.arg(action) AS TEXT) = '' OR action = CAST(sqlc.arg(action) AS TEXT))
  AND (CAST(sqlc.arg(standing) AS TEXT) = '' OR standing = CAST(sqlc.arg(standing) AS TEXT))
  AND (CAST(sqlc.arg(pattern) AS TEXT) = '' OR (haystack LIKE sqlc.arg(pattern) ESCAPE '\'))
ORDER BY ordinal LIMIT sqlc.arg(max_rows);

-- name: GetPeopleUse :one
SELECT digest, doc FROM people_uses WHERE org = sqlc.arg(org) AND request = sqlc.arg(request);

-- name: PutPeopleUse :exec
INSERT INTO people_uses (org, request, digest, doc) VALUES (sqlc.arg(org), sqlc.arg(request), sqlc.arg(digest), sqlc.arg(doc))
ON CONFLICT (org, request) DO UPDATE SET digest = excluded.digest, doc = excluded.doc;

-- name: CountPeopleUses :one
SELECT COUNT(*) FROM people_uses WHERE org = sqlc.arg(org) AND digest = sqlc.arg(digest);

-- name: PutEvidence :exec
INSERT INTO request_evidence (org, request, doc) VALUES (sqlc.arg(org), sqlc.arg(request), sqlc.arg(doc))
ON CONFLICT (org, request) DO UPDATE SET doc = excluded.doc;

-- name: GetEvidence :one
SELECT doc FROM request_evidence WHERE org = sqlc.arg(org) AND request = sqlc.arg(request);

-- name: PeopleTwins :many
-- Those of a list who have the mail address of somebody whom another source sends to the same target.
SELECT DISTINCT mine.ordinal, mine.home, mine.person FROM people_rows AS mine
JOIN people_rows AS other ON other.org = mine.org AND other.claims = mine.claims
JOIN people_lists AS lists ON lists.org = other.org AND lists.list = other.list
WHERE mine.org = sqlc.arg(org) AND mine.list = sqlc.arg(list) AND mine.claims <> ''
  AND lists.target = sqlc.arg(target) AND lists.source <> sqlc.arg(source)
ORDER BY mine.ordinal;
