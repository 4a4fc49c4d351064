// Package remote is the store as the worker of one tenant has it: our API instead of a database. It offers what the
// activities of a tenant's queue use, and the API gives it nothing else than that tenant's (ADR 014).
//
// Errors are those of the store: problems of the API come back with kind, detail, remedy and delay, and an API that
// cannot be reached is problem.Unavailable with its address. It repeats nothing: retries are Temporal's.
//
//	remote.go   New, Check, one request        people.go    links, holds, conversions, reductions, requests
//	topology.go topologies, plans, snapshots   record.go    ownership, ledger
package remote
