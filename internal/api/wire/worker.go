package wire

import (
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/store"
)

// MaxWorkerBody bounds what a worker sends at once, snapshots apart: a ledger entry for each thousand of a million
// people fits.
const MaxWorkerBody = 64 << 20

// WorkerTopology is a topology as far as it concerns a worker's tenants. Its digest is the whole topology's.
type WorkerTopology struct {
	Organization string `json:"organization"`
	Digest       string `json:"digest"`
	Text         string `json:"topology" doc:"The worker's tenants, their user sets and their shares; nothing of others"`
}

// WorkerEntries are entries of the ledger. The server numbers and chains them.
type WorkerEntries struct {
	Entries []store.Entry `json:"entries" doc:"All of them are appended, or none"`
}

// WorkerReductions are the reductions that a worker's tenants are a side of.
type WorkerReductions struct {
	Reductions []store.Reduction `json:"reductions"`
}

// WorkerLinks say who became which object, as the provisioning log of a worker's tenant proved it.
type WorkerLinks struct {
	Links []plan.Link `json:"links"`
}

// WorkerOwned are objects that we made in a worker's tenants.
type WorkerOwned struct {
	Owned []store.Owned `json:"owned"`
}

// WorkerHolds are decisions of a worker's tenants about single people.
type WorkerHolds struct {
	Holds []plan.Hold `json:"holds"`
}

// WorkerConversions are guests of a worker's tenants that became Members.
type WorkerConversions struct {
	Conversions []store.Conversion `json:"conversions"`
}

// HoldRef names a hold.
type HoldRef struct {
	Person ident.Person `json:"person"`
	Tenant ident.Tenant `json:"tenant"`
}

// Recorded answers a worker's write that has nothing to tell.
type Recorded struct {
	Recorded bool `json:"recorded"`
}
