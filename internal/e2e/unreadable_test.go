package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// uiOrigin is where the story pretends that Temporal's web UI is.
const uiOrigin = "https://temporal.example"

// unreadable states that names of people, and the words that a person typed, are neither in Temporal's database, nor in
// what its web UI gets, nor in any log, nor in the metrics. They must be in the store, so that not finding them
// elsewhere means something.
func (s *story) unreadable(args []string) error {
	if len(args) == 0 || s.fleet == nil {
		return errors.New("usage: unreadable WORDS…, after workers start")
	}
	planted, err := s.names()
	if err != nil {
		return err
	}
	planted = append(planted, args...)
	had, err := s.written()
	if err != nil {
		return err
	}
	var errs []error
	for place, text := range had {
		if word := first(text, planted); word != "" && place != "the store" {
			errs = append(errs, fmt.Errorf("%q is in %s", word, place))
		} else if word == "" && place == "the store" {
			errs = append(errs, errors.New("not even the store holds a name: the search sees too little"))
		}
	}
	return errors.Join(errs...)
}

// first is the first of the words that a text holds, whatever their case.
func first(text []byte, words []string) string {
	text = bytes.ToLower(text)
	for _, w := range words {
		if bytes.Contains(text, bytes.ToLower([]byte(w))) {
			return w
		}
	}
	return ""
}

// names are the display names and addresses of everybody who lives in the simulated tenants.
func (s *story) names() ([]string, error) {
	var out []string
	for _, t := range s.info.Tenants {
		state, err := s.admin.State(s.ctx, t.Name, true)
		if err != nil {
			return nil, err
		}
		for _, u := range state.Users {
			for _, name := range []string{u.DisplayName, u.UPN, u.Mail} {
				if name != "" && !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out, nil
}

// written is what everybody else could look into, by where it is.
func (s *story) written() (map[string][]byte, error) {
	had := map[string][]byte{}
	read := func(place string, paths ...string) error {
		for _, path := range paths {
			raw, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			had[place] = append(had[place], raw...)
		}
		if len(had[place]) == 0 {
			return fmt.Errorf("there is nothing in %s", place)
		}
		return nil
	}
	data := filepath.Join(s.work, ".data")
	errs := []error{
		read("Temporal's database", filepath.Join(data, "temporal.db"), filepath.Join(data, "temporal.db-wal")),
		read("the store", filepath.Join(data, "entente.db"), filepath.Join(data, "entente.db-wal")),
		read("the core's log", s.daemon.log),
	}
	for tenant, p := range s.fleet.workers {
		errs = append(errs, read("the log of the worker of "+tenant, p.log))
	}
	metrics, err := fetch(http.MethodGet, s.ts.Getenv("ENTENTE_SERVER")+"/metrics", nil)
	if err == nil && !bytes.Contains(metrics.body, []byte("entente_")) {
		err = errors.New("there are no metrics")
	}
	had["the metrics"] = metrics.body
	seen, err2 := s.webUI()
	had["Temporal's web UI"] = []byte(seen.text)
	return had, errors.Join(append(errs, err, err2)...)
}

// histories are all that Temporal's web UI gets of every workflow: visibility with its search attributes, and histories.
type histories struct {
	text     string            // with every base64 value as what it stands for
	payloads []json.RawMessage // encrypted ones
}

func (s *story) webUI() (histories, error) {
	var out histories
	base := s.fleet.uiURL + "/api/v1/namespaces/entente/workflows"
	listed, err := fetch(http.MethodGet, base+"?maximumPageSize=500", nil)
	if err != nil {
		return out, err
	}
	var list struct {
		Executions []struct {
			Execution struct{ WorkflowID, RunID string }
		}
	}
	if err := json.Unmarshal(listed.body, &list); err != nil || len(list.Executions) < 10 {
		return out, fmt.Errorf("the web UI lists %d workflows: %w\n%.500s", len(list.Executions), err, listed.body)
	}
	pages := [][]byte{listed.body}
	for _, e := range list.Executions {
		page, err := fetch(http.MethodGet, base+"/"+url.PathEscape(e.Execution.WorkflowID)+"/history?maximumPageSize=1000&execution.runId="+e.Execution.RunID, nil)
		if err != nil {
			return out, err
		}
		pages = append(pages, page.body)
	}
	var text strings.Builder
	for _, page := range pages {
		var v any
		if err := json.Unmarshal(page, &v); err != nil {
			return out, fmt.Errorf("%w\n%.300s", err, page)
		}
		text.Write(page)
		out.look(&text, v)
	}
	out.text = text.String()
	if len(out.payloads) < 100 {
		return out, fmt.Errorf("the web UI shows %d encrypted payloads: too few for this story", len(out.payloads))
	}
	return out, nil
}

// look unwraps base64 and gathers payloads.
func (h *histories) look(text *strings.Builder, v any) {
	switch v := v.(type) {
	case map[string]any:
		if meta, ok := v["metadata"].(map[string]any); ok && meta["encoding"] == base64.StdEncoding.EncodeToString([]byte("binary/encrypted")) {
			raw, _ := json.Marshal(v)
			h.payloads = append(h.payloads, raw)
		}
		for _, child := range v {
			h.look(text, child)
		}
	case []any:
		for _, child := range v {
			h.look(text, child)
		}
	case string:
		if raw, err := base64.StdEncoding.DecodeString(v); err == nil {
			text.WriteString("\n")
			text.Write(raw)
		}
	}
}

// readable states who gets histories in clear from the codec endpoint, and what of them: a part of what a person typed
// must be in them.
func (s *story) readable(args []string) error {
	if len(args) != 3 || args[1] != "finds" && args[1] != "refused" {
		return errors.New("usage: readable WHO finds TEXT | readable WHO refused STATUS")
	}
	token, err := os.ReadFile(s.tokenFile(args[0]))
	if err != nil {
		return err
	}
	seen, err := s.webUI()
	if err != nil {
		return err
	}
	h := http.Header{"Authorization": {"Bearer " + strings.TrimSpace(string(token))}, "Content-Type": {"application/json"}, "Origin": {uiOrigin}}
	found := false
	for part := range slices.Chunk(seen.payloads, 500) {
		body, err := json.Marshal(map[string]any{"payloads": part})
		if err != nil {
			return err
		}
		answer, err := fetch(http.MethodPost, s.ts.Getenv("ENTENTE_SERVER")+"/v1/codec/decode", h, body...)
		if args[1] == "refused" {
			if fmt.Sprint(answer.status) != args[2] {
				return fmt.Errorf("%s is answered %d: %w", args[0], answer.status, err)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if answer.header.Get("Access-Control-Allow-Origin") != uiOrigin {
			return errors.New("the web UI's page may not read the answer")
		}
		var v any
		if err := json.Unmarshal(answer.body, &v); err != nil {
			return err
		}
		var text strings.Builder
		(&histories{}).look(&text, v)
		found = found || strings.Contains(text.String(), args[2])
	}
	if !found {
		return fmt.Errorf("%d payloads in clear do not hold %q", len(seen.payloads), args[2])
	}
	return nil
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// fetch makes a request; what is not 200 is an error, with the answer.
func fetch(method, address string, header http.Header, body ...byte) (answer, error) {
	r, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if header != nil {
		r.Header = header
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = got.Body.Close() }()
	raw, err := io.ReadAll(got.Body)
	if err == nil && got.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s\n%.300s", method, address, got.Status, raw)
	}
	return answer{got.StatusCode, got.Header, raw}, err
}
