package e2e

import (
	"errors"
	"fmt"
	"strings"

	"entente.dev/entente/internal/entrasim/simclient"
)

// everyShare is the mesh of the documentation.
var everyShare = []string{"a-b", "a-c", "b-a", "b-c", "c-a", "c-b"}

// objects counts, in the simulated tenants themselves, what a share needs on either side.
func (s *story) objects(args []string) error {
	if len(args) != 2 || args[1] != "one" && args[1] != "none" {
		return errors.New("usage: objects SHARE|all one|none")
	}
	want := map[string]int{"one": 1, "none": 0}[args[1]]
	shares := []string{args[0]}
	if args[0] == "all" {
		shares = everyShare
	}
	var errs []error
	for _, share := range shares {
		got, err := s.count(share)
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			if got[kind] != want {
				errs = append(errs, fmt.Errorf("%s: %d %s, not %d", share, got[kind], kind, want))
			}
		}
	}
	return errors.Join(errs...)
}

// kinds is what one share has, in the words of its failures.
var kinds = []string{
	"applications", "service principals", "jobs", "scope groups",
	"partner entries of the source that let people out", "partner entries of the target that let people in",
	"entries of the target that allow synchronization",
}

func (s *story) count(share string) (map[string]int, error) {
	from, to, ok := strings.Cut(share, "-")
	if !ok {
		return nil, fmt.Errorf("%s is no share; write for example b-c", share)
	}
	source, err := s.admin.State(s.ctx, from, false)
	if err != nil {
		return nil, err
	}
	target, err := s.admin.State(s.ctx, to, false)
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, app := range source.Apps {
		if name, _ := app["displayName"].(string); ours(name, share) {
			n[kinds[0]]++
		}
	}
	for _, p := range source.Principals {
		if ours(p.DisplayName, share) {
			n[kinds[1]]++
			n[kinds[2]] += len(p.Jobs)
		}
	}
	for _, g := range source.Groups {
		if ours(g.Name, share) {
			n[kinds[3]]++
		}
	}
	n[kinds[4]] = s.partners(source, to, "automaticUserConsentSettings", "outboundAllowed")
	n[kinds[5]] = s.partners(target, from, "automaticUserConsentSettings", "inboundAllowed")
	n[kinds[6]] = s.partners(target, from, "identitySynchronization", "userSyncInbound", "isSyncAllowed")
	return n, nil
}

// ours tells whether a name is one that Entente gives to an object of the share.
func ours(name, share string) bool {
	return strings.HasPrefix(name, "Entente ") && (strings.HasSuffix(name, " "+share) || strings.Contains(name, " "+share+" "))
}

// partners counts the entries for a tenant in which a switch is on.
func (s *story) partners(state simclient.State, tenant string, path ...string) int {
	n := 0
	for _, p := range state.Partners {
		if id, _ := p["tenantId"].(string); !strings.EqualFold(id, s.tenantID(tenant)) {
			continue
		}
		var at any = p
		for _, key := range path {
			fields, _ := at.(map[string]any)
			at = fields[key]
		}
		if on, _ := at.(bool); on {
			n++
		}
	}
	return n
}

func (s *story) tenantID(name string) string {
	for _, t := range s.info.Tenants {
		if t.Name == name {
			return t.ID
		}
	}
	return name
}

// partner looks for an entry, whatever it says.
func (s *story) partner(args []string) error {
	if len(args) != 3 || args[2] != "there" && args[2] != "gone" {
		return errors.New("usage: partner TENANT OTHER there|gone")
	}
	state, err := s.admin.State(s.ctx, args[0], false)
	if err != nil {
		return err
	}
	for _, p := range state.Partners {
		if id, _ := p["tenantId"].(string); strings.EqualFold(id, s.tenantID(args[1])) {
			if args[2] == "gone" {
				return fmt.Errorf("%s has a partner entry for %s: %v", args[0], args[1], p)
			}
			return nil
		}
	}
	if args[2] == "there" {
		return fmt.Errorf("%s has no partner entry for %s", args[0], args[1])
	}
	return nil
}
