package store

import (
	"context"
	"fmt"
	"slices"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/ledger"
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

// entryPeople bounds the people of one entry, so that entries stay small enough to page and to show.
const entryPeople = 1000

// AppendAbout appends one decision or write about many people. Up to a thousand make one entry; of more, each
// thousand makes one, with a key of its own. The same people must be given at a repeat, in any order.
func AppendAbout(ctx context.Context, l Appender, e Entry, people []string) error {
	people = slices.Compact(slices.Sorted(slices.Values(people)))
	if len(people) <= entryPeople {
		e.People = people
		_, err := l.Append(ctx, e)
		return err
	}
	var parts []Entry
	for part := range slices.Chunk(people, entryPeople) {
		p := e
		p.People, p.Key = part, fmt.Sprintf("%s/%d", e.Key, len(parts)+1)
		parts = append(parts, p)
	}
	_, err := l.AppendAll(ctx, parts)
	return err
}

// PersonAnd are a person at home and the object that stands for them in a target; "" when that is not known.
func PersonAnd(p ident.Person, target ident.Tenant, objectID string) []string {
	out := []string{ledger.PersonOf(p)}
	if objectID != "" {
		out = append(out, ledger.ObjectOf(target, objectID))
	}
	return out
}
