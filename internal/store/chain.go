package store

import (
	"fmt"

	"entente.dev/entente/internal/ident"
)

// BrokenChain is the cause of VerifyLedger's Conflict: which entry is the first that does not fit.
type BrokenChain struct {
	Org string
	Seq int64
	Why string
}

func (b *BrokenChain) Error() string {
	return fmt.Sprintf("entry %d of organization %s does not fit: %s", b.Seq, b.Org, b.Why)
}

// EntryHash is the hash of an entry: the SHA-256 of its JSON with an empty hash. Previous is inside, which
// makes the chain. Anybody with an exported ledger can recompute it.
func EntryHash(e Entry) string {
	e.Hash = ""
	return ident.Digest(e)
}
