package graph

import (
	"context"
	"net/http"
)

type recorderKey struct{}

// WithRecorder lets f hear the request id of every change that Graph takes in ctx: what Microsoft's support asks
// for, and what joins our ledger to a tenant's audit log. A batch is one request. f is called from the caller's
// own goroutine, and not for reads or refusals.
//
// Header request-id · learn.microsoft.com/graph/best-practices-concept#reliability-and-support, checked 2026-11.
func WithRecorder(ctx context.Context, f func(requestID string)) context.Context {
	return context.WithValue(ctx, recorderKey{}, f)
}

func recordChange(ctx context.Context, k *call, resp *http.Response) {
	f, ok := ctx.Value(recorderKey{}).(func(string))
	if id := resp.Header.Get("request-id"); ok && id != "" && k.write() {
		f(id)
	}
}
