// Package ident names things: tenants, shares, people, and the digests that bind a decision to what it saw.
//
// It is pure: no I/O, no clock, no randomness.
package ident

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Tenant is a tenant's short name in a topology ("a"): the word used in commands, IDs and queue names.
type Tenant string

// Share names one directed edge. It is comparable and sorts by source, then target.
type Share struct {
	Source Tenant `json:"source"`
	Target Tenant `json:"target"`
}

func (s Share) String() string { return string(s.Source) + "→" + string(s.Target) }

// Less orders shares for every list that people or digests see.
func (s Share) Less(o Share) bool {
	if s.Source != o.Source {
		return s.Source < o.Source
	}
	return s.Target < o.Target
}

// Reverse is the edge in the other direction; it uses the same two partner entries.
func (s Share) Reverse() Share { return Share{Source: s.Target, Target: s.Source} }

// ParseShare reads "b→c", "b->c", "b/c" or "b:c".
func ParseShare(text string) (Share, error) {
	for _, sep := range []string{"→", "->", "/", ":"} {
		if source, target, ok := strings.Cut(text, sep); ok && source != "" && target != "" {
			return Share{Source: Tenant(source), Target: Tenant(target)}, nil
		}
	}
	return Share{}, fmt.Errorf("%q is not a share; write SOURCE/TARGET, for example b/c", text)
}

// Person is one user by its home: the tenant it lives in and its object id there. It is the identity that
// all representations of that user have in common.
type Person struct {
	Home Tenant `json:"home"`
	ID   string `json:"id"`
}

// Digest is the hex SHA-256 of a value's JSON. Struct fields keep their order and maps are sorted by
// encoding/json, so equal values give equal digests in every process.
func Digest(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("ident: digest of a value that has no JSON form: %v", err)) // a programming error
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

// Short is the form of a digest that people compare: its first 12 characters.
func Short(digest string) string {
	if len(digest) > 12 {
		return digest[:12]
	}
	return digest
}
