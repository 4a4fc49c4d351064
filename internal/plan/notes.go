package plan

import (
	"cmp"
	"slices"
	"strings"

	"entente.dev/entente/internal/ident"
)

func (s *sharePlanner) refuse(r Refusal) {
	edge := s.share.Share
	r.Share = &edge
	s.fatalRefused = s.fatalRefused || r.Fatal
	s.out.Refusals = append(s.out.Refusals, r)
}

func (s *sharePlanner) warn(rule string, tenant ident.Tenant, detail string) {
	edge := s.share.Share
	s.out.Warnings = append(s.out.Warnings, Warning{Rule: rule, Share: &edge, Tenant: tenant, Detail: detail})
}

func (s *sharePlanner) warnAbout(person ident.Person, rule string, tenant ident.Tenant, detail string) {
	s.warn(rule, tenant, detail)
	s.out.Warnings[len(s.out.Warnings)-1].Person = &person
}

func sortRefusals(list []Refusal) {
	slices.SortFunc(list, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.UserSet, b.UserSet), cmp.Compare(a.Detail, b.Detail))
	})
}

func sortWarnings(list []Warning) { slices.SortFunc(list, compareWarnings) }

func compareWarnings(a, b Warning) int {
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(about(a), about(b)), cmp.Compare(a.Detail, b.Detail))
}

func about(w Warning) string {
	if w.Person == nil {
		return ""
	}
	return w.Person.ID
}

func joinIDs[T any](items []T, id func(T) string) string {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = id(item)
	}
	slices.Sort(ids)
	return strings.Join(ids, ", ")
}
