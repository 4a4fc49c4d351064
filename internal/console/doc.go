// Package console is the web pages: overview, inbox, request, holds, share, reductions, in three languages. They are
// rendered on the server, work without script, and change live where the browser has it.
//
// The console is a client of our own API like any other: it calls the handler in its own process with the
// token of whoever signed in, so what a person may see and do is decided in one place. It refuses to know the
// store, Temporal and Graph. The token stays in the server's session; the browser holds a random cookie.
//
//	console.go   Deps, New, routes, headers
//	session.go   sessions, signing out, pasted tokens
//	outside.go   signing in at a service outside
//	pages.go     pages for reading
//	request.go   a request's page       draft.go    whom an answer leaves out, before it is sent
//	preview.go   whom a rule fits       decide.go   the answer
//	holds.go     holds and their form   share.go    a share, stopping it, taking a yes back
//	inprocess.go calls of the API without a network
//	speech.go    the language of a request; catalogue/ has the texts
//	view.go      how states look
//	*.templ      markup; *_templ.go is generated from it
//	assets/      style and script; assets.sh fetches htmx, which every page can do without
package console
