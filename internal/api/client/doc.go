// Package client speaks Entente's HTTP API: one typed method per operation, every failure a *wire.Problem that
// says what failed and what to do, also when no answer came at all.
//
// The CLI, the demonstration, the console and the end-to-end tests use it. It never repeats a command by
// itself; a caller that wants to passes the same idempotency key again.
package client
