// Package postgrestest gives a test its own PostgreSQL server: Debian's binaries, a folder that goes away, a
// free loopback port, one generated password.
//
// PostgreSQL refuses to run as root, so a root test starts it as another user. Missing binaries fail the
// test with the package to install: a skipped backend is an untested one.
package postgrestest
