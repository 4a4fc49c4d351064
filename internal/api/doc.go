// Package api is the HTTP interface of Entente: OpenAPI 3.1, RFC 9457 problems, cursors, idempotency keys and
// server-sent events, over the standard mux.
//
// It owns who may call what (through authz, for every operation and every item of a list), how requests and
// answers look (package wire), and how a person's words become commands. Running things is not its business:
// it reads finished facts from the store and hands commands to Control. It refuses to know workflows,
// activities, Graph and Temporal.
//
//	api.go       Deps, New, the handler chain
//	control.go   what the API needs from the side that runs things
//	register.go  operations, problems, idempotency keys
//	signin.go    how to sign in, refusals of those who did not
//	plans.go     validate, plan, apply
//	status.go    organizations, status, shares, runs
//	coverage.go  the matrix and who may see which part of it
//	requests.go  inbox, people, what a yes would mean
//	decide.go    approve, reject, whom an answer leaves out    difference.go  what changed since
//	holds.go     holds
//	shares.go    stop, revoke, revert
//	restore.go   reductions and their undo
//	ledger.go    history and its proof
//	events.go    live status
//	codec.go     histories for Temporal's web UI
//	worker*.go   what workers without a database read and record
package api
