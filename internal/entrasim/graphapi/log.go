package graphapi

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
	"entente.dev/entente/internal/entrasim/odata"
)

const maxLogPage = 500

// provisioningLog serves /auditLogs/provisioning: filters are case-sensitive, newest first unless ordered.
func (c *call) provisioningLog() error {
	var all []map[string]any
	for row := range c.s.Engine.Logs(c.t.ID) {
		all = append(all, logObject(row))
	}
	return c.logPage("auditLogs/provisioning", "provisioningObjectSummary", all)
}

func logObject(row *engine.LogRow) map[string]any {
	var m map[string]any
	_ = json.Unmarshal(marshal(row), &m)
	return m
}

func (c *call) directoryAudits() error {
	var all []map[string]any
	for _, o := range c.t.Audit() {
		all = append(all, o)
	}
	return c.logPage("auditLogs/directoryAudits", "directoryAudit", all)
}

func (c *call) directoryAudit() error {
	for _, o := range c.t.Audit() {
		if strings.EqualFold(o.ID(), c.params["id"]) {
			return c.one(200, "auditLogs/directoryAudits", "directoryAudit", o, nil)
		}
	}
	return dir.NotFound(c.params["id"])
}

func (c *call) signIn() error { return dir.NotFound(c.params["id"]) }

func (c *call) signIns() error { return c.logPage("auditLogs/signIns", "signIn", nil) }

func (c *call) logPage(context, typeName string, all []map[string]any) error {
	typ := odata.TypeOf(typeName)
	resolve := func(path string) (odata.Getter[map[string]any], bool) {
		name, _, _ := strings.Cut(path, "/")
		if _, ok := typ.Lookup(name); !ok {
			return nil, false
		}
		return func(m map[string]any) any {
			v := odata.Dig(m, path)
			if s, ok := v.(string); ok && strings.HasSuffix(path, "DateTime") {
				if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
					return t
				}
			}
			return v
		}, true
	}
	if c.q.Filter != "" {
		e, err := c.parsedFilter()
		if err != nil {
			return err
		}
		keep, err := odata.Compile(e, resolve, odata.Options{CaseSensitive: true, TypeName: typeName})
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(m map[string]any) bool { return !keep(m) })
	}
	if c.q.OrderBy != "" {
		c.used |= optOrderBy
		fields := strings.Fields(c.q.OrderBy)
		get, ok := resolve(fields[0])
		if !ok {
			return dir.BadRequest("Could not find a property named '%s' on type 'microsoft.graph.%s'.", fields[0], typeName)
		}
		sign := 1
		if len(fields) > 1 && strings.EqualFold(fields[1], "desc") {
			sign = -1
		}
		slices.SortStableFunc(all, func(a, b map[string]any) int {
			x, y := get(a), get(b)
			if tx, ok := x.(time.Time); ok {
				ty, _ := y.(time.Time)
				return sign * tx.Compare(ty)
			}
			return sign * odata.Compare(x, y, false)
		})
	}
	objs := make([]dir.Object, len(all))
	for i, m := range all {
		objs[i] = m
	}
	c.q.Filter, c.q.OrderBy = "", ""
	if c.q.Top < 0 {
		c.q.Top = maxLogPage
	}
	return c.objects(context, typeName, objs, nil, max(maxLogPage, 1000))
}
