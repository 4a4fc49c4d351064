package store

import (
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// EnvelopeDigest names what a target accepted, to the last field. Taking a yes back changes nothing of what it said, so
// the digest that the ledger recorded still holds then. Envelopes are compared as they are read from the store.
func EnvelopeDigest(e plan.Envelope) string {
	e.Revoked = nil
	return ident.Digest(e)
}
