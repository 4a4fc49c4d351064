// Package demo runs the main job from beginning to end on real parts and says what it sees: plan, apply, three
// admins' answers, coverage, somebody leaves, somebody is brought back. It uses the product as a person does, by
// the command line, and the simulator as three Entra admins would.
//
//	demo.go   Run and the order of the phases    phases.go  one function a phase
//	world.go  simulator, daemon, tokens           report.go  what is printed
package demo

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"entente.dev/entente/internal/api/client"
	"entente.dev/entente/internal/app"
	"entente.dev/entente/internal/entrasim"
)

// Options of a demonstration.
type Options struct {
	DataDir  string        // fresh or of an earlier demonstration, which is thrown away
	Listen   string        // of API and console
	Users    int           // people a tenant who are not shared
	Cycle    time.Duration // of the simulated provisioning engine
	Stay     bool          // keep serving until the context ends
	Out      io.Writer
	LogLevel slog.Level // of the daemon's log, which goes to a file in DataDir
	Version  string
}

// Demo is one running demonstration.
type Demo struct {
	options Options
	sim     *entrasim.Server
	app     *app.App
	api     *client.Client // as the platform team
	tokens  map[string]string
	log     *os.File
	file    string // the topology, as the commands name it

	began   time.Time
	timings []timing
	bob     string            // his object in C before anything happened
	barbara map[string]string // her objects in A and C before she left
	result  result
}

type result struct {
	covered, wanted, members, guests, reduced, restored int
}

// phase is one chapter; its name is what a failure names.
type phase struct {
	name string
	run  func(context.Context) error
}

// Run shows the whole job. The error names the phase that failed and why.
func Run(ctx context.Context, o Options) error {
	d := &Demo{options: o, tokens: map[string]string{}, barbara: map[string]string{}, began: time.Now()}
	defer d.stop()
	for _, p := range []phase{
		{"start", d.start},
		{"plan", d.plan},
		{"apply", d.apply},
		{"approve", d.approve},
		{"set up and sync", d.sync},
		{"second plan", d.secondPlan},
		{"leave", d.leave},
		{"restore", d.restore},
		{"report", d.report},
	} {
		started := time.Now()
		if err := p.run(ctx); err != nil {
			return fmt.Errorf("demo: phase %q failed: %w", p.name, err)
		}
		d.timings = append(d.timings, timing{p.name, time.Since(started)})
	}
	d.finish()
	if o.Stay {
		d.printf("\nServing until Ctrl-C.\n")
		<-ctx.Done()
	}
	return nil
}
