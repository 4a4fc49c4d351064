// Command entented is Entente's daemon: API, console and workers, with Temporal and the store inside unless they
// are configured elsewhere. With --demo it shows the main job on simulated tenants; see internal/demo.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"entente.dev/entente/internal/app"
	"entente.dev/entente/internal/cli"
	"entente.dev/entente/internal/config"
	"entente.dev/entente/internal/demo"
	"entente.dev/entente/internal/telemetry"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "entented:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	c, err := config.Load(os.Args[1:], os.Environ(), os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Demo.On {
		return runDemo(ctx, c)
	}
	log := telemetry.NewLogger(os.Stderr, c.LogLevel)
	options, err := app.FromConfig(c, cli.Version(), log)
	if err != nil {
		return err
	}
	a, err := app.Start(ctx, options)
	if err != nil {
		return err
	}
	log.Info("ready", "api", a.URL(), "temporalUI", a.TemporalUI())
	if len(c.Tokens) == 0 && a.URL() != "" {
		log.Warn("nobody can sign in: no token is configured; write auth.tokens into the configuration file")
	}
	select {
	case <-ctx.Done():
		log.Info("stopping; what is in flight goes on at the next start")
	case err = <-a.Failed():
	}
	return errors.Join(err, a.Stop())
}

// runDemo stays up in front of a person, or where it is told to.
func runDemo(ctx context.Context, c *config.Config) error {
	attached := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("CI") == ""
	return demo.Run(ctx, demo.Options{
		DataDir: c.DataDir, Listen: c.Listen, Users: c.Demo.Users, Cycle: c.Demo.Cycle,
		Stay: attached || c.Demo.Stay, Out: os.Stdout, LogLevel: c.LogLevel, Version: cli.Version(),
	})
}
