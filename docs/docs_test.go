// Package docs holds the documentation to the product: its links resolve and its commands parse.
package docs

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"entente.dev/entente/internal/cli"
	"entente.dev/entente/internal/config"
	"entente.dev/entente/internal/entrasim/simcli"
)

// pages are README.md and every page below docs, as paths from here.
func pages(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	read := func(path string) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found[path] = string(raw)
	}
	read("../README.md")
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			read(path)
		}
		return err
	})
	if err != nil || len(found) < 20 {
		t.Fatalf("%d pages, %v", len(found), err)
	}
	return found
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	mark    = regexp.MustCompile("[^a-z0-9 _-]")
)

// anchors are the ids that a page's headings get.
func anchors(page string) map[string]bool {
	found := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		found[strings.ReplaceAll(mark.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return found
}

func TestLinksResolve(t *testing.T) {
	t.Parallel()
	all := pages(t)
	for path, page := range all {
		for _, l := range link.FindAllStringSubmatch(page, -1) {
			to, anchor, _ := strings.Cut(l[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			target := path
			if to != "" {
				target = filepath.Join(filepath.Dir(path), to)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", path, l[1])
			}
			if anchor != "" && !anchors(all[target])[anchor] {
				t.Errorf("%s links to %s, a heading that is not there", path, l[1])
			}
		}
	}
}

func TestPicturesAreSmall(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("pictures/*.png")
	if err != nil || len(found) == 0 {
		t.Fatalf("no pictures: %v", err)
	}
	for _, path := range found {
		const most = 200_000
		if info, err := os.Stat(path); err != nil || info.Size() > most {
			t.Errorf("%s has more than %d bytes (%v)", path, most, err)
		}
	}
}

var (
	fence   = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```")
	inline  = regexp.MustCompile("`([^`\n]+)`")
	command = regexp.MustCompile(`^(?:\$ )?(?:[A-Z_]+=\S+ )*(?:bin/)?(entente|entented|entrasim|make) (.+)$`)
	ending  = regexp.MustCompile(`\s+(?:# as .*|[|>&].*|…)$`)
	words   = regexp.MustCompile(`"[^"]*"|'[^']*'|\S+`)
)

// commands are the command lines of a page: lines of its blocks, and what stands between backquotes.
func commands(page string) [][]string {
	var lines []string
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		lines = append(lines, strings.Split(block[1], "\n")...)
	}
	for _, code := range inline.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		lines = append(lines, code[1])
	}
	var found [][]string
	for _, line := range lines {
		c := command.FindStringSubmatch(line)
		if c == nil {
			continue
		}
		line := []string{c[1]}
		for _, word := range words.FindAllString(ending.ReplaceAllString(c[2], ""), -1) {
			line = append(line, strings.Trim(word, `"'`))
		}
		found = append(found, line)
	}
	return found
}

// TestCommandsParse gives each command line of the documentation, with --help at its end, to the program that it is
// for: an unknown verb or flag, or a value that does not fit, fails.
func TestCommandsParse(t *testing.T) {
	t.Parallel()
	n := 0
	for path, page := range pages(t) {
		for _, line := range commands(page) {
			n++
			if err := parse(t, line); err != nil {
				t.Errorf("%s: %s: %v", path, strings.Join(line, " "), err)
			}
		}
	}
	if n < 60 {
		t.Errorf("only %d commands were found", n)
	}
}

// TestCommandsParseCatches plants what the test above is for.
func TestCommandsParseCatches(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"`entente aply -f x.yaml`", "`entente apply --fil x.yaml`", "`entente approve R --max-users many`", "`entrasim group expel x y`",
		"`entrasim run --cicle 2s`", "`entented --demonstration`", "`make teste`", "```\n$ entente nonsense   # as platform\n```",
	} {
		found := commands(text)
		if len(found) != 1 || parse(t, found[0]) == nil {
			t.Errorf("%s passes", text)
		}
	}
}

func parse(t *testing.T, line []string) error {
	t.Helper()
	program, args := line[0], append(line[1:len(line):len(line)], "--help")
	var out bytes.Buffer
	switch program {
	case "entente":
		if code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &out); code != 0 {
			return errors.New(strings.TrimSpace(out.String()))
		}
	case "entrasim":
		root := simcli.Command()
		found, _, err := root.Find(args)
		if err != nil {
			return err
		}
		if found.HasSubCommands() && !found.Runnable() {
			return errors.New("no such verb")
		}
		root.SetOut(&out)
		root.SetArgs(args)
		return root.ExecuteContext(t.Context())
	case "entented":
		if _, err := config.Load(args, nil, io.Discard); !errors.Is(err, flag.ErrHelp) {
			return err
		}
	case "make":
		raw, err := os.ReadFile("../Makefile")
		if err != nil {
			return err
		}
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(line[1]) + `:`).Match(raw) {
			return errors.New("no such target")
		}
	}
	return nil
}
