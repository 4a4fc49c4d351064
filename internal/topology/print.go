package topology

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Print writes a topology as canonical YAML: everything expanded, sorted, one spelling. Reading it back
// gives the same topology but for positions. The defaults are those of the first share; other shares say
// only what differs, so that a large mesh stays readable.
func Print(t *Topology) []byte {
	var b bytes.Buffer
	p := printer{&b}
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata:\n  name: %s\ntenants:\n", apiVersion, kindTopology, quote(t.Name))
	for _, tenant := range t.Tenants {
		fmt.Fprintf(&b, "  - name: %s\n    tenantId: %s\n    domain: %s\n", quote(string(tenant.Name)), quote(tenant.TenantID), quote(tenant.Domain))
	}
	b.WriteString("userSets:\n")
	for _, set := range t.UserSets {
		fmt.Fprintf(&b, "  - name: %s\n    tenant: %s\n    from:\n", quote(set.Name), quote(string(set.Tenant)))
		if set.Group != "" {
			fmt.Fprintf(&b, "      group: %s\n", quote(set.Group))
			continue
		}
		b.WriteString("      users:\n")
		for _, upn := range set.Users {
			fmt.Fprintf(&b, "        - %s\n", quote(upn))
		}
	}
	defaults := Defaults()
	if len(t.Shares) > 0 {
		defaults = t.Shares[0].Policy
	}
	p.shares(t.Shares, defaults)
	b.WriteString("defaults:\n")
	p.policy("  ", Policy{}, defaults)
	fmt.Fprintf(&b, "  observe:\n    every: %s\n", FormatDuration(defaults.Observe.Every))
	p.rollout(t.Rollout)
	p.protected(t.Protected)
	p.freezes(t.Freezes)
	p.budgets(t.Budgets)
	return b.Bytes()
}

type printer struct{ *bytes.Buffer }

func (p printer) shares(shares []Share, defaults Policy) {
	if len(shares) == 0 {
		p.WriteString("shares: []\n")
		return
	}
	p.WriteString("shares:\n")
	for _, s := range shares {
		fmt.Fprintf(p, "  - from: %s\n    to: %s\n    sets:\n", quote(string(s.Source)), quote(string(s.Target)))
		for _, set := range s.Sets {
			fmt.Fprintf(p, "      - %s\n", quote(set))
		}
		p.policy("    ", defaults, s.Policy)
	}
}

// policy writes the blocks of a policy that differ from base.
func (p printer) policy(indent string, base, policy Policy) {
	if a := policy.Acceptance; a != base.Acceptance {
		p.block(indent, "acceptance", "mode", a.Mode, "autoBelow", a.AutoBelow, "approvers", a.Approvers, "maxUsers", a.MaxUsers, "expiresAfter", a.ExpiresAfter, "remindAfter", a.RemindAfter, "escalateAfter", a.EscalateAfter, "askFor", a.AskFor)
	}
	if u := policy.UserType; u != base.UserType {
		p.block(indent, "userType", "value", u.Value, "existingGuests", u.ExistingGuests, "drift", u.Drift)
	}
	if d := policy.Deprovisioning; d != base.Deprovisioning {
		p.block(indent, "deprovisioning", "action", d.Action, "grace", d.Grace, "engineThreshold", d.EngineThreshold)
		fmt.Fprintf(p, "%s  budget: %s\n", indent, inline(d.Budget))
	}
}

// inline writes a budget in one line.
func inline(b Budget) string {
	return fmt.Sprintf("{ count: %d, percent: %d, day: { count: %d, percent: %d }, week: { count: %d, percent: %d } }",
		b.Count, b.Percent, b.Day.Count, b.Day.Percent, b.Week.Count, b.Week.Percent)
}

func (p printer) rollout(r Rollout) {
	if r.IsZero() {
		return
	}
	p.block("  ", "rollout", "pauseAbove", r.PauseAbove)
	p.WriteString("    rings:\n")
	for _, ring := range r.Rings {
		fmt.Fprintf(p, "      - %s\n", quote(ring))
	}
}

func (p printer) protected(all []Protected) {
	if len(all) > 0 {
		p.WriteString("protected:\n")
	}
	for _, one := range all {
		fmt.Fprintf(p, "  - tenant: %s\n", quote(string(one.Tenant)))
		p.text("group", one.Group)
		p.texts("users", one.Users)
	}
}

func (p printer) freezes(all []Freeze) {
	if len(all) > 0 {
		p.WriteString("freezes:\n")
	}
	for _, f := range all {
		fmt.Fprintf(p, "  - zone: %s\n", quote(f.Zone))
		p.text("from", f.From)
		p.text("to", f.To)
		p.texts("days", f.Days)
		p.text("hours", f.Hours)
		p.text("reason", f.Reason)
	}
}

func (p printer) budgets(b Budgets) {
	if b.Organization == nil && len(b.Targets) == 0 {
		return
	}
	p.WriteString("budgets:\n")
	if b.Organization != nil {
		fmt.Fprintf(p, "  organization: %s\n", inline(*b.Organization))
	}
	if len(b.Targets) > 0 {
		p.WriteString("  targets:\n")
	}
	for _, target := range b.Targets {
		fmt.Fprintf(p, "    - { tenant: %s, %s\n", quote(string(target.Tenant)), strings.TrimPrefix(inline(target.Budget), "{ "))
	}
}

// text writes a key of a list's entry, unless it is empty.
func (p printer) text(name, value string) {
	if value != "" {
		fmt.Fprintf(p, "    %s: %s\n", name, quote(value))
	}
}

func (p printer) texts(name string, values []string) {
	if len(values) > 0 {
		fmt.Fprintf(p, "    %s:\n", name)
	}
	for _, value := range values {
		fmt.Fprintf(p, "      - %s\n", quote(value))
	}
}

func (p printer) block(indent, name string, pairs ...any) {
	fmt.Fprintf(p, "%s%s:\n", indent, name)
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		if d, ok := value.(time.Duration); ok {
			value = FormatDuration(d)
		}
		fmt.Fprintf(p, "%s  %s: %v\n", indent, pairs[i], value)
	}
}

// quote leaves plain words bare and quotes everything that YAML could read as something else.
func quote(s string) string {
	plain := s != ""
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789-._@", c)) {
			plain = false
		}
	}
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off":
		plain = false
	}
	if plain {
		return s
	}
	return doubleQuoted(s)
}

// doubleQuoted is YAML's double-quoted form; only what YAML cannot carry as itself is escaped.
func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < 0x20 || c == 0x7f || c == 0x85 || c == 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
