package wire

import (
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// Topology is a topology file as its author has it.
type Topology struct {
	File string `json:"file,omitempty" maxLength:"1024" doc:"The file's name, for positions in messages"`
	Text string `json:"topology" maxLength:"4194304" doc:"The YAML"`
}

// Valid sums up a topology that has no fault.
type Valid struct {
	Organization string `json:"organization"`
	Digest       string `json:"digest"`
	Tenants      int    `json:"tenants"`
	UserSets     int    `json:"userSets"`
	Shares       int    `json:"shares"`
}

// Plan is what a topology would change, flattened over its shares, in dependency order within each share.
type Plan struct {
	Organization   string         `json:"organization"`
	File           string         `json:"file,omitempty"`
	TopologyDigest string         `json:"topologyDigest"`
	Digest         string         `json:"digest"`
	Pending        bool           `json:"pending" doc:"Something is still to be changed, by us or by Microsoft's engine"`
	Fatal          bool           `json:"fatal" doc:"A refusal forbids the whole apply"`
	Counts         plan.Counts    `json:"counts"`
	Shares         []PlanShare    `json:"shares"`
	Changes        []plan.Change  `json:"changes"`
	Effects        []plan.Effect  `json:"effects"`
	Refusals       []plan.Refusal `json:"refusals"`
	Warnings       []plan.Warning `json:"warnings"`
}

// PlanShare is one share's part of a plan without its lists.
type PlanShare struct {
	Share      ident.Share         `json:"share"`
	Digest     string              `json:"digest"`
	Counts     plan.Counts         `json:"counts"`
	Acceptance plan.AcceptanceNeed `json:"acceptance"`
	Budget     plan.BudgetVerdict  `json:"budget"`
}

// Apply hands a topology over; with PlanDigest only if the plan is still that one.
type Apply struct {
	File       string `json:"file,omitempty" maxLength:"1024"`
	Text       string `json:"topology" maxLength:"4194304"`
	PlanDigest string `json:"planDigest,omitempty" maxLength:"128" doc:"The plan that was seen; 409 when it is another one by now"`
}

// Applied says what the organization took over.
type Applied struct {
	Organization   string      `json:"organization"`
	TopologyDigest string      `json:"topologyDigest"`
	PlanDigest     string      `json:"planDigest"`
	Tenants        int         `json:"tenants"`
	Shares         int         `json:"shares"`
	Counts         plan.Counts `json:"counts"`
}
