package app

import (
	"strings"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/internal/graph"
	"entente.dev/entente/internal/problem"
)

// clients holds one Graph client for each tenant that this process serves: no more, so that a process can use
// no other tenant's credential.
type clients struct {
	byTenant map[string]*graph.Client
}

func newClients(tenants []graph.Config) (*clients, error) {
	c := &clients{byTenant: map[string]*graph.Client{}}
	for _, t := range tenants {
		client, err := graph.New(t)
		if err != nil {
			return nil, err
		}
		c.byTenant[strings.ToLower(t.TenantID)] = client
	}
	return c, nil
}

func (c *clients) get(tenantID string) (*graph.Client, error) {
	if client, ok := c.byTenant[strings.ToLower(tenantID)]; ok {
		return client, nil
	}
	p := problem.New(problem.Invalid, "use a tenant's credential", "this process does not serve tenant "+tenantID)
	p.Remedy = "add the tenant with its credential to a worker's configuration"
	return nil, p
}

// Reader implements graphread.Clients.
func (c *clients) Reader(tenantID string) (graphread.Graph, error) { return c.get(tenantID) }

// Writer implements graphwrite.Clients.
func (c *clients) Writer(tenantID string) (graphwrite.Graph, error) { return c.get(tenantID) }

func (c *clients) close() error {
	for _, client := range c.byTenant {
		client.Close()
	}
	return nil
}
