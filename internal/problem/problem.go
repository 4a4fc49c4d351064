// Package problem is the one error taxonomy: what kind of failure, who retries, and what a person is told.
//
// graph classifies Graph's answers into it, contract carries it through Temporal, api shows it as RFC 9457.
// A person always learns three things: what failed (Op, Tenant, Detail), what state things are in (Kind),
// and what to do (Remedy). It is pure and holds no names or addresses of people.
package problem

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is one row of the taxonomy. The strings are wire format: append only.
type Kind string

// The kinds. Retry and the workflow's answer are in the table below.
const (
	Invalid         Kind = "Invalid"         // what we were given is wrong; never retried
	Unauthenticated Kind = "Unauthenticated" // the tenant's credential is refused
	Forbidden       Kind = "Forbidden"       // a permission is missing
	NotFound        Kind = "NotFound"
	Conflict        Kind = "Conflict"
	Stale           Kind = "Stale"     // the precondition no longer holds
	Rejected        Kind = "Rejected"  // Graph refuses this change for good
	Ambiguous       Kind = "Ambiguous" // the write may have happened
	Throttled       Kind = "Throttled"
	Unavailable     Kind = "Unavailable"
	DeltaReset      Kind = "DeltaReset"   // the delta token is gone: read everything
	Incomplete      Kind = "Incomplete"   // a collection was not read to its last page
	GuardTripped    Kind = "GuardTripped" // a safety guard waits for a person
	Bug             Kind = "Bug"
)

// Kinds lists all of them, for total tables.
func Kinds() []Kind {
	return []Kind{Invalid, Unauthenticated, Forbidden, NotFound, Conflict, Stale, Rejected, Ambiguous, Throttled, Unavailable, DeltaReset, Incomplete, GuardTripped, Bug}
}

// Retryable tells whether Temporal should try the same call again by itself.
func (k Kind) Retryable() bool { return k == Throttled || k == Unavailable }

// HTTPStatus is the status of our own API for the kind.
func (k Kind) HTTPStatus() int {
	switch k {
	case Invalid:
		return 400
	case NotFound:
		return 404
	case Conflict, Stale, GuardTripped:
		return 409
	case Unauthenticated, Forbidden, Rejected, Ambiguous, DeltaReset, Incomplete:
		return 502
	case Throttled, Unavailable:
		return 503
	default:
		return 500
	}
}

// Error is a failure in the taxonomy. It is JSON-stable because it crosses Temporal and the API.
type Error struct {
	Kind       Kind          `json:"kind"`
	Op         string        `json:"op"`                   // what was being done: "list partner configurations"
	Tenant     string        `json:"tenant,omitempty"`     // the tenant's short name or GUID
	Code       string        `json:"code,omitempty"`       // Graph's or Entra's own code
	Detail     string        `json:"detail,omitempty"`     // the service's message, without people's names
	Remedy     string        `json:"remedy,omitempty"`     // what to do: "grant Policy.Read.All to …"
	RequestID  string        `json:"requestId,omitempty"`  // Graph's request-id
	RetryAfter time.Duration `json:"retryAfter,omitempty"` // only for Throttled and Unavailable
	cause      error
}

// New makes an error of a kind.
func New(kind Kind, op, detail string) *Error { return &Error{Kind: kind, Op: op, Detail: detail} }

// Wrap keeps a cause for errors.Is/As; its text becomes the detail where none is given.
func Wrap(kind Kind, op string, cause error) *Error {
	return &Error{Kind: kind, Op: op, Detail: cause.Error(), cause: cause}
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Tenant != "" {
		fmt.Fprintf(&b, " (tenant %s)", e.Tenant)
	}
	fmt.Fprintf(&b, ": %s", e.Kind)
	if e.Code != "" {
		fmt.Fprintf(&b, " %s", e.Code)
	}
	if e.Detail != "" {
		fmt.Fprintf(&b, ": %s", e.Detail)
	}
	if e.Remedy != "" {
		fmt.Fprintf(&b, "; %s", e.Remedy)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.cause }

// KindOf classifies any error: our own by its kind, anything else as a bug.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Bug
}

// Of returns the *Error in the chain, or a Bug that wraps err.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(Bug, "unexpected failure", err)
}
