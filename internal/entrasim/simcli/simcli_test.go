package simcli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/world"
)

func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := Command()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestEveryVerbHasAnExample(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.HasParent() && c.Name() != "help" && c.Name() != "completion" && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(Command())
}

func TestVerbsReachASimulator(t *testing.T) {
	s, err := entrasim.Start(t.Context(), entrasim.Options{World: world.ThreeTenants(3), DataDir: t.TempDir(), ManualClock: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	at := "--admin-url=" + s.AdminURL()
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"group", "remove", "--tenant", "b", "Collaboration", "barbara@b.example"}, "-"},
		{[]string{"group", "add", "--tenant", "b", "Collaboration", "barbara@b.example"}, "-"},
		{[]string{"user", "create", "-t", "a", "dora@a.example", "--name", "Dora", "--attributes", `{"city":"Lund"}`}, "-"},
		{[]string{"user", "disable", "-t", "a", "dora@a.example"}, "-"},
		{[]string{"user", "delete", "-t", "a", "dora@a.example"}, "-"},
		{[]string{"user", "restore", "-t", "a", "dora@a.example"}, "-"},
		{[]string{"guest", "invite", "-t", "a", "charlie@c.example", "--redeemed"}, "-"},
		{[]string{"permission", "revoke", "-t", "c", "Entente", "User.Invite.All"}, "-"},
		{[]string{"secret", "rotate", "-t", "c", "Entente", "another"}, "-"},
		{[]string{"state", "a"}, "dora@a.example"},
		{[]string{"clock", "advance", "40m"}, "factor 0"},
		{[]string{"fault", "set", "--kind", "drop", "--route", "/users", "--id", "f"}, `"fired": 0`},
		{[]string{"fault", "list"}, `"id": "f"`},
		{[]string{"fault", "clear"}, ""},
		{[]string{"switches", "set", "throttle", "false"}, ""},
		{[]string{"switches", "--live"}, "throttle"},
		{[]string{"requests", "--counts"}, "graph"},
		{[]string{"contact", "create", "-t", "c", "carla@elsewhere.example"}, "-"},
		{[]string{"contact", "delete", "-t", "c", "Carla@elsewhere.example"}, "-"},
		{[]string{"group", "create", "-t", "c", "Sales", "--attributes", `{"mail":"sales@c.example","mailEnabled":true,"groupTypes":["Unified"]}`}, "-"},
		{[]string{"tenant", "unreachable", "c"}, ""},
		{[]string{"info"}, s.BaseURL()},
	} {
		out, err := run(t, append(tc.args, at)...)
		if err != nil || !strings.Contains(out, tc.want) {
			t.Errorf("%v: %v\n%s", tc.args, err, out)
		}
	}
	if _, err := run(t, "group", "add", "-t", "b", "Nobody", "bob@b.example", at); err == nil || !strings.Contains(err.Error(), "no user or group of tenant b") {
		t.Errorf("unknown group: %v", err)
	}
	if _, err := run(t, "contact", "delete", "-t", "b", "carla@elsewhere.example", at); err == nil || !strings.Contains(err.Error(), "no contact") {
		t.Errorf("unknown contact: %v", err)
	}
	if _, err := run(t, "user", "delete", "-t", "z", "bob@b.example", at); err == nil || !strings.Contains(err.Error(), "there are a, b, c") {
		t.Errorf("unknown tenant: %v", err)
	}
}
