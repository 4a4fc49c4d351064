package contract

import (
	"errors"

	"go.temporal.io/sdk/temporal"

	"entente.dev/entente/internal/problem"
)

// ToFailure turns an activity's error into what crosses Temporal: the kind is the type, the whole problem is
// the (encrypted) detail, and the kind decides about retries. Temporal is the only owner of retries.
func ToFailure(err error) error {
	if err == nil {
		return nil
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) || temporal.IsCanceledError(err) {
		return err
	}
	p := problem.Of(err)
	return temporal.NewApplicationErrorWithOptions(p.Error(), string(p.Kind), temporal.ApplicationErrorOptions{
		NonRetryable:   !p.Kind.Retryable(),
		NextRetryDelay: p.RetryAfter,
		Details:        []any{p},
	})
}

// ProblemOf reads a problem back from whatever Temporal hands a workflow or a client. An activity that timed
// out or lost its worker may have written: that is Ambiguous. Nil stays nil.
func ProblemOf(err error) *problem.Error {
	if err == nil {
		return nil
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		var p problem.Error
		if app.HasDetails() && app.Details(&p) == nil && p.Kind != "" {
			return &p
		}
		return &problem.Error{Kind: kindOrBug(app.Type()), Op: "run", Detail: app.Message()}
	}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		return &problem.Error{
			Kind: problem.Ambiguous, Op: "wait for an answer", Code: timeout.TimeoutType().String(),
			Detail: "no definite answer in time", Remedy: "check that a worker serves this tenant; Entente looks again by itself",
		}
	}
	return problem.Of(err)
}

func kindOrBug(name string) problem.Kind {
	for _, k := range problem.Kinds() {
		if string(k) == name {
			return k
		}
	}
	return problem.Bug
}
