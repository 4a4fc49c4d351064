// Package ledger is the form in which decisions and writes are proven: entries in a hash chain, the RFC 6962 tree
// over them, signed checkpoints of that tree, and the file that carries all of it to somebody who trusts neither
// our server nor our database.
//
// It is pure. Where entries are kept is the store's matter, and when a checkpoint is signed is notary's; what is
// true of them is decided here alone, so that the server and an auditor's laptop run the same code.
//
//	entry.go       an entry, its canonical bytes and its hash
//	tree.go        the tree's root from the leaves, in little memory; consistency of two trees
//	checkpoint.go  keys, signing and opening checkpoints
//	export.go      the file's lines
//	verify.go      the proof of a file, and where it fails
package ledger
