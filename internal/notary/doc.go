// Package notary signs what the ledger holds: a checkpoint now and then, and one whenever somebody exports. It
// never signs a tree that does not continue the one that it signed before: a database that was rewritten gets
// no new signature.
//
// It knows nothing of what entries mean. The key is a file that whoever reads the database should not have.
//
//	notary.go  when and what is signed    key.go  the key's file
package notary
