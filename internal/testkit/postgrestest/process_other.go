//go:build !linux

package postgrestest

import "os/exec"

// Only Linux ends a child with its parent.
func dieWithParent(*exec.Cmd) {}
