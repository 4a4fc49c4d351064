//go:build !lean

package devserver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"

	sdklog "go.temporal.io/sdk/log"
)

// startTimeout bounds a start whose caller set no deadline; a start takes about a second.
const startTimeout = 30 * time.Second

// Server is a running embedded Temporal server.
type Server struct {
	temporal temporal.Server
	ui       *ui
	address  string
	unlock   func()
	stop     sync.Once
	stopErr  error
}

// Start runs the server and returns when the namespace answers. Everything in flight in the database continues.
// ctx bounds the start only; Stop ends the server.
func Start(ctx context.Context, opts Options) (*Server, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()

	unlock, err := lockDir(opts.DataDir)
	if err != nil {
		return nil, err
	}
	s := &Server{unlock: unlock}
	if err := s.start(ctx, opts); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, opts Options) error {
	db, err := s.openDatabases(ctx, opts)
	if err != nil {
		return err
	}
	if err := createNamespace(db.execution); err != nil {
		return err
	}
	p, err := freePorts(opts.Port)
	if err != nil {
		return err
	}
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(p, db)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(p.staticHosts()),
		temporal.WithLogger(newServerLogger(opts.Logger)),
		temporal.WithDynamicConfigClient(tuning()),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
	)
	if err != nil {
		return fmt.Errorf("embedded Temporal: %w", err)
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("embedded Temporal: start: %w", err)
	}
	s.temporal, s.address = server, hostPort(p.frontend)
	if err := waitReady(ctx, s.address); err != nil {
		return err
	}
	if opts.UI {
		if s.ui, err = startUI(ctx, opts.UIPort, s.address, opts.CodecEndpoint); err != nil {
			return err
		}
	}
	return nil
}

// Address is the frontend's host:port.
func (s *Server) Address() string { return s.address }

// UIAddress is the web UI's host:port, empty without one.
func (s *Server) UIAddress() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.address
}

// Namespace is the namespace that clients dial.
func (s *Server) Namespace() string { return Namespace }

// Stop ends the server; stop workers and close clients first. It is safe to call twice. What is in flight stays in
// the database.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		if s.ui != nil {
			s.ui.server.Stop()
		}
		if s.temporal != nil {
			s.stopErr = s.temporal.Stop()
		}
		s.unlock()
	})
	return s.stopErr
}

// openDatabases readies the databases and makes sure that nobody else runs a server on them.
func (s *Server) openDatabases(ctx context.Context, opts Options) (databases, error) {
	if opts.DatabaseURL == "" {
		return openSQLite(opts.DataDir)
	}
	release, err := ownPostgres(ctx, opts.DatabaseURL)
	if err != nil {
		return databases{}, err
	}
	unlockDir := s.unlock
	s.unlock = func() { release(); unlockDir() }
	return openPostgres(ctx, opts.DatabaseURL)
}

// createNamespace writes the namespace before the server runs, which saves the ten seconds that a running server
// takes to notice a new one. The helper is named for SQLite and works on any SQL plugin.
func createNamespace(cfg *config.SQL) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, Namespace, false, searchAttributes())
	if err != nil {
		return fmt.Errorf("embedded Temporal: namespace: %w", err)
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := sqlite.CreateNamespaces(cfg, ns); err != nil {
		return fmt.Errorf("embedded Temporal: namespace: %w", err)
	}
	return nil
}

// waitReady returns when the namespace answers and has every search attribute; a database of an older release may
// lack some.
func waitReady(ctx context.Context, address string) error {
	c, err := client.NewLazyClient(client.Options{HostPort: address, Namespace: Namespace, Logger: sdklog.NewStructuredLogger(discard())})
	if err != nil {
		return fmt.Errorf("embedded Temporal: %w", err)
	}
	defer c.Close()
	for {
		_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
		if err == nil {
			return addSearchAttributes(ctx, c)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("embedded Temporal: not ready: %w", errors.Join(ctx.Err(), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func addSearchAttributes(ctx context.Context, c client.Client) error {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: Namespace})
	if err != nil {
		return fmt.Errorf("embedded Temporal: list search attributes: %w", err)
	}
	missing := searchAttributes()
	for name := range have.GetCustomAttributes() {
		delete(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	if _, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: Namespace, SearchAttributes: missing}); err != nil {
		return fmt.Errorf("embedded Temporal: add search attributes: %w", err)
	}
	return nil
}
