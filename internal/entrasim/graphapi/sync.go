package graphapi

import (
	"encoding/json"
	"strings"

	"entente.dev/entente/internal/entrasim/dir"
	"entente.dev/entente/internal/entrasim/engine"
)

// principalID is the service principal of a synchronization path. One that has not replicated yet, or does not
// exist, is a 404. Without Synchronization.* the caller must own it.
func (c *call) principalID() (string, error) {
	o, err := c.resolve(c.t.ServicePrincipals)
	if err != nil {
		return "", err
	}
	if !c.has("Synchronization.ReadWrite.All", "Synchronization.Read.All") && c.owned(o) != nil {
		return "", &dir.Error{Status: 401, Code: "UnknownError"}
	}
	return o.ID(), nil
}

func (c *call) syncContext(rest string) string {
	return "servicePrincipals('" + c.params["id"] + "')/synchronization/" + rest
}

// embed marshals any value into an object, to which @odata.context can be added.
func embed(v any) dir.Object {
	raw, ok := v.(json.RawMessage)
	if !ok {
		raw = marshal(v)
	}
	var o dir.Object
	_ = json.Unmarshal(raw, &o)
	return o
}

func (c *call) list(context string, v any) error {
	out := map[string]any{"value": v}
	if !c.plain() {
		out["@odata.context"] = c.context(context)
	}
	return c.json(200, out)
}

func (c *call) syncTemplates() error {
	if _, err := c.principalID(); err != nil {
		return err
	}
	return c.list(c.syncContext("templates"), engine.Templates())
}

func (c *call) syncJobs() error {
	sp, err := c.principalID()
	if err != nil {
		return err
	}
	return c.list(c.syncContext("jobs"), c.s.Engine.Jobs(c.t.ID, sp))
}

func (c *call) createJob() error {
	sp, err := c.principalID()
	if err != nil {
		return err
	}
	m, err := c.decode()
	if err != nil {
		return err
	}
	template, _ := m["templateId"].(string)
	job, err := c.s.Engine.CreateJob(c.t.ID, sp, template)
	if err != nil {
		return err
	}
	c.auditProvisioning("Add provisioning configuration", sp)
	return c.entity(201, c.syncContext("jobs/$entity"), embed(job))
}

// withJob calls f with the service principal and job of the path.
func (c *call) withJob(f func(sp, job string) error) error {
	sp, err := c.principalID()
	if err != nil {
		return err
	}
	return f(sp, c.params["job"])
}

// Activities of job configuration in the directory audit log (when-will-provisioning-finish page).
const (
	auditMapping = "Update attribute mappings or scope"
	auditSecrets = "Update provisioning setting or credentials"
)

// command is a job operation without an answer; activity is what the audit log calls it, "" for no row.
func (c *call) command(activity string, f func(tenant, sp, job string) error) error {
	return c.withJob(func(sp, job string) error {
		if err := f(c.t.ID, sp, job); err != nil {
			return err
		}
		if activity != "" {
			c.auditProvisioning(activity, sp)
		}
		return c.noContent()
	})
}

func (c *call) auditProvisioning(activity, sp string) {
	o, _ := c.t.ServicePrincipals.Newest(sp)
	c.t.AuditProvisioning(activity, c.actor(), o)
}

func (c *call) getJob() error {
	return c.withJob(func(sp, id string) error {
		job, err := c.s.Engine.Job(c.t.ID, sp, id)
		if err != nil {
			return err
		}
		return c.entity(200, c.syncContext("jobs/$entity"), embed(job))
	})
}

func (c *call) restartJob() error {
	m, err := c.decode()
	if err != nil {
		return err
	}
	criteria, _ := m["criteria"].(map[string]any)
	scope, _ := criteria["resetScope"].(string)
	return c.command("Enable/restart provisioning configuration", func(tenant, sp, job string) error { return c.s.Engine.Restart(tenant, sp, job, scope) })
}

func (c *call) validateCredentials() error {
	sp, err := c.principalID()
	if err != nil {
		return err
	}
	var body engine.Credentials
	if len(c.body) > 0 {
		if err := json.Unmarshal(c.body, &body); err != nil {
			return dir.BadRequest("Invalid request body.")
		}
	}
	if err := c.s.Engine.ValidateCredentials(c.t.ID, sp, c.params["job"], body); err != nil {
		return err
	}
	return c.noContent()
}

func (c *call) putSecrets() error {
	sp, err := c.principalID()
	if err != nil {
		return err
	}
	var body struct {
		Value []engine.KeyValue `json:"value"`
	}
	if err := json.Unmarshal(c.body, &body); err != nil {
		return dir.BadRequest("Invalid request body.")
	}
	if err := c.s.Engine.SetSecrets(c.t.ID, sp, body.Value); err != nil {
		return err
	}
	c.auditProvisioning(auditSecrets, sp)
	return c.noContent()
}

func (c *call) getSecrets() error {
	sp, err := c.principalID()
	if err != nil {
		return err
	}
	return c.list(c.syncContext("secrets"), c.s.Engine.Secrets(c.t.ID, sp))
}

func (c *call) getSchema() error {
	return c.withJob(func(sp, job string) error {
		raw, err := c.s.Engine.Schema(c.t.ID, sp, job)
		if err != nil {
			return err
		}
		if c.plain() || len(raw) < 2 || raw[0] != '{' {
			c.out.status, c.out.body = 200, raw
			return nil
		}
		buf := append([]byte(`{"@odata.context":`), dir.AppendString(nil, c.context(c.syncContext("jobs('"+job+"')/schema/$entity")))...)
		if rest := strings.TrimSpace(string(raw[1:])); rest != "}" {
			buf = append(buf, ',')
		}
		c.out.status, c.out.body = 200, append(buf, raw[1:]...)
		return nil
	})
}

func (c *call) putSchema() error {
	return c.command(auditMapping, func(tenant, sp, job string) error { return c.s.Engine.SetSchema(tenant, sp, job, c.body) })
}

func (c *call) listDirectories() error {
	return c.withJob(func(sp, job string) error {
		list, err := c.s.Engine.Directories(c.t.ID, sp, job)
		if err != nil {
			return err
		}
		return c.list(c.syncContext("jobs('"+job+"')/schema/directories"), list)
	})
}

func (c *call) discover() error {
	return c.withJob(func(sp, job string) error {
		raw, err := c.s.Engine.DiscoverDirectory(c.t.ID, sp, job, c.params["dir"])
		if err != nil {
			return err
		}
		return c.entity(200, "microsoft.graph.directoryDefinition", embed(raw))
	})
}

// parseExpression serves the schema's action: a bad expression is data in a 200 answer.
func (c *call) parseExpression() error {
	return c.withJob(func(sp, job string) error {
		if _, err := c.s.Engine.Job(c.t.ID, sp, job); err != nil {
			return err
		}
		var body engine.ParseExpressionRequest
		if err := json.Unmarshal(c.body, &body); err != nil || body.Expression == "" {
			return dir.BadRequest("Invalid request body.")
		}
		return c.entity(200, "microsoft.graph.parseExpressionResponse", embed(engine.ParseExpression(body)))
	})
}

func (c *call) provisionOnDemand() error {
	return c.withJob(func(sp, job string) error {
		var body engine.OnDemandRequest
		if err := json.Unmarshal(c.body, &body); err != nil {
			return dir.BadRequest("Invalid request body.")
		}
		answer, err := c.s.Engine.ProvisionOnDemand(c.t.ID, sp, job, body)
		if err != nil {
			return err
		}
		return c.entity(200, "microsoft.graph.stringKeyStringValuePair", embed(answer))
	})
}

func (c *call) listConnections() error {
	return dir.BadRequest("Listing object connections is not supported; ask for one by its object id.")
}

func (c *call) getConnection() error {
	return c.withJob(func(sp, job string) error {
		o, err := c.s.Engine.ObjectConnection(c.t.ID, sp, job, c.params["object"])
		if err != nil {
			return err
		}
		return c.entity(200, c.syncContext("jobs('"+job+"')/objectConnections/$entity"), embed(o))
	})
}

func (c *call) deleteConnection() error {
	return c.command("", func(tenant, sp, job string) error {
		return c.s.Engine.DeleteObjectConnection(tenant, sp, job, c.params["object"])
	})
}
