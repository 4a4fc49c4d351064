package e2e

import (
	"errors"
	"fmt"
	"strings"

	"entente.dev/entente/internal/entrasim/simclient"
)

// found is a person's object in a tenant's directory or recycle bin.
type found struct {
	user    simclient.UserState
	deleted bool
}

// find asks the simulated directory, not the product. A person is named by the address at home.
func (s *story) find(tenant, person string) ([]found, error) {
	state, err := s.admin.State(s.ctx, tenant, false)
	if err != nil {
		return nil, err
	}
	var out []found
	is := func(u simclient.UserState) bool {
		return strings.EqualFold(u.UPN, person) || u.External && (strings.EqualFold(u.Home, person) || strings.EqualFold(u.Mail, person))
	}
	for _, u := range state.Users {
		if is(u) {
			out = append(out, found{user: u})
		}
	}
	for _, u := range state.Deleted {
		if is(u) {
			out = append(out, found{user: u, deleted: true})
		}
	}
	return out, nil
}

// what is one word for how a person stands in a tenant.
func (f found) what() string {
	switch {
	case f.deleted:
		return "deleted"
	case !f.user.External:
		return "internal"
	default:
		return strings.ToLower(f.user.UserType)
	}
}

func (s *story) remember(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: remember NAME TENANT PERSON")
	}
	people, err := s.find(args[1], args[2])
	if err != nil {
		return err
	}
	if len(people) != 1 {
		return fmt.Errorf("%s has %d objects of %s", args[1], len(people), args[2])
	}
	s.ts.Setenv(args[0], people[0].user.ID)
	return nil
}

func (s *story) person(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: person TENANT PERSON [is=…] [id=…] [sign-in=on|off]")
	}
	people, err := s.find(args[0], args[1])
	if err != nil {
		return err
	}
	wants, err := options(args[2:], "is", "id", "sign-in")
	if err != nil {
		return err
	}
	if wants["is"] == "absent" {
		if len(people) > 0 {
			return fmt.Errorf("%s is in %s as %s", args[1], args[0], people[0].what())
		}
		return nil
	}
	if len(people) != 1 {
		return fmt.Errorf("%s has %d objects of %s, not one", args[0], len(people), args[1])
	}
	if is := people[0].what(); wants["is"] != "" && is != wants["is"] {
		return fmt.Errorf("%s is %s in %s, not %s", args[1], is, args[0], wants["is"])
	}
	if on := map[bool]string{true: "on", false: "off"}[people[0].user.Enabled]; wants["sign-in"] != "" && on != wants["sign-in"] {
		return fmt.Errorf("the sign-in of %s in %s is %s", args[1], args[0], on)
	}
	if id := people[0].user.ID; wants["id"] != "" && id != wants["id"] {
		return fmt.Errorf("%s in %s is object %s, not %s", args[1], args[0], id, wants["id"])
	}
	return nil
}

// options reads key=value arguments.
func options(args []string, known ...string) (map[string]string, error) {
	out := map[string]string{}
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok || !contains(known, key) {
			return nil, fmt.Errorf("%s: use one of %s", arg, strings.Join(known, "=, ")+"=")
		}
		out[key] = value
	}
	return out, nil
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
