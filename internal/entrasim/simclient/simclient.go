// Package simclient speaks to the simulator's admin endpoint: the clock, faults, the request log, switches, state
// dumps, and edits "as an admin would" that address things by names rather than ids. Tests, the demo and the
// command line use it; nothing of it exists in Microsoft Graph.
package simclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/faults"
	"entente.dev/entente/internal/entrasim/journal"
)

// Client is a handle on one simulator.
type Client struct {
	base string
	http *http.Client
}

// New makes a client for an admin URL such as http://127.0.0.1:8444.
func New(adminURL string) *Client {
	return &Client{base: strings.TrimSuffix(adminURL, "/"), http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// Info says where everything is.
type Info struct {
	BaseURL  string       `json:"baseURL"`
	AdminURL string       `json:"adminURL"`
	CAFile   string       `json:"caFile"`
	Tenants  []TenantInfo `json:"tenants"`
}

// TenantInfo is one tenant and its registered applications.
type TenantInfo struct {
	Name, ID, Domain, InitialDomain, DisplayName string
	Users                                        int
	Apps                                         []AppInfo
}

// AppInfo is a registration of the world file, with its secret.
type AppInfo struct {
	ClientID, DisplayName, Secret string
	Permissions                   []string
}

// ClockState is the virtual clock.
type ClockState struct {
	Now    time.Time `json:"now"`
	Factor float64   `json:"factor"` // 0: manual
}

// Edit is one thing an admin does. Which fields count depends on Action; see Actions.
type Edit struct {
	Tenant      string         `json:"tenant"`
	Action      string         `json:"action"`
	User        string         `json:"user,omitempty"` // UPN, id, or a guest's home address
	Group       string         `json:"group,omitempty"`
	App         string         `json:"app,omitempty"` // client id or display name
	Permission  string         `json:"permission,omitempty"`
	Partner     string         `json:"partner,omitempty"` // tenant name or id
	Name        string         `json:"name,omitempty"`
	Secret      string         `json:"secret,omitempty"`
	Redeemed    bool           `json:"redeemed,omitempty"`
	Unreachable bool           `json:"unreachable,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
}

// Actions lists what Edit can do, with the fields that each reads.
var Actions = map[string]string{
	"user.create": "user, name, attributes", "user.disable": "user", "user.enable": "user", "user.delete": "user",
	"user.restore": "user (id)", "user.purge": "user (id)", "user.patch": "user, attributes",
	"guest.invite": "user (address), redeemed, name", "guest.redeem": "user",
	"contact.create": "user (address), name, attributes", "contact.delete": "user (address)",
	"group.create": "group, attributes", "group.delete": "group", "group.add": "group, user", "group.remove": "group, user",
	"permission.grant": "app, permission", "permission.revoke": "app, permission",
	"secret.rotate": "app, secret", "app.delete": "app", "job.delete": "app", "partner.delete": "partner",
	"tenant.reachable": "unreachable",
}

// State is a tenant's state for assertions in tests.
type State struct {
	Tenant     string           `json:"tenant"`
	Users      []UserState      `json:"users"`
	Deleted    []UserState      `json:"deleted"`
	Groups     []GroupState     `json:"groups"`
	Partners   []map[string]any `json:"partners"` // with identitySynchronization
	Apps       []map[string]any `json:"apps"`     // applications
	Principals []PrincipalState `json:"principals"`
}

// UserState is one user.
type UserState struct {
	ID, UPN, DisplayName, Mail, UserType, ExternalUserState string
	External, Enabled, ShowInAddressList                    bool
	Home                                                    string // UPN of the home user, for external ones that are joined
	Manager                                                 string // id
	Attributes                                              map[string]any
}

// GroupState is one group with the UPNs of its direct members.
type GroupState struct {
	ID, Name string
	Members  []string
}

// PrincipalState is one service principal with its jobs and who is assigned.
type PrincipalState struct {
	ID, AppID, DisplayName, TemplateID string
	Assigned                           []string // principal ids
	Secrets                            map[string]string
	Jobs                               []map[string]any
	Permissions                        []string
}

// Switch is one named decision about what the pages leave open.
type Switch struct {
	Name, Default, Value, Meaning, Source string
}

// Counts is the number of requests per tenant.
type Counts struct {
	Graph map[string]int `json:"graph"`
	Seq   uint64         `json:"seq"`
}

// Info asks where everything is.
func (c *Client) Info(ctx context.Context) (out Info, err error) {
	return out, c.call(ctx, "GET", "/info", nil, &out)
}

// Clock reads the virtual clock.
func (c *Client) Clock(ctx context.Context) (out ClockState, err error) {
	return out, c.call(ctx, "GET", "/clock", nil, &out)
}

// Advance moves the virtual clock and waits until the cycles that became due have run.
func (c *Client) Advance(ctx context.Context, d time.Duration) (out ClockState, err error) {
	return out, c.call(ctx, "POST", "/clock", map[string]any{"advance": d.String()}, &out)
}

// SetFactor changes the speed of the virtual clock; 0 is manual.
func (c *Client) SetFactor(ctx context.Context, f float64) (out ClockState, err error) {
	return out, c.call(ctx, "POST", "/clock", map[string]any{"factor": f}, &out)
}

// Edit does one thing as an admin would and returns the id of what it touched.
func (c *Client) Edit(ctx context.Context, e Edit) (string, error) {
	var out struct{ ID string }
	err := c.call(ctx, "POST", "/edit", e, &out)
	return out.ID, err
}

// State dumps a tenant; crowd includes generated users (by default only named, external and grouped ones are).
func (c *Client) State(ctx context.Context, tenant string, crowd bool) (out State, err error) {
	return out, c.call(ctx, "GET", "/state/"+url.PathEscape(tenant)+"?crowd="+strconv.FormatBool(crowd), nil, &out)
}

// Requests lists the request log after a sequence number; wait blocks until there is something or it is over.
func (c *Client) Requests(ctx context.Context, since uint64, limit int, wait time.Duration) (out []journal.Entry, err error) {
	path := fmt.Sprintf("/requests?since=%d&limit=%d&wait=%s", since, limit, wait)
	return out, c.call(ctx, "GET", path, nil, &out)
}

// Counts is the number of Graph requests per tenant so far.
func (c *Client) Counts(ctx context.Context) (out Counts, err error) {
	return out, c.call(ctx, "GET", "/counts", nil, &out)
}

// SetFault adds or replaces a fault rule.
func (c *Client) SetFault(ctx context.Context, r faults.Rule) (out faults.Rule, err error) {
	return out, c.call(ctx, "POST", "/faults", r, &out)
}

// Faults lists the rules with their fires.
func (c *Client) Faults(ctx context.Context) (out []faults.Rule, err error) {
	return out, c.call(ctx, "GET", "/faults", nil, &out)
}

// ClearFaults removes one rule, or all when id is empty, and releases what they hold.
func (c *Client) ClearFaults(ctx context.Context, id string) error {
	return c.call(ctx, "DELETE", "/faults/"+url.PathEscape(id), nil, nil)
}

// ReleaseFault lets the requests that a rule holds go on.
func (c *Client) ReleaseFault(ctx context.Context, id string) error {
	return c.call(ctx, "POST", "/faults/"+url.PathEscape(id)+"/release", nil, nil)
}

// CheckFaults is an error unless every rule has fired at least its minimum.
func (c *Client) CheckFaults(ctx context.Context) error {
	rules, err := c.Faults(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range rules {
		if r.Fired < r.Min {
			errs = append(errs, fmt.Errorf("fault %s fired %d times, at least %d demanded", r.ID, r.Fired, r.Min))
		}
	}
	return errors.Join(errs...)
}

// Switches lists the switches.
func (c *Client) Switches(ctx context.Context) (out []Switch, err error) {
	return out, c.call(ctx, "GET", "/switches", nil, &out)
}

// SetSwitch changes one switch that can be changed while running.
func (c *Client) SetSwitch(ctx context.Context, name, value string) error {
	return c.call(ctx, "POST", "/switches", Switch{Name: name, Value: value}, nil)
}

// Snapshot writes the whole state of the world to w.
func (c *Client) Snapshot(ctx context.Context, w io.Writer) error {
	var raw json.RawMessage
	if err := c.call(ctx, "GET", "/snapshot", nil, &raw); err != nil {
		return err
	}
	_, err := w.Write(raw)
	return err
}

// Restore replaces the state of a world by a snapshot of the same tenants.
func (c *Client) Restore(ctx context.Context, r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return c.call(ctx, "PUT", "/snapshot", json.RawMessage(raw), nil)
}

// SetCycle changes the interval of provisioning cycles, in virtual time.
func (c *Client) SetCycle(ctx context.Context, d time.Duration) error {
	return c.SetSwitch(ctx, "cycle-length", d.String())
}

func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("entrasim admin at %s: %w", c.base, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		var e struct{ Error string }
		if json.Unmarshal(raw, &e) != nil || e.Error == "" {
			e.Error = res.Status
		}
		return fmt.Errorf("entrasim: %s", e.Error)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}
