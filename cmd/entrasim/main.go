// Command entrasim runs a world of simulated Microsoft Entra tenants and steers one that runs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"entente.dev/entente/internal/entrasim/simcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := simcli.Command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "entrasim:", err)
		os.Exit(1)
	}
}
