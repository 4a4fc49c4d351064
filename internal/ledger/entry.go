package ledger

import (
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente.dev/entente/internal/ident"
)

// Entry is one row of the ledger. Hash covers every field but itself, and Previous. It holds no names and no
// addresses: people are opaque ids.
type Entry struct {
	Org    string            `json:"org"`
	Seq    int64             `json:"seq"` // 1, 2, … per organization
	At     time.Time         `json:"at"`
	Actor  string            `json:"actor"` // a person's token name, or a run
	Verb   string            `json:"verb"`  // approve, create-partner, …
	Object string            `json:"object"`
	Tenant ident.Tenant      `json:"tenant,omitempty"`
	Share  *ident.Share      `json:"share,omitempty"`
	Key    string            `json:"key"` // idempotency: a second append with the same key changes nothing
	Data   map[string]string `json:"data,omitempty"`
	// People are the objects that the entry is about, as ObjectOf writes them: a person at home, or what stands
	// for one in a target.
	People   []string `json:"people,omitempty"`
	Previous string   `json:"previous"`
	Hash     string   `json:"hash"`
}

// ObjectOf names one directory object in People.
func ObjectOf(tenant ident.Tenant, id string) string { return string(tenant) + "/" + id }

// PersonOf names a person in People.
func PersonOf(p ident.Person) string { return ObjectOf(p.Home, p.ID) }

// Decisions are the verbs by which people, or time, decide about a share as a whole. Such an entry belongs to
// the story of everybody whom the share carries.
func Decisions() []string {
	return []string{"ask", "approved", "rejected", "expired", "withdrawn", "revoked", "order-stop", "stop"}
}

// SubjectOfShare is the subject under which a share's decisions are found.
func SubjectOfShare(s ident.Share) string {
	return "share " + string(s.Source) + "/" + string(s.Target)
}

// Subjects are what an entry is found by: its people, and its share when it is a decision about that.
func (e Entry) Subjects() []string {
	seen := make(map[string]bool, len(e.People))
	out := make([]string, 0, len(e.People)+1)
	add := func(s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	for _, p := range e.People {
		add(p)
	}
	for _, verb := range Decisions() {
		if e.Share != nil && e.Verb == verb {
			add(SubjectOfShare(*e.Share))
		}
	}
	return out
}

// Row is an entry as it is kept: Doc is exactly what was hashed.
type Row struct {
	Seq  int64
	Key  string
	Hash string
	Doc  []byte
}

// Seal brings an entry into the form that survives storing and hashes it: microseconds in UTC, and text as JSON
// writes it. Seq and Previous must be set.
func Seal(e Entry) (Entry, Row, error) {
	e.At, e.Hash = e.At.UTC().Truncate(time.Microsecond), ""
	raw, err := json.Marshal(e)
	if err != nil {
		return Entry{}, Row{}, fmt.Errorf("encode an entry: %w", err)
	}
	var plain Entry // JSON replaces broken UTF-8; the hash must be of the replacement
	if err := json.Unmarshal(raw, &plain); err != nil {
		return Entry{}, Row{}, fmt.Errorf("decode an entry: %w", err)
	}
	doc, err := json.Marshal(plain)
	if err != nil {
		return Entry{}, Row{}, fmt.Errorf("encode an entry: %w", err)
	}
	plain.Hash = HashOf(doc)
	return plain, Row{Seq: plain.Seq, Key: plain.Key, Hash: plain.Hash, Doc: doc}, nil
}

// Decode reads a row's entry.
func (r Row) Decode() (Entry, error) {
	var e Entry
	if err := json.Unmarshal(r.Doc, &e); err != nil {
		return e, fmt.Errorf("decode entry %d: %w", r.Seq, err)
	}
	e.Hash = r.Hash
	return e, nil
}

// HashOf is the hash of an entry's canonical bytes: its RFC 6962 leaf hash in hex, so that chain and tree share
// one hash.
func HashOf(doc []byte) string {
	h := tlog.RecordHash(doc)
	return hexOf(h)
}

// Hash is HashOf of an entry's canonical bytes. Anybody with an exported ledger can recompute it.
func Hash(e Entry) (string, error) {
	e.Hash = ""
	doc, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("encode an entry: %w", err)
	}
	return HashOf(doc), nil
}
