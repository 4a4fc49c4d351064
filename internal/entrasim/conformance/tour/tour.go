package tour

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/conformance/csdl"
	"entente.dev/entente/internal/entrasim/graphapi"
	"entente.dev/entente/internal/entrasim/world"
)

// Record is what a tour saw.
type Record struct {
	Answers []csdl.Answer
	// Missed are the routes ("GET /users/{id}") that gave no success; a tour that misses one proves nothing of it.
	Missed []string
}

// clientID is the registration of the tour in every tenant, with every permission.
const clientID = "70000000-0000-4000-8000-000000000077"

const clientSecret = "tour-not-a-real-secret"

// ids of the tenants of world.ThreeTenants.
var ids = map[string]string{
	"a": "0a000000-0000-4000-8000-00000000000a", "b": "0b000000-0000-4000-8000-00000000000b", "c": "0c000000-0000-4000-8000-00000000000c",
}

func cloud() *world.World {
	w := world.ThreeTenants(250)
	for i := range w.Tenants {
		t := &w.Tenants[i]
		t.Generate.Guests = 5
		t.Apps = append(t.Apps, world.App{ClientID: clientID, DisplayName: "Tour", Secrets: []string{clientSecret},
			Permissions: graphapi.AllPermissions(), RedirectURIs: []string{"http://localhost"}})
		t.Contacts = []world.Contact{{DisplayName: "Mail only", Mail: "mail.only@elsewhere.example"}}
		t.Groups = append(t.Groups, world.Group{Name: "Unified", Mail: true}, world.Group{Name: "Nested", Members: []string{"Collaboration"}})
		t.Users[0].Attributes["employeeId"] = "E-1"
		t.Users[0].Attributes["onPremisesExtensionAttributes"] = map[string]any{"extensionAttribute1": "one"}
	}
	return w
}

// Run takes the tour on a simulator of its own. The error joins every step that was answered otherwise than expected.
func Run(ctx context.Context) (*Record, error) {
	s, err := entrasim.Start(ctx, entrasim.Options{World: cloud(), ManualClock: true, PrincipalDelay: -1, NoThrottle: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	d, err := newDriver(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, leg := range []func(*driver){
		(*driver).people, (*driver).recycleBin, (*driver).groups, (*driver).membership, (*driver).applications, (*driver).policies,
		(*driver).templates, (*driver).synchronization, (*driver).schema, (*driver).engineRuns, (*driver).organizations, (*driver).others, (*driver).governance, (*driver).teams,
		(*driver).delta, (*driver).batches, (*driver).absoluteBatch, (*driver).refusals, (*driver).quarantine,
	} {
		leg(d)
	}
	missed, err := d.missed()
	return &Record{Answers: d.answers, Missed: missed}, errors.Join(append(d.problems, err)...)
}

// missed compares the request log with the routes that there are.
func (d *driver) missed() ([]string, error) {
	entries, err := d.sim.Admin().Requests(d.ctx, 0, 0, 0)
	if err != nil {
		return nil, err
	}
	served := map[string]bool{}
	for _, e := range entries {
		if e.Status < 300 {
			served[e.Method+" "+e.Route] = true
		}
	}
	var out []string
	for _, r := range graphapi.Routes() {
		if !served[r] && !slices.Contains(alwaysRefused, r) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out, nil
}

// alwaysRefused are the routes that exist in order to refuse as the service does.
var alwaysRefused = []string{"GET /servicePrincipals/{id}/synchronization/jobs/{job}/objectConnections", "GET /auditLogs/signIns/{id}"}

func (d *driver) problem(format string, args ...any) {
	d.problems = append(d.problems, fmt.Errorf(format, args...))
}

func contains(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}
