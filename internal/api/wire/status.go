package wire

import (
	"time"

	"entente.dev/entente/internal/coverage"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// Organizations lists those that the caller may see.
type Organizations struct {
	Organizations []string `json:"organizations"`
}

// Status is where everything stands.
type Status struct {
	Organization string        `json:"organization"`
	InSync       bool          `json:"inSync" doc:"Every share is in sync and no tenant has a problem"`
	Shares       []ShareStatus `json:"shares"`
	Tenants      []Tenant      `json:"tenants"`
	Waiting      int           `json:"waiting" doc:"Requests that wait for an answer"`
}

// ShareStatus is where one share stands, with the problems of its tenants.
type ShareStatus struct {
	Share      ident.Share      `json:"share"`
	Phase      string           `json:"phase"`
	Detail     string           `json:"detail,omitempty"`
	Problems   []*problem.Error `json:"problems,omitempty" doc:"The share's own, then those of its source and its target"`
	RequestID  string           `json:"requestId,omitempty"`
	PlanDigest string           `json:"planDigest,omitempty"`
	People     int              `json:"people"`
	InSync     bool             `json:"inSync"`
	Run        int              `json:"run"`
	UpdatedAt  time.Time        `json:"updatedAt"`
}

// Tenant is where one tenant stands.
type Tenant struct {
	Tenant     ident.Tenant   `json:"tenant"`
	Problem    *problem.Error `json:"problem,omitempty"`
	SnapshotID string         `json:"snapshotId,omitempty"`
	ObservedAt time.Time      `json:"observedAt,omitzero"`
	UpdatedAt  time.Time      `json:"updatedAt"`
}

// Share is one share's page.
type Share struct {
	ShareStatus
	Runs     []store.Run   `json:"runs"`
	Changes  []plan.Change `json:"changes" doc:"Of its newest plan"`
	Warnings []string      `json:"warnings,omitempty"`
}

// Coverage is a page of the matrix with the totals of everything the caller may see.
type Coverage struct {
	coverage.Coverage
	At   time.Time `json:"at,omitzero" doc:"When it was computed"`
	Next string    `json:"next,omitempty" doc:"Pass as after for the next page"`
}

// Runs are passes of shares, newest first.
type Runs struct {
	Runs []store.Run `json:"runs"`
}

// Ledger is a page of the ledger in its order.
type Ledger struct {
	Entries []store.Entry `json:"entries"`
	Next    string        `json:"next,omitempty" doc:"Pass as after for the next page"`
}

// Checkpoint is the signed state of a ledger.
type Checkpoint struct {
	Entries int64     `json:"entries"`
	At      time.Time `json:"at"`
	Note    string    `json:"note" doc:"Signed note: origin, entries, root of the RFC 6962 tree"`
	Key     string    `json:"key" doc:"Public key that verifies it"`
}

// LedgerProof proves that an earlier checkpoint is the beginning of the ledger.
type LedgerProof struct {
	From       int64      `json:"from" doc:"Entries of the earlier checkpoint"`
	Checkpoint Checkpoint `json:"checkpoint"`
	Hashes     []string   `json:"hashes" doc:"RFC 6962 consistency proof, base64"`
}

// History is one person's story: every entry that is about them, and the decisions about shares that carry them.
type History struct {
	Person  ident.Person  `json:"person"`
	UPN     string        `json:"upn,omitempty"`
	Entries []store.Entry `json:"entries" doc:"Oldest first; other people of the same entries are left out"`
	More    bool          `json:"more,omitempty" doc:"There are older ones"`
}

// Verified is the outcome of recomputing the ledger's chain.
type Verified struct {
	Intact  bool   `json:"intact"`
	Entries int64  `json:"entries"`
	Detail  string `json:"detail,omitempty" doc:"The first entry that does not fit"`
}
