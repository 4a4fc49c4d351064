package csdl

import (
	"fmt"
	"strings"
)

// context holds @odata.context against what the route answers: same version, and the same type or an ancestor.
func (m *Model) context(version, text string, want Ref) error {
	head, fragment, ok := strings.Cut(text, "/$metadata#")
	if !ok || !strings.HasPrefix(head, "https://") || !strings.HasSuffix(head, "/"+version) {
		return fmt.Errorf("@odata.context %q is not below /%s/$metadata#", text, version)
	}
	got, err := m.fragment(fragment)
	if err != nil {
		return fmt.Errorf("@odata.context %q: %w", text, err)
	}
	if !m.derives(want.Name, got.Name) && !m.derives(got.Name, want.Name) {
		return fmt.Errorf("@odata.context %q is about %s, the answer about %s", text, got.Name, want.Name)
	}
	return nil
}

func (m *Model) fragment(text string) (Ref, error) {
	if inner, ok := strings.CutPrefix(text, "Collection("); ok {
		return Ref{strings.TrimSuffix(inner, ")"), true}, nil
	}
	if strings.HasPrefix(text, "microsoft.graph.") || strings.HasPrefix(text, "Edm.") {
		return Ref{Name: strings.TrimSuffix(text, "/$entity")}, nil
	}
	if text == Reference {
		return Ref{Name: Reference}, nil
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, "/$entity"), "/$delta")
	if i := strings.LastIndexByte(text, '('); i >= 0 && strings.HasSuffix(text, ")") && !strings.Contains(text[i:], "'") {
		text = text[:i] // the selection
	}
	ref, _, err := m.walk(text)
	return ref, err
}
