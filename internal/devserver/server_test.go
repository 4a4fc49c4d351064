//go:build !lean

package devserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.temporal.io/server/common/headers"

	sdklog "go.temporal.io/sdk/log"
)

// TestMain also is the victim of the kill test: the same binary, run again with a data directory to serve.
func TestMain(m *testing.M) {
	if dir := os.Getenv("DEVSERVER_VICTIM"); dir != "" {
		victim(dir)
		return
	}
	os.Exit(m.Run())
}

func victim(dir string) {
	began := time.Now()
	s, err := Start(context.Background(), Options{DataDir: dir, UI: os.Getenv("DEVSERVER_UI") != ""})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ready", s.Address(), time.Since(began).Round(time.Millisecond))
	select {}
}

func startVictim(t *testing.T, dir string, env ...string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(env, "DEVSERVER_VICTIM="+dir)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	fields := strings.Fields(line)
	require.Equal(t, "ready", fields[0], line)
	t.Log(strings.TrimSpace(line))
	return cmd, fields[1]
}

func dial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: address, Namespace: Namespace, Logger: sdklog.NewStructuredLogger(discard())})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// wait is a workflow that ends when it is told a word.
func wait(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return word, nil
}

func runWorker(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, "core", worker.Options{})
	w.RegisterWorkflowWithOptions(wait, workflow.RegisterOptions{Name: "wait"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func TestServerKeepsWorkflowsAcrossKill(t *testing.T) {
	dir := t.TempDir()
	cmd, address := startVictim(t, dir)
	c := dial(t, address)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "share/o/a/b", TaskQueue: "core",
		TypedSearchAttributes: temporal.NewSearchAttributes(temporal.NewSearchAttributeKeyKeyword(AttributeOrg).ValueSet("o")),
	}, "wait")
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()

	s, err := Start(t.Context(), Options{DataDir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	c = dial(t, s.Address())
	runWorker(t, c)
	require.NoError(t, c.SignalWorkflow(t.Context(), "share/o/a/b", run.GetRunID(), "word", "back"))
	var word string
	require.NoError(t, c.GetWorkflow(t.Context(), "share/o/a/b", run.GetRunID()).Get(t.Context(), &word))
	require.Equal(t, "back", word)

	_, err = Start(t.Context(), Options{DataDir: dir})
	require.ErrorContains(t, err, "in use by another entented")
}

func TestServerServesUIOnLoopbackOnly(t *testing.T) {
	began := time.Now()
	s, err := Start(t.Context(), Options{DataDir: t.TempDir(), UI: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	t.Logf("ready in %s", time.Since(began))
	require.Less(t, time.Since(began), 5*time.Second)

	resp, err := http.Get("http://" + s.UIAddress())
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	for _, address := range []string{s.Address(), s.UIAddress()} {
		host, _, err := net.SplitHostPort(address)
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1", host)
	}
}

func TestSQLiteFileOfAnotherVersionIsRefused(t *testing.T) {
	for name, stamp := range map[string]string{"older": "1.31.0\n", "without a stamp": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := openSQLite(dir)
			require.NoError(t, err)
			path := filepath.Join(dir, fileName+".version")
			if stamp == "" {
				require.NoError(t, os.Remove(path))
			} else {
				require.NoError(t, os.WriteFile(path, []byte(stamp), 0o600))
			}
			_, err = Start(t.Context(), Options{DataDir: dir})
			var version *VersionError
			require.ErrorAs(t, err, &version)
			require.Equal(t, strings.TrimSpace(stamp), version.Found)
			require.ErrorContains(t, err, headers.ServerVersion)
			require.ErrorContains(t, err, "entente apply")
		})
	}
}

func TestSQLiteHalfMadeFileIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, fileName)
	require.NoError(t, os.WriteFile(file, []byte("half"), 0o600))
	require.NoError(t, os.WriteFile(file+".version", []byte(creating+"\n"), 0o600))
	_, err := openSQLite(dir)
	require.NoError(t, err)
	stamp, err := readStamp(file + ".version")
	require.NoError(t, err)
	require.Equal(t, headers.ServerVersion, stamp)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := Start(t.Context(), Options{})
	require.ErrorContains(t, err, "no data directory")
	_, err = Start(t.Context(), Options{DataDir: "/tmp/what?"})
	require.ErrorContains(t, err, "choose another --data-dir")
	_, err = Start(t.Context(), Options{DataDir: t.TempDir(), DatabaseURL: "mysql://u:secret@h/d"})
	require.ErrorContains(t, err, "postgres://")
	require.NotContains(t, err.Error(), "secret")
	_, err = Start(t.Context(), Options{DataDir: filepath.Join(t.TempDir(), "absent")})
	require.True(t, errors.Is(err, os.ErrNotExist), err)
}
