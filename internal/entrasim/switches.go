package entrasim

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
	"entente.dev/entente/internal/entrasim/graphapi"
	"entente.dev/entente/internal/entrasim/signin"
	"entente.dev/entente/internal/entrasim/simclient"
)

// knob is one switch of the Graph or sign-in side; those of the engine list themselves and are set at the start.
type knob struct {
	name, fallback, meaning, source string
	get                             func(s *Server) string
	set                             func(s *Server, value string) error
}

func boolKnob(name string, fallback bool, meaning, source string, at func(s *Server) interface {
	Load() bool
	Store(bool)
}) knob {
	return knob{name, strconv.FormatBool(fallback), meaning, source,
		func(s *Server) string { return strconv.FormatBool(at(s).Load()) },
		func(s *Server, v string) error {
			b, err := strconv.ParseBool(v)
			if err == nil {
				at(s).Store(b)
			}
			return err
		}}
}

type flag = interface {
	Load() bool
	Store(bool)
}

func textKnob(name, meaning, source string, choices []string, at func(w *graphapi.Switches) interface {
	Load() any
	Store(any)
}) knob {
	return knob{name, choices[0], meaning + " (" + strings.Join(choices, ", ") + ")", source,
		func(s *Server) string { v, _ := at(s.graph.Switches).Load().(string); return v },
		func(s *Server, v string) error {
			for _, c := range choices {
				if c == v {
					at(s.graph.Switches).Store(v)
					return nil
				}
			}
			return fmt.Errorf("%q is none of %s", v, strings.Join(choices, ", "))
		}}
}

type textValue = interface {
	Load() any
	Store(any)
}

func durationKnob(name string, fallback time.Duration, meaning, source string, get func(*Server) time.Duration, set func(*Server, time.Duration)) knob {
	return knob{name, fallback.String(), meaning, source,
		func(s *Server) string { return get(s).String() },
		func(s *Server, v string) error {
			d, err := time.ParseDuration(v)
			if err == nil {
				set(s, d)
			}
			return err
		}}
}

func knobs() []knob {
	return []knob{
		boolKnob("throttle", true, "meter calls as published", "throttling-limits page", func(s *Server) flag { return &s.graph.Switches.Throttle }),
		textKnob("retry-after", "the Retry-After header of a throttled call", "conflict: throttling page shows a fraction, a third party says none is sent",
			[]string{"integer", "fractional", "absent"}, func(w *graphapi.Switches) textValue { return &w.RetryAfter }),
		boolKnob("no-gzip", false, "answer 415 to a compressed body", "kiota falls back on 415", func(s *Server) flag { return &s.graph.Switches.NoGzip }),
		textKnob("delta-expiry", "how an expired delta token is refused", "delta overview and a blog of July 2020 differ",
			[]string{"400", "410"}, func(w *graphapi.Switches) textValue { return &w.DeltaExpiry }),
		durationKnob("delta-lifetime", 7*24*time.Hour, "life of a delta token, virtual time", "delta query overview",
			func(s *Server) time.Duration { return time.Duration(s.graph.Switches.DeltaLifetime.Load()) },
			func(s *Server, d time.Duration) { s.graph.Switches.DeltaLifetime.Store(int64(d)) }),
		{"delta-reset", "", "set to now: every delta token so far answers 410 with a Location", "delta query overview",
			func(*Server) string { return "" }, func(s *Server, _ string) error { s.graph.ResetDelta(); return nil }},
		boolKnob("mto-strict-owner-removal", false, "owner tenants cannot be removed", "conflict: how-to against the Graph page", func(s *Server) flag { return &s.graph.Switches.StrictOwnerRemoval }),
		durationKnob("mto-delay", graphapi.DefaultJoinDelay, "how long joins and removals take, virtual time", "documented as minutes to 4 hours; short for people's sake",
			func(s *Server) time.Duration { return time.Duration(s.graph.Switches.JoinDelay.Load()) },
			func(s *Server, d time.Duration) { s.graph.Switches.JoinDelay.Store(int64(d)) }),
		boolKnob("mto-sync-shells", true, "joining makes a configuration MTO_Sync_<TenantID> for each partner, again after deletion", "multitenant-org-faq and set-up-multi-tenant-org pages", func(s *Server) flag { return &s.graph.Switches.SyncShells }),
		boolKnob("refuse-unknown-tenants", false, "refuse a partner entry for a tenant that is not in the world", "undocumented; entries for any tenant are accepted", func(s *Server) flag { return &s.graph.Switches.RefuseUnknownTenants }),
		boolKnob("batch-shuffle", false, "answer batch items in any order", "json-batching page: order is not guaranteed", func(s *Server) flag { return &s.graph.Switches.BatchShuffle }),
		intKnob("delta-page", 0, "changes in a delta page; 0: 200", "undocumented", func(s *Server) int { return int(s.graph.Switches.DeltaPage.Load()) },
			func(s *Server, n int) { s.graph.Switches.DeltaPage.Store(int64(n)) }),
		boolKnob("delta-empty", false, "a delta round begins with a page of nothing and a nextLink", "delta query overview: value may be empty", func(s *Server) flag { return &s.graph.Switches.DeltaEmpty }),
		boolKnob("delta-replays", false, "the last item of a delta page comes again on the next one", "delta query overview: objects may repeat, replays are possible", func(s *Server) flag { return &s.graph.Switches.DeltaReplays }),
		boolKnob("delta-shuffle", false, "delta changes come in any order", "delta query overview: any order", func(s *Server) flag { return &s.graph.Switches.DeltaShuffled }),
		durationKnob("cycle-length", engine.DefaultCycleLength, "interval of provisioning cycles, virtual time; not configurable in the service", "cross-tenant-synchronization-overview",
			func(s *Server) time.Duration { return s.engine.CycleLength() },
			func(s *Server, d time.Duration) { s.engine.SetCycleLength(d) }),
		boolKnob("replica-flapping", false, "within read-lag every read asks a replica at random", "designing for eventual consistency", func(s *Server) flag { return everyTenant{s} }),
		intKnob("assignment-limit", dir.AssignmentLimit, "app role assignments a principal may hold; 0: no limit", "service limits", func(s *Server) int { return s.realm.Tenants()[0].MaxAssignments() },
			func(s *Server, n int) { s.each(func(t *dir.Tenant) { t.SetAssignmentLimit(n) }) }),
		intKnob("directory-quota", 0, "users a directory may hold; 0: no limit", "service limits: 50,000, or 300,000 with a verified domain, or more", func(s *Server) int { return s.realm.Tenants()[0].Quota() },
			func(s *Server, n int) { s.each(func(t *dir.Tenant) { t.SetQuota(n) }) }),
		{"policy-limit", "true", "refuse an access policy above 25 KB", "external-id troubleshoot page, 2024; being lifted",
			func(s *Server) string { return strconv.FormatBool(s.realm.Tenants()[0].PolicyLimit()) },
			func(s *Server, v string) error {
				b, err := strconv.ParseBool(v)
				for _, t := range s.realm.Tenants() {
					t.SetPolicyLimit(b)
				}
				return err
			}},
		durationKnob("read-lag", 0, "the longest time a read may miss a write, wall clock", "designing for eventual consistency; no number is published",
			func(s *Server) time.Duration { lag, _ := s.realm.Tenants()[0].Lag(); return lag },
			func(s *Server, d time.Duration) {
				for _, t := range s.realm.Tenants() {
					_, sp := t.Lag()
					t.SetLag(d, sp)
				}
			}),
		durationKnob("principal-delay", DefaultPrincipalDelay, "how long a new service principal stays unknown, wall clock", "configure page (15 s) and field reports (more than 5 min)",
			func(s *Server) time.Duration { _, sp := s.realm.Tenants()[0].Lag(); return sp },
			func(s *Server, d time.Duration) {
				for _, t := range s.realm.Tenants() {
					lag, _ := t.Lag()
					t.SetLag(lag, d)
				}
			}),
		durationKnob("token-lifetime", 0, "life of access tokens; 0 is the default of 3599 s", "sign-in pages: 60 to 90 minutes",
			func(s *Server) time.Duration { return s.signin.Switches().TokenLifetime },
			func(s *Server, d time.Duration) { s.signin.Switch(func(w *signin.Switches) { w.TokenLifetime = d }) }),
		durationKnob("device-interval", 5*time.Second, "how often a device code may be asked after", "device authorization grant page",
			func(s *Server) time.Duration { return cmp.Or(s.signin.Switches().DeviceInterval, 5*time.Second) },
			func(s *Server, d time.Duration) { s.signin.Switch(func(w *signin.Switches) { w.DeviceInterval = d }) }),
		{"roll-keys", "", "set to now: the next signing key is used from here on", "signing key rollover page",
			func(*Server) string { return "" }, func(s *Server, _ string) error { return s.signin.RollKeys() }},
		countKnob("token-throttle", "token requests still to be answered 429", func(w *signin.Switches) *int { return &w.ThrottleTokens }),
		countKnob("token-fail", "token requests still to be answered 503", func(w *signin.Switches) *int { return &w.FailTokens }),
		countKnob("challenge-next", "Graph calls still to be challenged (continuous access evaluation)", func(w *signin.Switches) *int { return &w.ChallengeNext }),
	}
}

// each does something to every tenant.
func (s *Server) each(f func(*dir.Tenant)) {
	for _, t := range s.realm.Tenants() {
		f(t)
	}
}

// everyTenant is the flapping of all replicas as one flag.
type everyTenant struct{ s *Server }

func (e everyTenant) Load() bool    { return e.s.realm.Tenants()[0].Flapping() }
func (e everyTenant) Store(on bool) { e.s.each(func(t *dir.Tenant) { t.SetFlapping(on) }) }

// intKnob is a number that is not negative.
func intKnob(name string, fallback int, meaning, source string, get func(*Server) int, set func(*Server, int)) knob {
	return knob{name, strconv.Itoa(fallback), meaning, source,
		func(s *Server) string { return strconv.Itoa(get(s)) },
		func(s *Server, v string) error {
			n, err := strconv.Atoi(v)
			if err == nil && n < 0 {
				err = fmt.Errorf("%d is below 0", n)
			}
			if err == nil {
				set(s, n)
			}
			return err
		}}
}

func countKnob(name, meaning string, at func(*signin.Switches) *int) knob {
	return knob{name, "0", meaning + "; -1: always", "sign-in sheet, for tests",
		func(s *Server) string { w := s.signin.Switches(); return strconv.Itoa(*at(&w)) },
		func(s *Server, v string) error {
			n, err := strconv.Atoi(v)
			if err == nil {
				s.signin.Switch(func(w *signin.Switches) { *at(w) = n })
			}
			return err
		}}
}

// listSwitches lists what can be changed while running, then what the engine was started with.
func (s *Server) listSwitches() []simclient.Switch {
	var out []simclient.Switch
	for _, k := range knobs() {
		out = append(out, simclient.Switch{Name: k.name, Default: k.fallback, Value: k.get(s), Meaning: k.meaning, Source: k.source})
	}
	return append(out, engineSwitches(s.engine.Switches())...)
}

func engineSwitches(list []engine.SwitchInfo) []simclient.Switch {
	var out []simclient.Switch
	for _, i := range list {
		out = append(out, simclient.Switch{Name: "engine." + i.Name, Default: fmt.Sprint(i.Default), Value: fmt.Sprint(i.Value), Meaning: i.Meaning, Source: i.Source})
	}
	return out
}

// DefaultSwitches lists every switch with its default, without a running simulator.
func DefaultSwitches() []simclient.Switch {
	var out []simclient.Switch
	for _, k := range knobs() {
		out = append(out, simclient.Switch{Name: k.name, Default: k.fallback, Value: k.fallback, Meaning: k.meaning, Source: k.source})
	}
	return append(out, engineSwitches(engine.New(engine.Config{}).Switches())...)
}

func (s *Server) serveSwitch(w http.ResponseWriter, r *http.Request) {
	var in simclient.Switch
	if !read(w, r, &in) {
		return
	}
	for _, k := range knobs() {
		if k.name == in.Name {
			if err := k.set(s, in.Value); err != nil {
				refuse(w, http.StatusBadRequest, err.Error())
				return
			}
			reply(w, struct{}{})
			return
		}
	}
	refuse(w, http.StatusNotFound, fmt.Sprintf("no switch %q that can be changed while running", in.Name))
}
