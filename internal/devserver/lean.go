//go:build lean

package devserver

import (
	"context"
	"errors"
)

// Server is never running in a lean build.
type Server struct{}

// Start is an error in a lean build: it has no server inside.
func Start(context.Context, Options) (*Server, error) {
	return nil, errors.New("this entented was built without the embedded Temporal server (tag lean); give it --temporal-address, or use the full build")
}

// Address is empty.
func (*Server) Address() string { return "" }

// UIAddress is empty.
func (*Server) UIAddress() string { return "" }

// Namespace is the name that a cluster's namespace should have.
func (*Server) Namespace() string { return Namespace }

// Stop does nothing.
func (*Server) Stop() error { return nil }
