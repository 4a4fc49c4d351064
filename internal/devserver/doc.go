// Package devserver runs a Temporal server and its web UI inside this process, so that one binary is a whole
// installation: no cluster to install for a trial, a demonstration or a small organization.
//
// It owns where that server keeps its state and how little it uses when idle. All four Temporal services run in
// one process, listen on loopback only, on free ports unless told otherwise, without membership gossip, and never
// phone home. State is a SQLite file under the data directory, or two schemas of a Postgres database.
//
// The SQLite schema has no migrations between server versions, so the version is stamped beside the file and a
// file of another version is refused with what to do about it. Postgres has versioned migrations; they are applied
// at start.
//
// It refuses to know our workflows, codec and store. Only the composition root imports it; the build tag `lean`
// leaves the server out and makes Start an error.
//
// The embedded frontend has no authentication: any local user of the machine can reach its port. Payloads stay
// unreadable to them (temporalkit encrypts), but a shared machine should use a real cluster with TLS.
//
//	options.go  Options, names, what Start accepts
//	server.go   Start, Stop: the life of the server
//	config.go   the server's configuration; tuning.go its dynamic part
//	sqlite.go   file mode: stamp, lock, schema; postgres.go the same for Postgres
//	ui.go       the web UI
//	logger.go   the server's log through slog
package devserver
