package odata

import (
	"errors"
	"testing"
	"time"
)

type record = map[string]any

func compile(t *testing.T, text string, o Options) (func(record) bool, error) {
	t.Helper()
	e, err := ParseFilter(text)
	if err != nil {
		return nil, err
	}
	o.TypeName = "user"
	return Compile(e, func(path string) (Getter[record], bool) {
		if path == "unknown" {
			return nil, false
		}
		return func(r record) any { return Dig(r, path) }, true
	}, o)
}

func TestFilters(t *testing.T) {
	r := record{"name": "O'Neil", "type": "Guest", "on": true, "n": 3.0, "at": time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC),
		"list": []any{"a", "b"}, "ids": []any{record{"issuer": "x"}}, "nil": nil, "status": record{"code": "Fail"}}
	for text, want := range map[string]bool{
		"name eq 'O''Neil'":                               true,
		"NAME eq 'o''neil'":                               true,
		"type eq 'Guest' and on eq true":                  true,
		"type eq 'X' or not(n gt 5)":                      true,
		"type ne 'Guest'":                                 false,
		"type in ('a', 'Guest')":                          true,
		"startsWith(name,'o') and on":                     true,
		"endswith(name, 'l')":                             true,
		"at ge 2026-01-01T00:00:00Z and at lt 2027-01-01": true,
		"list/any(x:x eq 'b')":                            true,
		"list/all(x:startswith(x,'a'))":                   false,
		"ids/any(i:i/issuer eq 'x')":                      true,
		"nil eq null":                                     true,
		"nil gt 3":                                        false,
		"status/code eq 'fail'":                           true,
		"contains(tolower(name),'nei')":                   true,
		"((type eq 'Guest'))":                             true,
	} {
		f, err := compile(t, text, Options{})
		if err != nil || f(r) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{"", "name eq", "name eq 'x", "(name eq 'x'", "foo(name,'x') eq true", "unknown eq 1", "name eq 'x' and", "list/any(x", "1 2"} {
		if f, err := compile(t, text, Options{}); err == nil {
			t.Errorf("%q compiled to %v", text, f != nil)
		}
	}
}

func TestAdvancedGate(t *testing.T) {
	for _, text := range []string{"name ne 'x'", "not(name eq 'x')", "endswith(name,'x')", "show eq true"} {
		_, err := compile(t, text, Options{Gate: true, AdvancedOnly: []string{"show"}})
		var u *Unsupported
		if !errors.As(err, &u) {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := compile(t, text, Options{Gate: true, Advanced: true}); err != nil {
			t.Errorf("%s advanced: %v", text, err)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"a eq 'b'", "not(a/any(x:x eq 'y'))", "startswith(a,'b') and (c in ('d','e'))", "((((", "a eq 2026-01-01T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseFilter(s)
		if err != nil {
			return
		}
		f, err := Compile(e, func(path string) (Getter[record], bool) { return func(r record) any { return Dig(r, path) }, true }, Options{})
		if err == nil {
			f(record{"a": "b", "list": []any{"x"}})
		}
	})
}
