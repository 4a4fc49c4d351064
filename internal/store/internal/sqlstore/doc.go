// Package sqlstore is the store over database/sql: everything that SQLite and Postgres have in common.
//
// Exported methods validate, open the transaction and translate errors; unexported functions take the
// transaction and compose. What differs between the databases is in Backend and nowhere else.
//
//	store.go       transactions, Ping, Close
//	errors.go      from driver errors to the taxonomy
//	codec.go       documents, times
//	bulk.go        many rows in one statement; placeholders of the other dialect
//	topologies.go snapshots.go plans.go requests.go people.go facts.go holds.go projections.go coverage.go reductions.go
//	append.go      the ledger's one writer    tree.go  hashes, proofs, checkpoints    ledger.go  reading and verifying
package sqlstore
