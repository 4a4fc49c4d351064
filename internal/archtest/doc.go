// Package archtest holds the rules of the house and checks them against the module: which room may import what,
// what pure code may not touch, how small commands stay. `make check` runs it; `go test ./internal/archtest` too.
//
// A new room needs a line in the table of rooms.go: say what it may import, from below it only. A rule that turns
// out wrong is changed there, with the design's table, not worked around.
//
//	rooms.go    the table
//	check.go    imports against the table
//	source.go   what only the source shows: clocks, lengths
//	load.go     `go list`
package archtest
