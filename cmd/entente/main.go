// Command entente is the command line of Entente; see internal/cli.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"entente.dev/entente/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
