// Package examples holds the files that the documentation shows, so that programs and tests use the same ones.
package examples

import _ "embed"

// ThreeTenants is the topology of the three-tenant example.
//
//go:embed three-tenants.yaml
var ThreeTenants []byte
