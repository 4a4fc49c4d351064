package graph

import (
	"context"
	"errors"
	"net/http"

	"entente.dev/entente/internal/problem"
)

// deadConnection is an attempt without a usable answer, with what is known about how far it came.
type deadConnection struct {
	cause    error
	attempts int  // connections that Go's transport used for it
	sent     bool // the headers left: the service may have acted
	answered bool // an answer began
	timeout  bool
}

func (d *deadConnection) Error() string { return "no answer" }
func (d *deadConnection) Unwrap() error { return d.cause }

// repeatable: a connection existed, died before any answer, and Go's transport did not already use a second
// one by itself. A timeout is not repeated: it has used up its time.
func (d *deadConnection) repeatable() bool {
	return d.sent && !d.answered && !d.timeout && d.attempts <= 1
}

// unsent marks a failure before anything left this process.
type unsent struct{ cause error }

func (u *unsent) Error() string { return u.cause.Error() }
func (u *unsent) Unwrap() error { return u.cause }

func notSent(err error) error { return &unsent{cause: err} }

// transportProblem classifies a failure that has no HTTP answer. What was never sent, and every read, is
// Unavailable; a write that may have arrived is Ambiguous. The cause's text is dropped: it quotes the URL,
// and with it names in filters.
func transportProblem(k *call, host string, err error) *problem.Error {
	var known *problem.Error
	if errors.As(err, &known) {
		copied := *known
		return &copied
	}
	var before *unsent
	var dead *deadConnection
	sent := !errors.As(err, &before)
	if errors.As(err, &dead) {
		sent = dead.sent
	}
	kind, detail := problem.Unavailable, "no connection to "+host
	remedy := "check the network, the proxy and the address; the call is tried again"
	switch {
	case k.write() && sent:
		kind, detail = problem.Ambiguous, "the connection to "+host+" ended before the answer; the change may have been made"
		remedy = "the state is read again before anything is repeated"
	case sent:
		detail = "the connection to " + host + " ended before the answer"
	}
	switch {
	case errors.Is(err, context.Canceled):
		detail += " (cancelled)"
	case errors.Is(err, context.DeadlineExceeded):
		detail += " (out of time)"
	default:
		if reason := networkReason(err); reason != "" {
			detail += " (" + reason + ")"
		}
	}
	found := problem.Wrap(kind, k.Name, rootCause(err))
	found.Detail, found.Remedy = detail, remedy
	return found
}

// rootCause keeps what errors.Is needs (context.Canceled) and nothing that quotes a URL.
func rootCause(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, http.ErrHandlerTimeout} {
		if errors.Is(err, known) {
			return known
		}
	}
	return errNoAnswer
}

var errNoAnswer = errors.New("no answer")
