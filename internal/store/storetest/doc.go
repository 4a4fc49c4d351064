// Package storetest is the one conformance suite of the store: what it asserts is what store.Store promises,
// and a backend that passes it may stand in for the other.
//
// A backend hands in a function that makes an empty Database; every test gets its own. Besides opening it,
// the suite must be able to run raw SQL, because tampering is by definition what the store does not offer.
package storetest
