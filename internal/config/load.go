package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Problem is one mistake in the configuration.
type Problem struct {
	Place   string // entented.yaml:3:5, ENTENTE_LISTEN, --listen, or "defaults"
	Message string
	Remedy  string
}

func (p Problem) Error() string { return p.Place + ": " + p.Message + "; " + p.Remedy }

// Problems are all mistakes, in the order in which they were found.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Load builds the configuration from arguments (without the program's name) and an environment like os.Environ.
// The error is Problems, or flag.ErrHelp after the usage was written to out.
func Load(args, environ []string, out io.Writer) (*Config, error) {
	s := newSource()
	for _, row := range settings() {
		if row.global() && row.standard != "" {
			s.values[row.path] = value{text: row.standard, place: "defaults"}
		}
	}
	flags, file, err := s.parseFlags(args, out)
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = lookup(environ, "ENTENTE_CONFIG")
	}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, Problems{{Place: "--config", Message: err.Error(), Remedy: "give the path of a file that this user can read"}}
		}
		s.readYAML(file, data)
	}
	s.readEnvironment(environ)
	for path, v := range flags {
		s.values[path] = v
	}
	c := s.build()
	if len(s.problems) > 0 {
		return nil, s.problems
	}
	return c, nil
}

// parseFlags collects flags without applying them, because the file comes first and its name is a flag.
func (s *source) parseFlags(args []string, out io.Writer) (values map[string]value, file string, err error) {
	values = map[string]value{}
	fs := flag.NewFlagSet("entented", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&file, "config", "", "configuration file")
	for _, row := range settings() {
		if !row.global() {
			continue
		}
		set := func(text string) error {
			values[row.path] = value{text: text, place: "--" + row.flag()}
			return nil
		}
		if row.kind == boolean {
			fs.BoolFunc(row.flag(), row.doc, set)
		} else {
			fs.Func(row.flag(), row.doc, set)
		}
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(out, Usage())
		return nil, "", flag.ErrHelp
	case err != nil:
		return nil, "", Problems{{Place: "command line", Message: err.Error(), Remedy: "see entented --help"}}
	case fs.NArg() > 0:
		return nil, "", Problems{{Place: "command line", Message: fmt.Sprintf("unexpected argument %q", fs.Arg(0)), Remedy: "see entented --help"}}
	}
	if v, ok := values["databaseUrl"]; ok {
		if u, err := url.Parse(v.text); err == nil && u.User != nil {
			if _, has := u.User.Password(); has {
				s.report(v.place, "a password on the command line is visible to every user of this machine", "set ENTENTE_DATABASE_URL, or databaseUrl: {file: …} in the configuration file")
			}
		}
	}
	return values, file, nil
}

// readEnvironment takes known variables and reports near misses; other ENTENTE_ variables belong to other programs.
func (s *source) readEnvironment(environ []string) {
	rows := map[string]setting{}
	var names []string
	for _, row := range settings() {
		if row.global() {
			rows[row.env()] = row
			names = append(names, row.env())
		}
	}
	for _, entry := range environ {
		name, text, _ := strings.Cut(entry, "=")
		row, ok := rows[name]
		switch {
		case ok && text != "":
			s.values[row.path] = value{text: text, place: name}
		case !ok && strings.HasPrefix(name, "ENTENTE_") && name != "ENTENTE_CONFIG":
			if near := nearest(name, names); near != "" && !slices.Contains([]string{"ENTENTE_SERVER", "ENTENTE_TOKEN"}, name) {
				s.report(name, "there is no such variable", "did you mean "+near+"?")
			}
		}
	}
}

func lookup(environ []string, name string) string {
	for _, entry := range environ {
		if text, ok := strings.CutPrefix(entry, name+"="); ok {
			return text
		}
	}
	return ""
}

// Usage is the text of --help.
func Usage() string {
	var b strings.Builder
	b.WriteString(`entented runs Entente: API, console, workers, and without --temporal-address a Temporal server.

  entented                          everything on this machine, state in .data
  entented --demo                   the same against a simulated Entra with three tenants
  entented --config entented.yaml   as the file says; variables and flags win over it

Flags, each also as a variable (--data-dir is ENTENTE_DATA_DIR):

  --config FILE
        configuration file (ENTENTE_CONFIG)
`)
	for _, row := range settings() {
		if !row.global() {
			continue
		}
		fmt.Fprintf(&b, "  --%s", row.flag())
		if row.kind != boolean {
			fmt.Fprintf(&b, " %s", strings.ToUpper(row.word()))
		}
		fmt.Fprintf(&b, "\n        %s", strings.ReplaceAll(row.doc, "`", ""))
		if row.standard != "" {
			fmt.Fprintf(&b, " (%s)", row.standard)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// word is the placeholder of a value.
func (s setting) word() string {
	switch s.kind {
	case choice:
		return strings.Join(s.values, "|")
	case list:
		return "a,b"
	case secret:
		return "url"
	default:
		return string(s.kind)
	}
}
