package graph

import (
	"context"
	"encoding/json"

	abs "github.com/microsoft/kiota-abstractions-go"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
)

// Schema reads a job's schema as it is. It is never decoded into models: what we do not know has to go back
// unchanged, and the SDK loses flowTypes.
//
// GET …/synchronization/jobs/{id}/schema · Synchronization.Read.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationschema-get, checked 2026-11.
func (c *Client) Schema(ctx context.Context, sp, job string) (json.RawMessage, error) {
	r := c.begin(ctx, opSchema)
	return r.send(c.synchronization(sp).Jobs().BySynchronizationJobId(job).Schema().ToGetRequestInformation(r.ctx, nil))
}

// PutSchema replaces a job's schema. The job starts over with an initial cycle, so put only what EditSchema
// says has changed, and keep what was there before.
//
// PUT …/synchronization/jobs/{id}/schema · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronizationschema-update, checked 2026-11. Raw: the SDK has no PUT.
func (c *Client) PutSchema(ctx context.Context, sp, job string, schema json.RawMessage) error {
	r := c.begin(ctx, opPutSchema)
	if !json.Valid(schema) {
		return r.problem(problem.Invalid, "the schema is not JSON", "")
	}
	return r.do(r.raw(abs.PUT, "/servicePrincipals/{sp}/synchronization/jobs/{job}/schema", map[string]string{"sp": sp, "job": job}, schema))
}

// ReadSchema finds what we set in a schema.
func ReadSchema(raw json.RawMessage) (ours.Schema, error) {
	m, err := findUserMapping(raw)
	if err != nil {
		return ours.Schema{}, err
	}
	return m.read(), nil
}

// EditSchema returns the schema with what we want in its user mapping, and whether that changed anything.
// Everything else keeps its bytes and its order. An empty UserType leaves the user type as it is.
func EditSchema(raw json.RawMessage, want ours.Schema) (json.RawMessage, bool, error) {
	m, err := findUserMapping(raw)
	if err != nil {
		return nil, false, err
	}
	if m.read() == m.wanted(want) {
		return raw, false, nil
	}
	if err := m.write(want); err != nil {
		return nil, false, err
	}
	return m.root.append(nil), true, nil
}
