package topology

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The rules a topology can break. The strings are stable: people search for them.
const (
	RuleSyntax          = "syntax"
	RuleUnknownField    = "unknown-field"
	RuleMissingField    = "missing-field"
	RuleUnknownTenant   = "unknown-tenant"
	RuleDuplicateTenant = "duplicate-tenant"
	RuleBadTenantID     = "bad-tenant-id"
	RuleSelfShare       = "self-share"
	RuleDuplicateShare  = "duplicate-share"
	RuleUnknownSet      = "unknown-set"
	RuleForeignSet      = "foreign-set"
	RuleDuplicateSet    = "duplicate-set"
	RuleDuplicateBudget = "duplicate-budget"
	RuleEmptySet        = "empty-set"
	RuleBadDuration     = "bad-duration"
	RuleBadNumber       = "bad-number"
	RuleBadValue        = "bad-value"
	RuleAPIVersion      = "api-version"
)

// Rules lists every rule name, for documentation and total tests.
func Rules() []string {
	return []string{
		RuleSyntax, RuleUnknownField, RuleMissingField, RuleUnknownTenant, RuleDuplicateTenant, RuleBadTenantID,
		RuleSelfShare, RuleDuplicateShare, RuleUnknownSet, RuleForeignSet, RuleDuplicateSet, RuleDuplicateBudget, RuleEmptySet,
		RuleBadDuration, RuleBadNumber, RuleBadValue, RuleAPIVersion,
	}
}

// Problem is one thing that is wrong in a topology file: where, what, and what would be right. Line and
// Column count from 1.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

// Error is one line: file:line:col: message (rule); remedy.
func (p Problem) Error() string {
	line := fmt.Sprintf("%s:%d:%d: %s (%s)", p.File, p.Line, p.Column, p.Message, p.Rule)
	if p.Remedy != "" {
		line += "; " + p.Remedy
	}
	return line
}

// Problems is everything that is wrong in one file, in the order of the file. As an error it is meant to be
// used through Err: a nil Problems in an error variable would not be nil.
type Problems []Problem

// Error is one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}
