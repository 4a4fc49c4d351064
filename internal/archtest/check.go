package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Violation is one broken rule.
type Violation struct {
	Package string // below the module path
	Message string // what is wrong and why the rule is there
}

func (v Violation) String() string { return v.Package + ": " + v.Message }

// Check holds the packages against the table.
func Check(module string, packages []Package) []Violation {
	c := &checker{module: module}
	names := map[string]string{}
	for _, p := range packages {
		c.at = c.local(p.ImportPath)
		if c.at == "" {
			c.at = "."
		}
		c.names(p, names)
		r, ok := roomOf(c.at)
		if !ok {
			c.report("is in no room; add it to internal/archtest/rooms.go with what it may import, from below it only")
			continue
		}
		c.imports(p, r)
		c.programs(p)
	}
	return c.found
}

type checker struct {
	module string
	at     string // the package being looked at
	found  []Violation
}

func (c *checker) report(format string, args ...any) {
	c.found = append(c.found, Violation{c.at, fmt.Sprintf(format, args...)})
}

// local is the path below the module, or the import path itself for foreign packages.
func (c *checker) local(importPath string) string {
	if importPath == c.module {
		return ""
	}
	return strings.TrimPrefix(importPath, c.module+"/")
}

func (c *checker) ours(importPath string) bool {
	return importPath == c.module || strings.HasPrefix(importPath, c.module+"/")
}

func (c *checker) names(p Package, seen map[string]string) {
	name := path.Base(c.at)
	if slices.Contains(forbiddenNames(), name) || slices.Contains(forbiddenNames(), p.Name) {
		c.report("is named %s, which says nothing about what is inside; name it after what it owns", name)
	}
	if p.Name == "main" || p.Name == "" {
		return
	}
	if p.Name != name {
		c.report("is package %s in folder %s; give both the same name", p.Name, name)
	}
	if other, twice := seen[p.Name]; twice {
		c.report("has the name of %s; no two packages of ours share one", other)
	}
	seen[p.Name] = c.at
	if p.Doc == "" && len(p.GoFiles) > 0 {
		c.report("has no package comment; write doc.go: what it owns, what it refuses to know, a map of its files")
	}
}

func (c *checker) imports(p Package, r room) {
	for _, imported := range p.Imports {
		if c.ours(imported) {
			if to := c.local(imported); !covers(r.may, to) {
				c.report("must not import %s; %s", to, allowance(r))
			}
			continue
		}
		c.foreign(imported, r, false)
	}
	for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
		if !c.ours(imported) {
			c.foreign(imported, r, true)
			continue
		}
		// Tests may reach up to build a world around the room, but the simulator stays independent in them too.
		if covers([]string{"internal/entrasim/..."}, c.at) && !covers(r.may, c.local(imported)) {
			c.report("must not import %s, in its tests neither; %s", c.local(imported), allowance(r))
		}
	}
}

func (c *checker) foreign(imported string, r room, test bool) {
	for _, rule := range foreigners() {
		if !covers(rule.packages, imported) || (test && !rule.tests) {
			continue
		}
		if test && covers(rule.except, c.at) {
			continue
		}
		forbidden := covers(rule.never, c.at) || (r.pure && slices.Contains(rule.never, "pure"))
		if len(rule.only) > 0 {
			forbidden = !covers(rule.only, c.at)
		}
		if forbidden {
			c.report("must not import %s: %s", imported, rule.because)
		}
	}
}

// programs looks at everything that is linked, not only at what is imported directly.
func (c *checker) programs(p Package) {
	for _, rule := range programs() {
		if rule.program != c.at {
			continue
		}
		for _, linked := range p.Deps {
			if covers(rule.without, linked) {
				c.report("links %s: %s", linked, rule.because)
				break // the rest of that tree follows from it
			}
		}
	}
}

func allowance(r room) string {
	if len(r.may) == 0 {
		return "this room imports none of ours"
	}
	return "this room may import " + strings.Join(r.may, ", ")
}

// roomOf finds the most specific room.
func roomOf(at string) (best room, ok bool) {
	for _, r := range rooms() {
		if !covers([]string{r.path}, at) {
			continue
		}
		if r.path == at {
			return r, true
		}
		if !ok || len(r.path) > len(best.path) {
			best, ok = r, true
		}
	}
	return best, ok
}

// covers tells whether a path is one of the patterns or beneath one that ends in /... .
func covers(patterns []string, p string) bool {
	for _, pattern := range patterns {
		tree, isTree := strings.CutSuffix(pattern, "/...")
		if p == tree || (isTree && strings.HasPrefix(p, tree+"/")) {
			return true
		}
	}
	return false
}
