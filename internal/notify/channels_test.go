package notify

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

func TestWhoIsToldWhen(t *testing.T) {
	t.Parallel()
	p := startPost(t, nil)
	all := []contract.Occasion{contract.Asked, contract.Reminded, contract.Ended}
	mail := func(name string, tenants []string, escalation bool, occasions ...contract.Occasion) Channel {
		c := mailTo(p, StartTLS)
		c.Name, c.Tenants, c.Escalation, c.Occasions = name, tenants, escalation, occasions
		return c
	}
	cs := channels(t, nil,
		mail("z-everybody", nil, false, all...), mail("first", []string{"c"}, false, all...), mail("second", []string{"c"}, true, contract.Reminded, contract.Ended),
		mail("both", []string{"c"}, true, all...), mail("only-asked", []string{"c", "d"}, false, contract.Asked), mail("only-escalated", []string{"c"}, true, contract.Ended))
	for _, c := range []struct {
		tenant    ident.Tenant
		o         contract.Occasion
		escalated string // the channels that were told
		want      string
	}{
		{"c", contract.Asked, "", "both first only-asked z-everybody"},
		{"c", contract.Reminded, "", "both first z-everybody"},
		{"c", contract.Escalated, "", "both only-escalated second"},
		{"c", contract.Reminded, "second only-escalated", "both first second z-everybody"},
		{"c", contract.Ended, "", "both first z-everybody"},
		{"c", contract.Ended, "second only-escalated", "both first only-escalated second z-everybody"},
		{"c", contract.Ended, "second", "both first second z-everybody"},
		{"d", contract.Asked, "", "only-asked z-everybody"},
		{"d", contract.Escalated, "", ""},
		{"e", contract.Ended, "second", "z-everybody"},
		{"c", "unheard", "second", ""},
	} {
		names, err := cs.For(c.tenant, c.o, func(name string) (bool, error) { return strings.Contains(" "+c.escalated+" ", " "+name+" "), nil })
		require.NoError(t, err)
		require.Equal(t, c.want, strings.Join(names, " "), "%+v", c)
	}
	_, err := cs.For("c", contract.Ended, func(string) (bool, error) { return false, errors.New("store") })
	require.ErrorContains(t, err, "store")
	none, err := New(Options{})
	require.NoError(t, err)
	names, err := none.For("c", contract.Asked, nil)
	require.NoError(t, err)
	require.Empty(t, names)
	require.Equal(t, problem.Rejected, problem.KindOf(none.Deliver(t.Context(), "mail", Message{})))
}

func TestHalfAChannelIsRefused(t *testing.T) {
	t.Parallel()
	p := startPost(t, nil)
	good := mailTo(p, StartTLS)
	for want, o := range map[string]Options{
		"address of the console": {Channels: []Channel{good}},
		"names must differ":      {PublicURL: "https://entente.example", Channels: []Channel{good, good}},
		`no kind "smpt"`:         {PublicURL: "https://entente.example", Channels: []Channel{{Name: "x", Kind: "smpt"}}},
		"workflow's URL":         {PublicURL: "https://entente.example", Channels: []Channel{{Name: "x", Kind: KindTeams}}},
		"signing secret":         {PublicURL: "https://entente.example", Channels: []Channel{{Name: "x", Kind: KindWebhook, WebhookURL: "https://hooks.example"}}},
		"no such file":           {PublicURL: "https://entente.example", Channels: []Channel{{Name: "x", Kind: KindTeams, CAFile: "/absent"}}},
		"holds no certificate":   {PublicURL: "https://entente.example", Channels: []Channel{{Name: "x", Kind: KindTeams, CAFile: "channels.go"}}},
	} {
		_, err := New(o)
		require.ErrorContains(t, err, want)
	}
}
