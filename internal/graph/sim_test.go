package graph

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	ours "entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/entrasim"
	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/world"
	"entente.dev/entente/internal/limits"
	"entente.dev/entente/internal/problem"
)

const (
	simA = "0a000000-0000-4000-8000-00000000000a"
	simB = "0b000000-0000-4000-8000-00000000000b"
)

func startSim(t *testing.T, change ...func(*entrasim.Options)) *entrasim.Server {
	t.Helper()
	o := entrasim.Options{World: world.ThreeTenants(1200), DataDir: t.TempDir(), ManualClock: true, PrincipalDelay: -1}
	for _, c := range change {
		c(&o)
	}
	s, err := entrasim.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func simClient(t *testing.T, s *entrasim.Server, name, id string, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{Tenant: name, TenantID: id, Authority: s.BaseURL(), BaseURL: s.BaseURL(), CAFile: s.CAFile(), Scope: "https://graph.microsoft.com/.default",
		Limits:     limits.New(limits.Options{Size: limits.Large}),
		Credential: Credential{Kind: SecretCredential, ClientID: world.EntenteClientID(name), Secret: func() (string, error) { return world.Secret(name), nil }}}
	for _, c := range change {
		c(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSimulatedDirectory runs every call on users and groups against the simulator.
func TestSimulatedDirectory(t *testing.T) {
	t.Parallel()
	c, ctx := simClient(t, startSim(t), "a", simA), t.Context()
	org, err := c.Organization(ctx)
	if ok(t, err); org.ID != simA || !slices.Contains(org.Domains, "a.example") {
		t.Fatalf("%+v", org)
	}
	users := map[string]ours.User{}
	gone := map[string]string{}
	follow := func(link string) string {
		next, err := c.UsersDelta(ctx, link, func(ch UserChange) error {
			if ch.Removed != "" {
				gone[ch.ID] = ch.Removed
				delete(users, ch.ID)
				return nil
			}
			delete(gone, ch.ID)
			users[ch.ID] = ch.Merge(users[ch.ID])
			return nil
		})
		ok(t, err)
		return next
	}
	link := follow("")
	if len(users) != 1201 {
		t.Fatalf("%d users", len(users))
	}
	ids := make([]string, 0, len(users))
	for id := range users {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	one, err := c.User(ctx, ids[0])
	if diff := cmp.Diff(users[ids[0]], one); diff != "" || err != nil {
		t.Fatalf("delta and read differ: %s %v", diff, err)
	}

	guest := ours.Guest
	ok(t, c.UpdateUser(ctx, ids[0], UserPatch{UserType: &guest, ShowInAddressList: ptr(false), AccountEnabled: ptr(false)}))
	ok(t, c.DeleteUser(ctx, ids[1]))
	link = follow(link)
	if u := users[ids[0]]; u.UserType != ours.Guest || u.Enabled || u.ShowInAddressList == nil || *u.ShowInAddressList || gone[ids[1]] != RemovedChanged {
		t.Fatalf("%+v %v", u, gone)
	}
	deleted, err := c.DeletedUser(ctx, ids[1])
	if ok(t, err); deleted.DeletedAt.IsZero() || deleted.ID != ids[1] {
		t.Fatalf("%+v", deleted)
	}
	var bin []ours.User
	ok(t, c.DeletedUsers(ctx, func(u ours.User) error { bin = append(bin, u); return nil }))
	if diff := cmp.Diff([]ours.User{deleted}, bin); diff != "" {
		t.Fatal(diff)
	}
	_, err = c.User(ctx, ids[1])
	want(t, err, problem.NotFound)
	ok(t, c.RestoreUser(ctx, ids[1]))
	link = follow(link)
	if len(gone) != 0 || len(users) != 1201 {
		t.Fatal(gone, len(users))
	}
	_, err = c.DeletedUser(ctx, ids[1])
	want(t, err, problem.NotFound)

	g, err := c.CreateGroup(ctx, NewGroup{DisplayName: "Entente O'Neil", Nickname: "entente-x", Description: "owned"})
	if ok(t, err); !g.SecurityEnabled || g.MailNickname != "entente-x" || g.Dynamic {
		t.Fatalf("%+v", g)
	}
	for _, find := range []func() ([]ours.Group, error){
		func() ([]ours.Group, error) { return c.GroupsByName(ctx, "Entente O'Neil") },
		func() ([]ours.Group, error) { return c.GroupsByNickname(ctx, "entente-x") },
		func() ([]ours.Group, error) { one, err := c.Group(ctx, g.ID); return []ours.Group{one}, err },
	} {
		found, err := find()
		if diff := cmp.Diff([]ours.Group{g}, found); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
	}
	simulatedMembers(t, c, g.ID, ids)
	ok(t, c.DeleteGroup(ctx, g.ID))
	_, err = c.Group(ctx, g.ID)
	want(t, err, problem.NotFound)
	follow(link)
}

// simulatedMembers adds, follows and removes members, also again and with strangers among them.
func simulatedMembers(t *testing.T, c *Client, group string, ids []string) {
	t.Helper()
	ctx := t.Context()
	var added, left []string
	follow := func(link string) string {
		added, left = nil, nil
		next, err := c.GroupsDelta(ctx, link, []string{group}, func(ch GroupChange) error {
			for _, m := range ch.Added {
				added = append(added, m.ID)
			}
			left = append(left, ch.Left...)
			return nil
		})
		ok(t, err)
		return next
	}
	link := follow("")
	failed := func(outcomes []ItemOutcome, err error) (bad []string) {
		ok(t, err)
		for _, o := range outcomes {
			if o.Err != nil {
				bad = append(bad, o.ID+" "+string(problem.KindOf(o.Err)))
			}
		}
		return bad
	}
	if bad := failed(c.AddMembers(ctx, group, ids[:30])); bad != nil {
		t.Fatal(bad)
	}
	link = follow(link)
	if len(added) != 30 || left != nil {
		t.Fatalf("added %d, left %d", len(added), len(left))
	}
	if bad := failed(c.AddMembers(ctx, group, append([]string{idA}, ids[25:35]...))); !slices.Equal(bad, []string{idA + " NotFound"}) {
		t.Fatal(bad)
	}
	members, err := c.GroupMembers(ctx, group)
	if diff := cmp.Diff(Members{Users: ids[:35]}, members); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	if bad := failed(c.RemoveMembers(ctx, group, append([]string{idA}, ids[5:35]...))); bad != nil {
		t.Fatal(bad)
	}
	follow(link)
	if members, err = c.GroupMembers(ctx, group); len(members.Users) != 5 || len(left) != 30 || err != nil {
		t.Fatal(members, len(left), err)
	}
}

// TestSimulatedSetUp sets up one share as design section 5 orders it, and takes it down.
func TestSimulatedSetUp(t *testing.T) {
	t.Parallel()
	s, ctx := startSim(t), t.Context()
	source, target := simClient(t, s, "a", simA), simClient(t, s, "b", simB)
	yes, no := true, false

	_, err := target.Partner(ctx, simA)
	if problem.KindOf(err) != problem.NotFound {
		t.Fatal(err)
	}
	ok(t, target.CreatePartner(ctx, simA, PartnerPatch{}))
	if err := target.CreatePartner(ctx, simA, PartnerPatch{}); problem.KindOf(err) != problem.Conflict {
		t.Fatal(err)
	}
	if err := target.PatchIdentitySync(ctx, simA, true); problem.KindOf(err) != problem.NotFound {
		t.Fatal(err)
	}
	ok(t, target.CreateIdentitySync(ctx, simA, false))
	if err := target.CreateIdentitySync(ctx, simA, true); problem.KindOf(err) != problem.Conflict {
		t.Fatal(err)
	}
	ok(t, source.CreatePartner(ctx, simB, PartnerPatch{OutboundConsent: &yes}))

	app, err := source.InstantiateSyncApp(ctx, "xts-"+simB)
	if ok(t, err); app.RoleID == "" || app.ApplicationID == "" {
		t.Fatalf("%+v", app)
	}
	sp := app.ServicePrincipalID
	full, err := source.ServicePrincipal(ctx, sp)
	if diff := cmp.Diff(app.ServicePrincipal, full); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	for _, find := range []func() ([]ours.SyncApp, error){func() ([]ours.SyncApp, error) { return source.SyncApps(ctx) },
		func() ([]ours.SyncApp, error) { return source.SyncAppsNamed(ctx, "xts-"+simB) }} {
		found, err := find()
		if diff := cmp.Diff([]ours.SyncApp{app.SyncApp}, found); diff != "" || err != nil {
			t.Fatal(diff, err)
		}
	}
	if err := source.ValidateCredentials(ctx, sp, simB); problem.KindOf(err) != problem.Rejected || !strings.Contains(problem.Of(err).Remedy, "automatic redemption") {
		t.Fatal(err)
	}
	ok(t, target.PatchPartner(ctx, simA, PartnerPatch{InboundConsent: &yes}))
	ok(t, target.PatchIdentitySync(ctx, simA, true))
	ok(t, source.ValidateCredentials(ctx, sp, simB))
	partners, err := target.Partners(ctx)
	if diff := cmp.Diff([]ours.Partner{{TenantID: simA, InboundConsent: &yes, SyncConfigured: true, InboundSync: true}}, partners); diff != "" || err != nil {
		t.Fatal(diff, err)
	}

	job, err := source.CreateJob(ctx, sp)
	ok(t, err)
	jobs, err := source.Jobs(ctx, sp)
	if diff := cmp.Diff([]ours.SyncJob{job}, jobs); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	simulatedJob(t, s, source, app, job.ID)

	if err := target.DeletePartner(ctx, simA); err == nil {
		t.Fatal("a partner with synchronization was deleted")
	}
	ok(t, source.PauseJob(ctx, sp, job.ID))
	ok(t, source.DeleteJob(ctx, sp, job.ID))
	ok(t, source.DeleteServicePrincipal(ctx, sp))
	objectID, err := source.ApplicationByAppID(ctx, app.AppID)
	if problem.KindOf(err) != problem.NotFound { // the simulator may delete both at once
		if ok(t, err); objectID != app.ApplicationID {
			t.Fatal(objectID)
		}
		ok(t, source.DeleteApplication(ctx, objectID))
	}
	ok(t, target.PatchPartner(ctx, simA, PartnerPatch{InboundConsent: &no}))
	ok(t, target.DeleteIdentitySync(ctx, simA))
	ok(t, target.DeletePartner(ctx, simA))
	ok(t, source.DeletePartner(ctx, simB))
}

// simulatedJob configures a job, assigns a group, runs a cycle and reads what it did.
func simulatedJob(t *testing.T, s *entrasim.Server, c *Client, app Instantiated, job string) {
	t.Helper()
	ctx, sp := t.Context(), app.ServicePrincipalID
	ok(t, c.PutSecrets(ctx, sp, SyncSecrets{TargetTenantID: simB, DeleteLimit: 50, NotifyEmail: "ops@a.example"}))
	secrets, err := c.Secrets(ctx, sp)
	if ok(t, err); secrets[KeyCompanyID] != simB || secrets[KeySyncAll] != "false" || secrets[KeyAuth] != "SyncPolicy" || !strings.Contains(secrets[KeyNotification], `"DeleteThresholdValue":50`) {
		t.Fatal(secrets)
	}
	raw, err := c.Schema(ctx, sp, job)
	ok(t, err)
	have, err := ReadSchema(raw)
	if diff := cmp.Diff(ours.Schema{UserType: "Member", ShowInAddressList: true, Deletes: true}, have); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
	wanted := ours.Schema{UserType: "Member", UserTypeRecurring: true}
	edited, changed, err := EditSchema(raw, wanted)
	if ok(t, err); !changed {
		t.Fatal("no change")
	}
	ok(t, c.PutSchema(ctx, sp, job, edited))
	if raw, err = c.Schema(ctx, sp, job); err != nil {
		t.Fatal(err)
	}
	if have, err = ReadSchema(raw); have != wanted || err != nil {
		t.Fatalf("%+v %v", have, err)
	}

	groups, err := c.GroupsByName(ctx, "Collaboration")
	if err != nil || len(groups) != 1 {
		t.Fatal(groups, err)
	}
	ok(t, c.AssignGroup(ctx, sp, app.RoleID, groups[0].ID))
	ok(t, c.AssignGroup(ctx, sp, app.RoleID, groups[0].ID))
	assigned, err := c.AssignedTo(ctx, sp)
	if err != nil || len(assigned) != 1 || assigned[0].PrincipalID != groups[0].ID || assigned[0].PrincipalType != "Group" {
		t.Fatal(assigned, err)
	}
	ok(t, c.StartJob(ctx, sp, job))
	fresh, err := c.JobStatus(ctx, sp, job)
	if ok(t, err); fresh.ID != job || fresh.State != "Active" {
		t.Fatalf("%+v", fresh)
	}
	if _, err := s.Admin().Advance(ctx, 3*time.Hour); err != nil {
		t.Fatal(err)
	}
	done, err := c.JobStatus(ctx, sp, job)
	if ok(t, err); done.Code != CodeActive || done.LastEnded.IsZero() || done.QuarantineReason != "" {
		t.Fatalf("%+v", done)
	}
	rows, err := c.ProvisioningLog(ctx, ProvisioningQuery{JobID: job, Since: time.Now().Add(-time.Hour), Until: time.Now().Add(24 * time.Hour), Top: 5})
	if err != nil || !slices.ContainsFunc(rows, func(r ProvisioningRow) bool {
		return r.Action == "create" && r.Status == "success" && r.JobID == job && r.SourceID != "" && r.TargetID != ""
	}) {
		t.Fatal(rows, err)
	}
	ok(t, c.RestartJob(ctx, sp, job, ResetDefault))
	ok(t, c.RestartJob(ctx, sp, job, "Watermark, Escrows"))
	if err := c.RestartJob(ctx, sp, job, "Full"); problem.KindOf(err) != problem.Invalid {
		t.Fatal(err)
	}
}

// TestSimulatedFaults: what the simulator can break comes out as the right kind, with no storm.
func TestSimulatedFaults(t *testing.T) {
	t.Parallel()
	s, ctx := startSim(t), t.Context()
	c := simClient(t, s, "a", simA, func(cfg *Config) { cfg.Limits = nil })
	_, err := c.Organization(ctx)
	ok(t, err)
	for _, tc := range []struct {
		effect      faults.Effect
		read, write problem.Kind
		reads       int // attempts of one read
	}{
		{faults.Effect{Kind: faults.Status, Status: 503, RetryAfter: "2.5"}, problem.Unavailable, problem.Unavailable, 1},
		{faults.Effect{Kind: faults.Status, Status: 429, RetryAfter: "2.5"}, problem.Throttled, problem.Throttled, 1},
		{faults.Effect{Kind: faults.Status, Status: 500}, problem.Unavailable, problem.Ambiguous, 1},
		{faults.Effect{Kind: faults.NoMessageBody, Status: 502}, problem.Unavailable, problem.Ambiguous, 1},
		{faults.Effect{Kind: faults.NoMessageBody, Status: 403}, problem.Forbidden, problem.Forbidden, 1},
		{faults.Effect{Kind: faults.ContentType, Status: 200}, problem.Unavailable, problem.Ambiguous, 1},
		{faults.Effect{Kind: faults.ApplyThenDrop}, problem.Unavailable, problem.Ambiguous, 2},
		{faults.Effect{Kind: faults.Drop}, problem.Unavailable, problem.Ambiguous, 2},
		{faults.Effect{Kind: faults.Truncate}, problem.Unavailable, problem.Ambiguous, 1},
	} {
		for _, route := range []string{"/groups/{id}", "/groups"} {
			method := map[string]string{"/groups/{id}": "GET", "/groups": "POST"}[route]
			if _, err := s.Admin().SetFault(ctx, faults.Rule{ID: method, Match: faults.Match{Method: method, Route: route}, Effect: tc.effect, Min: 1}); err != nil {
				t.Fatal(err)
			}
		}
		c.Close() // a fresh connection: Go itself repeats a read whose idle connection died
		_, err := c.Group(ctx, idA)
		if found := want(t, err, tc.read); found.Kind.Retryable() && tc.effect.RetryAfter != "" && found.RetryAfter != 2500*time.Millisecond {
			t.Errorf("%+v: retry after %v", tc.effect, found.RetryAfter)
		}
		_, err = c.CreateGroup(ctx, NewGroup{"N", "n", ""})
		want(t, err, tc.write)
		list, err := s.Admin().Faults(ctx)
		ok(t, err)
		for _, rule := range list {
			if expected := map[string]int{"GET": tc.reads, "POST": 1}[rule.ID]; rule.Fired != expected {
				t.Errorf("%+v: %s fired %d times, want %d", tc.effect, rule.ID, rule.Fired, expected)
			}
		}
	}
}

// TestSimulatedSignIn: wrong secret, unknown app, unknown tenant.
func TestSimulatedSignIn(t *testing.T) {
	t.Parallel()
	s := startSim(t)
	for code, change := range map[string]func(*Config){
		"AADSTS7000215": func(c *Config) { c.Credential.Secret = func() (string, error) { return "wrong", nil } },
		"AADSTS700016":  func(c *Config) { c.Credential.ClientID = idA },
		"AADSTS90002":   func(c *Config) { c.TenantID = idA },
	} {
		_, err := simClient(t, s, "a", simA, change).Organization(t.Context())
		if found := want(t, err, problem.Unauthenticated); found.Code != code {
			t.Errorf("%s: %v", code, found)
		}
	}
}
