//go:build !lean

package devserver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// ui is Temporal's web UI, read-only: what changes a share goes through our API, where it is authorized and written
// to the ledger.
type ui struct {
	server  *uiserver.Server
	address string
}

func startUI(ctx context.Context, port int, frontend, codecEndpoint string) (*ui, error) {
	// The UI server exits the process when it cannot listen, so the port is tried first.
	l, err := net.Listen("tcp", hostPort(port))
	if err != nil {
		return nil, fmt.Errorf("embedded Temporal: web UI: %w; choose another port for it or turn it off", err)
	}
	address := l.Addr().String()
	port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return nil, fmt.Errorf("embedded Temporal: web UI: %w", err)
	}
	server := uiserver.NewServer(uioptions.WithConfigProvider(&uiconfig.Config{
		TemporalGRPCAddress:   frontend,
		Host:                  loopback,
		Port:                  port,
		EnableUI:              true,
		DefaultNamespace:      Namespace,
		DisableNewsFetch:      true,
		DisableWriteActions:   true,
		StartWorkflowDisabled: true,
		BatchActionsDisabled:  true,
		HideLogs:              true,
		CORS:                  uiconfig.CORS{CookieInsecure: true},
		Codec:                 uiconfig.Codec{Endpoint: codecEndpoint},
	}))
	go func() { _ = server.Start() }()

	u := &ui{server: server, address: address}
	if err := u.waitReady(ctx); err != nil {
		server.Stop()
		return nil, err
	}
	return u, nil
}

// waitReady asks until the UI answers; a Stop before it listens would be lost.
func (u *ui) waitReady(ctx context.Context) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.address+"/healthz", nil)
		if err != nil {
			return fmt.Errorf("embedded Temporal: web UI: %w", err)
		}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("embedded Temporal: web UI did not answer on %s: %w", u.address, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
