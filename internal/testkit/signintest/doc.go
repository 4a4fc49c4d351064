// Package signintest is the three-tenant world with registrations that people and pipelines sign in with, and the
// people at their browsers. Annie is the admin of A, Bob of B, Charlie of C (by a group), Annie is an operator of
// the platform too (by an app role), Barbara is nobody here.
//
//	world.go    the simulator as issuer, the configuration that believes it
//	browser.go  somebody with a browser: code flow, device codes
package signintest
