package replay

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/workflowservice/v1"
	sdk "go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"entente.dev/entente/deploy/examples"
	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/app"
	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/cli"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/control"
	"entente.dev/entente/internal/devserver"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/simclient"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/temporalkit"
	"entente.dev/entente/internal/temporalkit/codec"
)

var record = flag.Bool("record", false, "run the main job and write its histories to testdata")

// TestRecord writes fixtures anew; without -record it has nothing to do.
func TestRecord(t *testing.T) {
	if !*record {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r := start(ctx, t)
	r.run("apply", "-f", r.file, "--yes")
	r.until("six requests", func() bool {
		w, err := r.api.Requests(ctx, "contoso-group", client.RequestFilter{Status: "waiting"})
		return err == nil && len(w.Requests) == 6
	})
	for _, tenant := range []string{"a", "b", "c"} {
		r.as(tenant, "approve", "--tenant", tenant, "--all", "--existing-guests", "convert")
	}
	r.covered(12)
	_, err := r.sim.Admin().Edit(ctx, simclient.Edit{Tenant: "b", Action: "group.remove", Group: "Collaboration", User: "barbara@b.example"})
	require.NoError(t, err)
	r.until("two proven removals", func() bool {
		list, err := r.api.Reductions(ctx, "contoso-group")
		n := 0
		for _, reduction := range list.Reductions {
			for _, m := range reduction.Removals {
				if m.State == store.Proven {
					n++
				}
			}
		}
		return err == nil && n == 2
	})
	r.covered(9)
	r.run("restore", "barbara@b.example", "--reason", "left by mistake")
	r.covered(12)
	bc := ident.Share{Source: "b", Target: "c"}
	c := control.New(r.temporal, nil, "")
	require.NoError(t, c.Revert(ctx, "contoso-group", bc, contract.RevertCommand{By: "pat", Reason: "recording"}, "revert"))
	time.Sleep(10 * time.Second)
	require.NoError(t, c.Stop(ctx, "contoso-group", bc, contract.StopCommand{By: "pat", Reason: "recording"}, "stop"))
	r.until("stopped", func() bool {
		s, err := r.api.Status(ctx, "contoso-group")
		return err == nil && slices.ContainsFunc(s.Shares, func(s wire.ShareStatus) bool { return s.Share == bc && s.Phase == "stopped" })
	})
	r.write(ctx)
}

type recorder struct {
	t        *testing.T
	sim      *entrasim.Server
	app      *app.App
	api      *client.Client
	temporal sdk.Client
	keys     codec.Keys
	dir      string
	file     string
}

func start(ctx context.Context, t *testing.T) *recorder {
	r := &recorder{t: t, dir: t.TempDir()}
	r.file = filepath.Join(r.dir, "three-tenants.yaml")
	require.NoError(t, os.WriteFile(r.file, examples.ThreeTenants, 0o600))
	w := world.ThreeTenants(5)
	var err error
	r.sim, err = entrasim.Start(ctx, entrasim.Options{World: w, CycleLength: 2 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.sim.Close() })
	options := app.Options{DataDir: filepath.Join(r.dir, "data"), Listen: "127.0.0.1:0", TemporalPort: 17233}
	for _, tenant := range w.Tenants {
		secret := tenant.Apps[0].Secrets[0]
		options.Tenants = append(options.Tenants, graph.Config{
			Tenant: tenant.Name, TenantID: tenant.ID, Authority: r.sim.BaseURL(), BaseURL: r.sim.BaseURL(), CAFile: r.sim.CAFile(),
			Credential: graph.Credential{Kind: graph.SecretCredential, ClientID: tenant.Apps[0].ClientID, Secret: func() (string, error) { return secret, nil }},
		})
	}
	options.Tokens = append(options.Tokens, authn.Token{Name: "platform", Role: authn.Platform, Secret: r.token("platform")})
	for _, tenant := range []string{"a", "b", "c"} {
		options.Tokens = append(options.Tokens, authn.Token{Name: "admin-" + tenant, Role: authn.TenantAdmin, Tenant: ident.Tenant(tenant), Secret: r.token(tenant)})
	}
	r.app, err = app.Start(ctx, options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.app.Stop() })
	platform, err := os.ReadFile(filepath.Join(r.dir, "platform"))
	require.NoError(t, err)
	r.api, err = client.New(r.app.URL(), string(platform), nil)
	require.NoError(t, err)
	r.keys, err = codec.LoadOrCreateKeys(filepath.Join(r.dir, "data", "payload.keys"))
	require.NoError(t, err)
	r.temporal, err = temporalkit.Dial(ctx, temporalkit.Options{Address: "127.0.0.1:17233", Namespace: devserver.Namespace, Keys: r.keys})
	require.NoError(t, err)
	t.Cleanup(r.temporal.Close)
	return r
}

func (r *recorder) token(name string) string {
	secret := rand.Text()
	require.NoError(r.t, os.WriteFile(filepath.Join(r.dir, name), []byte(secret), 0o600))
	return secret
}

func (r *recorder) run(args ...string) { r.as("platform", args...) }

func (r *recorder) as(who string, args ...string) {
	var out, errs bytes.Buffer
	code := cli.Run(r.t.Context(), append([]string{"--server", r.app.URL(), "--token-file", filepath.Join(r.dir, who)}, args...), strings.NewReader(""), &out, &errs)
	require.Zero(r.t, code, "%v: %s%s", args, out.String(), errs.String())
}

func (r *recorder) covered(n int) {
	r.until(fmt.Sprintf("%d cells, all in sync", n), func() bool {
		c, err := r.api.CoverageAll(r.t.Context(), "contoso-group", "")
		if err != nil {
			return false
		}
		s, err := r.api.Status(r.t.Context(), "contoso-group")
		return err == nil && s.InSync && c.Totals.Covered == n && c.Totals.Wanted == n
	})
}

func (r *recorder) until(what string, ask func() bool) {
	for deadline := time.Now().Add(2 * time.Minute); !ask(); time.Sleep(250 * time.Millisecond) {
		require.True(r.t, time.Now().Before(deadline), "gave up waiting for %s", what)
	}
}

// write keeps the two longest histories of each workflow.
func (r *recorder) write(ctx context.Context) {
	time.Sleep(3 * time.Second) // visibility is a little late
	all := map[string][]*historypb.History{}
	listed, err := r.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000})
	require.NoError(r.t, err)
	for _, e := range listed.Executions {
		h := &historypb.History{}
		for it := r.temporal.GetWorkflowHistory(ctx, e.Execution.WorkflowId, e.Execution.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
			event, err := it.Next()
			require.NoError(r.t, err)
			h.Events = append(h.Events, event)
		}
		all[e.Type.Name] = append(all[e.Type.Name], h)
	}
	for name, histories := range all {
		slices.SortFunc(histories, func(a, b *historypb.History) int { return cmp.Compare(len(b.Events), len(a.Events)) })
		for i, h := range histories[:min(2, len(histories))] {
			require.NoError(r.t, decoded(ctx, h, r.keys))
			raw, err := protojson.Marshal(h)
			require.NoError(r.t, err)
			var b bytes.Buffer
			z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
			_, err = z.Write(raw)
			require.NoError(r.t, err)
			require.NoError(r.t, z.Close())
			require.NoError(r.t, os.WriteFile(filepath.Join("testdata", fmt.Sprintf("%s-%d.json.gz", name, i+1)), b.Bytes(), 0o644))
		}
	}
}
