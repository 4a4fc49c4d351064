package engine

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// operator is one scoping operator. Values are compared case-sensitively; a null or empty attribute never
// satisfies one, IS NULL aside.
type operator struct {
	name  string
	unary bool
	types []string
	eval  func(value string, want []string, sw *Switches) bool
}

var operators = func() map[string]operator {
	all := []string{"String", "Integer", "Boolean", "Binary"}
	str, num, flag := []string{"String"}, []string{"Integer"}, []string{"Boolean"}
	m := map[string]operator{}
	for _, o := range []operator{
		{"EQUALS", false, all, func(v string, w []string, _ *Switches) bool { return anyOf(w, func(s string) bool { return v == s }) }},
		{"NOT EQUALS", false, all, func(v string, w []string, _ *Switches) bool { return !anyOf(w, func(s string) bool { return v == s }) }},
		{"IS TRUE", true, flag, func(v string, _ []string, _ *Switches) bool { return strings.EqualFold(v, "true") }},
		{"IS FALSE", true, flag, func(v string, _ []string, _ *Switches) bool { return strings.EqualFold(v, "false") }},
		{"IS NULL", true, all, func(v string, _ []string, _ *Switches) bool { return v == "" }},
		{"IS NOT NULL", true, all, func(v string, _ []string, _ *Switches) bool { return v != "" }},
		{"REGEX MATCH", false, str, matchRegex},
		{"NOT REGEX MATCH", false, str, func(v string, w []string, sw *Switches) bool { return !matchRegex(v, w, sw) }},
		{"Includes", false, str, func(v string, w []string, _ *Switches) bool {
			return anyOf(w, func(s string) bool { return strings.Contains(v, s) })
		}},
		{"ENDS_WITH", false, str, func(v string, w []string, _ *Switches) bool {
			return anyOf(w, func(s string) bool { return strings.HasSuffix(v, s) })
		}},
		{"Greater_Than", false, num, func(v string, w []string, _ *Switches) bool { return compare(v, w, 1) }},
		{"Greater_Than_OR_EQUALS", false, num, func(v string, w []string, _ *Switches) bool { return compare(v, w, 0) }},
		{"&", false, num, func(v string, w []string, _ *Switches) bool { return bits(v, w) }},
		{"!&", false, num, func(v string, w []string, _ *Switches) bool { return !bits(v, w) }},
	} {
		m[o.name] = o
	}
	return m
}()

func anyOf(list []string, f func(string) bool) bool {
	for _, s := range list {
		if f(s) {
			return true
		}
	}
	return false
}

func matchRegex(v string, want []string, sw *Switches) bool {
	return anyOf(want, func(pattern string) bool {
		if sw.RegexWholeValue {
			pattern = "^(?:" + pattern + ")$"
		}
		re, err := regexp.Compile(pattern)
		return err == nil && re.MatchString(v)
	})
}

func compare(v string, want []string, least int) bool {
	a, ok := new(big.Float).SetString(v)
	return ok && anyOf(want, func(s string) bool {
		b, ok := new(big.Float).SetString(s)
		return ok && a.Cmp(b) >= least
	})
}

func bits(v string, want []string) bool {
	a, err := strconv.ParseInt(v, 10, 64)
	return err == nil && anyOf(want, func(s string) bool {
		b, err := strconv.ParseInt(s, 10, 64)
		return err == nil && a&b != 0
	})
}

// unscopable attributes are documented as impossible in a scoping filter.
var unscopable = map[string]bool{"approleassignments": true, "usertype": true, "manager": true, "members": true,
	"proxyaddresses": true, "createddatetime": true, "employeehiredate": true, "employeeleavedatetime": true}

func checkClause(c filterClause) error {
	o, ok := operators[c.OperatorName]
	if !ok {
		return schemaInvalid("'%s' is not a supported scoping operator.", c.OperatorName)
	}
	if unscopable[strings.ToLower(c.SourceOperandName)] {
		return schemaInvalid("'%s' is not supported as a scoping attribute.", c.SourceOperandName)
	}
	if !o.unary && len(c.TargetOperand.Values) == 0 {
		return schemaInvalid("The operator '%s' needs a value.", c.OperatorName)
	}
	if strings.HasSuffix(o.name, "REGEX MATCH") {
		for _, pattern := range c.TargetOperand.Values {
			if _, err := regexp.Compile(pattern); err != nil {
				return schemaInvalid("'%s' is not a regular expression.", pattern)
			}
		}
	}
	return nil
}

func evalClause(c filterClause, read func(string) any, sw *Switches) bool {
	o := operators[c.OperatorName]
	v := text(read(c.SourceOperandName))
	if v == "" && o.name != "IS NULL" {
		return false
	}
	return o.eval(v, c.TargetOperand.Values, sw)
}

// evalFilters ORs the groups and ANDs the clauses in each; no group at all passes everything. results maps
// "<group>.<attribute> <operator> '<value>'" to the clause's outcome, the form of ScopeEvaluationResult.
func evalFilters(groups []filterGroup, read func(string) any, sw *Switches, results map[string]bool) bool {
	passed := len(groups) == 0
	for _, g := range groups {
		all := true
		for _, c := range g.Clauses {
			ok := evalClause(c, read, sw)
			all = all && ok
			if results != nil {
				results[clauseText(g, c)] = ok
			}
		}
		passed = passed || all
	}
	return passed
}

func clauseText(g filterGroup, c filterClause) string {
	s := g.Name + "." + c.SourceOperandName + " " + c.OperatorName
	if len(c.TargetOperand.Values) > 0 {
		s += " '" + strings.Join(c.TargetOperand.Values, "','") + "'"
	}
	return s
}

// FilterOperators lists the scoping operators, as the schema's filterOperators() answers.
func FilterOperators() []json.RawMessage {
	var out []json.RawMessage
	for _, name := range sortedKeys(operators) {
		o := operators[name]
		arity := "Binary"
		if o.unary {
			arity = "Unary"
		}
		out = append(out, rawJSON(object{"id": o.name, "arity": arity, "multivaluedComparisonType": "All",
			"supportedAttributeTypes": o.types}))
	}
	return out
}
