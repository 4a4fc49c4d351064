// Package console is the web pages: overview, inbox, request, share, reductions. They are rendered on the
// server, work without script, and change live where the browser has it.
//
// The console is a client of our own API like any other: it calls the handler in its own process with the
// token of whoever signed in, so what a person may see and do is decided in one place. It refuses to know the
// store, Temporal and Graph. The token stays in the server's session; the browser holds a random cookie.
//
//	console.go   Deps, New, routes, headers
//	session.go   sessions, signing out, pasted tokens
//	outside.go   signing in at a service outside
//	pages.go     pages for reading
//	decide.go    forms
//	inprocess.go calls of the API without a network
//	text.go      every English word
//	view.go      how states look
//	*.templ      markup; *_templ.go is generated from it
//	assets/      style and script
package console
