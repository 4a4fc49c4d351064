package temporalkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"entente.dev/entente/internal/telemetry"
)

// Queue is one task queue that this process serves.
type Queue struct {
	Name     string
	Register func(worker.Registry) // registers by explicit names; called once
	// Workflows says that workflows run on this queue: the core queue. Tenant queues carry activities only.
	Workflows bool
	// ActivitiesPerSecond limits the start rate of the whole queue over all processes; 0 is no limit. It is the
	// first of the three layers against throttling.
	ActivitiesPerSecond float64
	// Concurrent bounds how many activities of this queue run in this process; 0 means 20.
	Concurrent int
}

// WorkersOptions describes the workers of one process.
type WorkersOptions struct {
	Queues       []Queue
	Metrics      *telemetry.Metrics
	Logger       *slog.Logger
	DrainTimeout time.Duration // how long Stop lets running activities finish; 0 means 10 s
}

// Workers runs one worker per queue.
type Workers struct {
	workers []worker.Worker
	names   []string
	fatal   chan error
	stop    sync.Once
}

// cachedWorkflows bounds the sticky cache of the process (the embedded server sets the same): an idle entity is replayed in milliseconds, a cached one
// costs some 20 KiB and goroutines.
const cachedWorkflows = 1000

// NewWorkers builds the workers; nothing polls before Start.
func NewWorkers(c client.Client, opts WorkersOptions) (*Workers, error) {
	if len(opts.Queues) == 0 {
		return nil, errors.New("workers: no queue to serve")
	}
	drain := opts.DrainTimeout
	if drain == 0 {
		drain = 10 * time.Second
	}
	w := &Workers{fatal: make(chan error, 1)}
	shared := NewInterceptor(opts.Metrics, opts.Logger)
	seen := map[string]bool{}
	for _, q := range opts.Queues {
		if q.Name == "" || q.Register == nil || seen[q.Name] {
			return nil, fmt.Errorf("workers: queue %q is named twice, or has no name or nothing to register", q.Name)
		}
		seen[q.Name] = true
		one := worker.New(c, q.Name, w.options(q, drain, shared))
		q.Register(one)
		w.workers = append(w.workers, one)
		w.names = append(w.names, q.Name)
	}
	return w, nil
}

func (w *Workers) options(q Queue, drain time.Duration, shared interceptor.WorkerInterceptor) worker.Options {
	concurrent := q.Concurrent
	if concurrent == 0 {
		concurrent = 20
	}
	return worker.Options{
		Interceptors:                       []interceptor.WorkerInterceptor{shared},
		DisableWorkflowWorker:              !q.Workflows,
		TaskQueueActivitiesPerSecond:       q.ActivitiesPerSecond,
		MaxConcurrentActivityExecutionSize: concurrent,
		MaxConcurrentActivityTaskPollers:   2,
		MaxConcurrentWorkflowTaskPollers:   4,
		WorkerStopTimeout:                  drain,
		// A loaded machine is no deadlock; the default of one second has false alarms on two cores.
		DeadlockDetectionTimeout: 5 * time.Second,
		OnFatalError: func(err error) {
			select {
			case w.fatal <- fmt.Errorf("worker of queue %s: %w", q.Name, err):
			default:
			}
		},
	}
}

// Start begins to poll. When one worker does not start, those that did are stopped and the error says which.
func (w *Workers) Start() error {
	worker.SetStickyWorkflowCacheSize(cachedWorkflows) // process-wide; the SDK heeds it before the first worker only
	for i, one := range w.workers {
		if err := one.Start(); err != nil {
			for _, started := range w.workers[:i] {
				started.Stop()
			}
			return fmt.Errorf("worker of queue %s: %w", w.names[i], err)
		}
	}
	return nil
}

// Wait returns when ctx is done, or with the error of a worker that cannot go on. The caller stops the workers.
func (w *Workers) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-w.fatal:
		return err
	}
}

// Stop stops polling and lets running activities finish, all queues at once; what is not done after the drain
// timeout is cancelled and runs again elsewhere. It is safe to call twice.
func (w *Workers) Stop() {
	w.stop.Do(func() {
		var wait sync.WaitGroup
		for _, one := range w.workers {
			wait.Go(one.Stop)
		}
		wait.Wait()
	})
}
