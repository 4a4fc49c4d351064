package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"entente.dev/entente/internal/ident"
)

// show writes value for machines, or calls human.
func (r *run) show(value any, human func()) error {
	if r.format == "table" {
		human()
		return nil
	}
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if r.format == "yaml" {
		if raw, err = yaml.JSONToYAML(raw); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(r.out, strings.TrimRight(string(raw), "\n"))
	return err
}

// Colours as ANSI's parameters.
type colour string

const (
	plain  colour = ""
	green  colour = "32"
	yellow colour = "33"
	red    colour = "31"
	blue   colour = "34"
	faint  colour = "2"
	bold   colour = "1"
)

// paint colours a text where colours are wanted: on a terminal and without NO_COLOR.
func (r *run) paint(c colour, text string) string {
	if c == plain || text == "" || !terminal(r.out) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

type cell struct {
	text   string
	colour colour
}

func text(parts ...string) []cell {
	out := make([]cell, len(parts))
	for i, p := range parts {
		out[i] = cell{text: p}
	}
	return out
}

// table aligns its columns; widths count characters, not bytes, and colours count nothing.
type table struct {
	indent string
	rows   [][]cell
}

func (t *table) add(row ...cell) { t.rows = append(t.rows, row) }

// visible keeps a directory's names from steering the terminal they are shown on.
func visible(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return unicode.ReplacementChar
		}
		return c
	}, s)
}

func (r *run) write(t *table) {
	var widths []int
	for _, row := range t.rows {
		for i := range row {
			row[i].text = visible(row[i].text)
			c := row[i]
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	for _, row := range t.rows {
		last := len(row) - 1
		for last > 0 && row[last].text == "" {
			last--
		}
		line := t.indent
		for i, c := range row[:last+1] {
			line += r.paint(c.colour, c.text)
			if i < last {
				line += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2)
			}
		}
		fmt.Fprintln(r.out, line)
	}
}

func header(names ...string) []cell {
	out := make([]cell, len(names))
	for i, n := range names {
		out[i] = cell{text: strings.ToUpper(n), colour: faint}
	}
	return out
}

func (r *run) printf(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }

// note is for people who watch: never part of machine output.
func (r *run) note(format string, args ...any) {
	var w io.Writer = r.out
	if r.format != "table" {
		w = r.err
	}
	fmt.Fprintf(w, format, args...)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

func short(digest string) string { return ident.Short(digest) }

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if noun == "person" {
		return fmt.Sprintf("%d people", n)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
