package authz

import (
	"fmt"
	"strings"

	"entente.dev/entente/internal/authn"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
)

// Verb is what somebody wants to do.
type Verb string

// The verbs.
const (
	Read     Verb = "read"     // states, counts, decisions: no names
	People   Verb = "people"   // names and addresses
	Validate Verb = "validate" // check a topology file; touches nothing
	Plan     Verb = "plan"
	Apply    Verb = "apply"
	Approve  Verb = "approve"
	Reject   Verb = "reject"
	Hold     Verb = "hold"
	Release  Verb = "release"
	Stop     Verb = "stop"
	Revoke   Verb = "revoke" // take a yes back
	Restore  Verb = "restore"
	Revert   Verb = "revert-conversions"
	Continue Verb = "continue" // a paused rollout
	Work     Verb = "work"     // read and record what the queue of a tenant needs
)

// Verbs lists all of them, for total tables.
func Verbs() []Verb {
	return []Verb{Read, People, Validate, Plan, Apply, Approve, Reject, Hold, Release, Stop, Revoke, Restore, Revert, Continue, Work}
}

// Kind is what a verb is applied to.
type Kind string

// The kinds. Organization stands for everything that is not one tenant's or one share's: the topology, a
// whole plan, the unfiltered ledger.
const (
	Organization Kind = "organization"
	Tenant       Kind = "tenant"
	Share        Kind = "share"
	Request      Kind = "request"
	Reduction    Kind = "reduction"
	WorkerData   Kind = "worker-data" // what a worker reads and records; nobody's to look at
)

// Kinds lists all of them, for total tables.
func Kinds() []Kind { return []Kind{Organization, Tenant, Share, Request, Reduction, WorkerData} }

// Object is one thing. Source and Target are set for shares, requests and reductions; a tenant (and what
// belongs to one, such as a hold) has only Target.
type Object struct {
	Kind   Kind
	Org    string
	Source ident.Tenant
	Target ident.Tenant
}

// OfOrg is the object that stands for a whole organization.
func OfOrg(org string) Object { return Object{Kind: Organization, Org: org} }

// OfTenant is one tenant.
func OfTenant(org string, t ident.Tenant) Object { return Object{Kind: Tenant, Org: org, Target: t} }

// OfWork is what the worker of a tenant reads and records.
func OfWork(org string, t ident.Tenant) Object {
	return Object{Kind: WorkerData, Org: org, Target: t}
}

// OfShare is one share, or what hangs on it.
func OfShare(kind Kind, org string, s ident.Share) Object {
	return Object{Kind: kind, Org: org, Source: s.Source, Target: s.Target}
}

// Allow returns nil when who may do verb to object, else a problem.Forbidden that says who may. Who holds several
// roles may do what any single one of them allows; roles never add up to more than that.
func Allow(who authn.Principal, verb Verb, o Object) error {
	for _, held := range who.Bindings() {
		if (held.Org == "" || o.Org == "" || held.Org == o.Org) && allowed(held, verb, o) {
			return nil
		}
	}
	return &problem.Error{
		Kind: problem.Forbidden, Op: fmt.Sprintf("%s %s", verb, o.Kind), Tenant: string(o.Target),
		Detail: fmt.Sprintf("%s may not do this%s", describe(who), where(o)), Remedy: remedy(verb, o),
	}
}

// allowed keeps workers and people apart before anything else: a worker does nothing but work, and only workers do.
func allowed(who authn.Binding, verb Verb, o Object) bool {
	if who.Role == authn.Worker || verb == Work || o.Kind == WorkerData {
		return who.Role == authn.Worker && verb == Work && o.Kind == WorkerData && who.Tenant != "" && touches(who.Tenant, o)
	}
	switch who.Role {
	case authn.Platform:
		return platform(verb)
	case authn.TenantAdmin:
		return who.Tenant != "" && (reader(who, verb, o) || admin(who.Tenant, verb, o))
	case authn.Viewer:
		return reader(who, verb, o)
	default:
		return false
	}
}

// platform proposes, stops and restores; what a target accepts, and what it keeps out, is the target's.
func platform(verb Verb) bool {
	switch verb {
	case Read, People, Validate, Plan, Apply, Hold, Stop, Restore, Revert, Continue:
		return true
	case Approve, Reject, Release, Revoke:
		return false
	default:
		return false
	}
}

// reader sees everything when not bound to a tenant, else what its tenant is a side of. Everybody may check a
// file and see that an organization exists.
func reader(who authn.Binding, verb Verb, o Object) bool {
	switch verb {
	case Validate:
		return true
	case Read:
		return who.Tenant == "" || o.Kind == Organization || touches(who.Tenant, o)
	case People:
		return who.Tenant == "" || o.Kind != Organization && touches(who.Tenant, o)
	default:
		return false
	}
}

// admin decides for its own tenant, where that is the receiving side.
func admin(own ident.Tenant, verb Verb, o Object) bool {
	if o.Kind == Organization || o.Target != own {
		return false
	}
	switch verb {
	case Approve, Reject:
		return o.Kind == Request
	case Hold, Release:
		return o.Kind == Tenant
	case Stop, Revoke, Revert:
		return o.Kind == Share
	case Restore:
		return o.Kind == Reduction
	default:
		return false
	}
}

func touches(own ident.Tenant, o Object) bool { return o.Source == own || o.Target == own }

// describe leaves out the name of somebody who signed in: it is a mail address, and problems get around.
func describe(who authn.Principal) string {
	if who.Role == "" {
		return "somebody who is not signed in"
	}
	name := who.Name
	if who.Subject != "" {
		name = "you"
	}
	roles := make([]string, 0, 1+len(who.More))
	for _, held := range who.Bindings() {
		text := string(held.Role)
		if held.Tenant != "" {
			text += " of tenant " + string(held.Tenant)
		}
		roles = append(roles, text)
	}
	return fmt.Sprintf("%s (%s)", name, strings.Join(roles, ", "))
}

func where(o Object) string {
	switch {
	case o.Source != "":
		return fmt.Sprintf(" for the share %s→%s", o.Source, o.Target)
	case o.Target != "":
		return fmt.Sprintf(" for tenant %s", o.Target)
	default:
		return ""
	}
}

func remedy(verb Verb, o Object) string {
	switch verb {
	case Work:
		return "only a worker's token that is bound to the tenant may; see the operator's guide, one worker per tenant"
	case Approve, Reject, Release, Revoke:
		return fmt.Sprintf("only an admin of tenant %s decides this; use that admin's token", o.Target)
	case Plan, Apply, Continue:
		return "the platform role plans, applies and rolls out"
	case Hold, Stop, Restore, Revert:
		return fmt.Sprintf("the platform role or an admin of tenant %s may", o.Target)
	default:
		return "ask the platform team for a role that sees this"
	}
}
