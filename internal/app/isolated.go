package app

import (
	"context"
	"errors"
	"fmt"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store/remote"
	"entente.dev/entente/internal/temporalkit/codec"
)

// tenantStore is what the activities of tenants' queues read and record: the database, or our API in front of it.
type tenantStore interface {
	graphread.Store
	graphwrite.Store
}

// isolated tells whether this process has no database: it serves tenants, with their credentials and its token only.
func (o Options) isolated() bool { return o.Role == Worker && o.DatabaseURL == "" }

// openRemote asks the core whose token this is. A core that does not answer yet is no reason to end: work waits in
// Temporal, and each attempt asks again.
func (a *App) openRemote(ctx context.Context) error {
	if len(a.options.Tenants) == 0 {
		return errors.New("a worker serves the queues of tenants, and there are none; add tenants with their credentials")
	}
	s, err := remote.New(a.options.Core)
	if err != nil {
		return err
	}
	a.onStop("core", s.Close)
	a.work = s
	tenants := make([]ident.Tenant, len(a.options.Tenants))
	for i, t := range a.options.Tenants {
		tenants[i] = ident.Tenant(t.Tenant)
	}
	err = s.Check(ctx, tenants)
	if err != nil && problem.KindOf(err) == problem.Unavailable {
		a.options.Log.WarnContext(ctx, "the core does not answer yet; work waits for it", "core", a.options.Core.URL, "error", err)
		return nil
	}
	return err
}

// payloadKeys reads the keys; a process that is the whole of an installation, or its core, makes them at its first
// start. A worker with keys of its own could not read a single payload of the core's.
func (a *App) payloadKeys(path string) (codec.Keys, error) {
	if a.options.Role != Worker {
		return codec.LoadOrCreateKeys(path)
	}
	keys, err := codec.LoadKeys(path)
	if err != nil {
		return nil, fmt.Errorf("%w; a worker needs a copy of the core's payload.keys", err)
	}
	return keys, nil
}
