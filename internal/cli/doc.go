// Package cli is the command line: verbs, human tables, machine output, exit codes.
//
// It speaks only the HTTP API, through its client. It owns words, tables and exit codes and decides nothing:
// what a verb may do is the server's to say. Run is complete in itself, so that tests and the demonstration
// run verbs in their own process.
//
//	cli.go       Run, global flags, exit codes, errors
//	output.go    tables, colours, JSON and YAML
//	connect.go   server, token, organization; the kept session
//	login.go     login, logout, whoami
//	device.go    sign-in by a code, renewal
//	plan.go      validate, plan
//	apply.go     apply, and waiting for shares
//	status.go    status, coverage, export
//	inbox.go     inbox, approve, reject
//	people.go    hold, release, restore, reductions
//	shares.go    stop
//	history.go   history
//	audit.go     audit verify, export, checkpoint, key
package cli
