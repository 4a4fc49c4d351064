package telemetry

import (
	"bytes"
	"flag"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write generated files")

const referencePath = "../../docs/reference/metrics.md"

func TestReferenceIsCurrent(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(referencePath, []byte(Reference()), 0o644))
	}
	have, err := os.ReadFile(referencePath)
	require.NoError(t, err)
	if diff := cmp.Diff(string(have), Reference()); diff != "" {
		t.Fatalf("docs/reference/metrics.md is out of date; run make gen\n%s", diff)
	}
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	body, err := io.ReadAll(rec.Result().Body)
	require.NoError(t, err)
	return string(body)
}

func TestMetricsAreServed(t *testing.T) {
	m := NewMetrics(Build{Version: "1.2.3", Commit: "abc"})
	m.Add(GraphRequests, 2, "a", "users", "200")
	m.Set(Shares, 6, "o", "insync")
	m.Observe(ActivitySeconds, 20*time.Millisecond, "graphread.list-jobs")
	body := scrape(t, m)
	for _, want := range []string{
		`entente_build_info{commit="abc",go="go`,
		`entente_graph_requests_total{class="users",status="200",tenant="a"} 2`,
		`entente_shares{org="o",phase="insync"} 6`,
		`entente_activity_seconds_count{activity="graphread.list-jobs"} 1`,
		"go_goroutines", "process_resident_memory_bytes",
	} {
		require.Contains(t, body, want)
	}
	m.Reset(Shares)
	require.NotContains(t, scrape(t, m), "entente_shares{")
	require.Panics(t, func() { m.Add(Shares, 1, "x") })
	require.Panics(t, func() { m.Add(GraphRequests, 1, "too few") })
	var none *Metrics
	none.Add(GraphRequests, 1)
	none.Set(Shares, 1)
	none.Observe(ActivitySeconds, 1)
	none.Reset(Shares)
}

func TestTableIsSound(t *testing.T) {
	seen := map[Metric]bool{}
	label := regexp.MustCompile(`^[a-z][a-z_]*$`)
	for _, d := range definitions() {
		require.False(t, seen[d.name], d.name)
		seen[d.name] = true
		require.Equal(t, d.kind == counter, strings.HasSuffix(string(d.name), "_total"), d.name)
		if d.kind == histogram {
			require.True(t, strings.HasSuffix(string(d.name), "_seconds"), d.name)
		}
		require.True(t, strings.HasSuffix(d.help, "."), d.name)
		for _, l := range d.labels {
			require.Regexp(t, label, l)
			require.False(t, private(l), l)
		}
	}
}

func TestLogRedactsPeopleAndCredentials(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo)
	log.With("upn", "annie@a.example").WithGroup("user").Info("seen",
		"displayName", "Annie", "mail", "annie@a.example", "access_token", "eyJ", "clientSecret", "s3cret",
		slog.Group("deep", "name", "Annie"), "tenant", "a", "requestId", "r1")
	line := out.String()
	for _, leak := range []string{"nnie", "eyJ", "s3cret"} {
		require.NotContains(t, line, leak)
	}
	require.Contains(t, line, `"tenant":"a"`)
	require.Contains(t, line, `"requestId":"r1"`)
	require.True(t, strings.HasPrefix(line, "{"), "JSON when not on a terminal")
	out.Reset()
	log.Debug("hidden")
	require.Empty(t, out.String())
}

func TestParseLevel(t *testing.T) {
	level, err := ParseLevel("warn")
	require.NoError(t, err)
	require.Equal(t, slog.LevelWarn, level)
	_, err = ParseLevel("loud")
	require.ErrorContains(t, err, "debug, info, warn or error")
}
