package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CheckSources looks into the files: clocks in pure rooms and workflows, lengths of commands. Tests are free.
func CheckSources(module string, packages []Package) ([]Violation, error) {
	var found []Violation
	for _, p := range packages {
		at := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, name := range p.GoFiles {
			src, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return nil, fmt.Errorf("archtest: %w", err)
			}
			found = append(found, checkSource(at, name, src)...)
		}
	}
	return found, nil
}

func checkSource(at, name string, src []byte) []Violation {
	var found []Violation
	if covers([]string{"cmd/..."}, at) {
		if lines := bytes.Count(src, []byte("\n")); lines > maxCommandLines {
			found = append(found, Violation{at, fmt.Sprintf("%s has %d lines; commands hold no logic, %d are enough: move it to a room", name, lines, maxCommandLines)})
		}
	}
	r, ok := roomOf(at)
	workflow := covers([]string{"workflows/..."}, at)
	if !ok || (!r.pure && !workflow) {
		return found
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return append(found, Violation{at, err.Error()})
	}
	clock := importName(file, "time")
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && clock != "" && x.Name == clock && slices.Contains(clocks(), n.Sel.Name) {
				found = append(found, Violation{at, fmt.Sprintf("%s: time.%s reads a clock; %s", fset.Position(n.Pos()), n.Sel.Name, remedy(workflow))})
			}
		case *ast.GoStmt:
			if workflow {
				found = append(found, Violation{at, fmt.Sprintf("%s: a goroutine is not replayed; use workflow.Go", fset.Position(n.Pos()))})
			}
		case *ast.SelectStmt:
			if workflow {
				found = append(found, Violation{at, fmt.Sprintf("%s: select is not replayed; use workflow.NewSelector", fset.Position(n.Pos()))})
			}
		}
		return true
	})
	return found
}

func remedy(workflow bool) string {
	if workflow {
		return "use workflow.Now, workflow.Sleep and workflow.NewTimer"
	}
	return "take the time as an argument"
}

// importName is the name under which a file uses a package, or empty.
func importName(file *ast.File, importPath string) string {
	for _, spec := range file.Imports {
		if spec.Path.Value == `"`+importPath+`"` {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return importPath
		}
	}
	return ""
}
