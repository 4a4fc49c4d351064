//go:build !lean

package devserver

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	sdklog "go.temporal.io/sdk/log"
)

// BenchmarkWorkflow is one workflow from start over a signal to its result, 20 at once.
func BenchmarkWorkflow(b *testing.B) {
	s, err := Start(b.Context(), Options{DataDir: b.TempDir()})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Stop()) })
	c, err := client.Dial(client.Options{HostPort: s.Address(), Namespace: Namespace, Logger: sdklog.NewStructuredLogger(discard())})
	require.NoError(b, err)
	b.Cleanup(c.Close)
	w := worker.New(c, "core", worker.Options{})
	w.RegisterWorkflowWithOptions(wait, workflow.RegisterOptions{Name: "wait"})
	require.NoError(b, w.Start())
	b.Cleanup(w.Stop)

	b.SetParallelism(10)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			run, err := c.SignalWithStartWorkflow(b.Context(), fmt.Sprintf("w/%p/%d", pb, i), "word", "now", client.StartWorkflowOptions{TaskQueue: "core"}, "wait")
			if err == nil {
				err = run.Get(b.Context(), nil)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "workflows/s")
}
