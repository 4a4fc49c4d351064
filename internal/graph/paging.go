package graph

import (
	"encoding/json"

	abs "github.com/microsoft/kiota-abstractions-go"

	"entente.dev/entente/internal/problem"
)

// maxPages stops a service that never ends a collection: 50,000 pages of 999 are far above any directory.
const maxPages = 50_000

type page struct {
	Value     json.RawMessage `json:"value"`
	NextLink  string          `json:"@odata.nextLink"`
	DeltaLink string          `json:"@odata.deltaLink"`
}

// pages reads a collection to its last page and hands each page's items to yield. It returns the delta link
// of the last page, "" where there is none. Any error leaves the reading incomplete: callers must not treat
// what they saw until then as the whole.
func pages[T any](r request, yield func([]T) error, first *abs.RequestInformation, err error) (string, error) {
	info := first
	seen := ""
	for n := 0; n < maxPages; n++ {
		body, sendErr := r.send(info, err)
		if sendErr != nil {
			return "", sendErr
		}
		var p page
		if err := r.decode(body, &p); err != nil {
			return "", err
		}
		var items []T
		if p.Value == nil {
			return "", r.bug("a page without a value", nil)
		}
		if err := r.decode(p.Value, &items); err != nil {
			return "", err
		}
		if err := yield(items); err != nil {
			return "", err
		}
		if p.NextLink == "" {
			return p.DeltaLink, nil
		}
		if p.NextLink == seen {
			return "", r.problem(problem.Incomplete, "the service returned the same next link twice", "the collection is read again from its start")
		}
		seen = p.NextLink
		if info, err = r.link(p.NextLink); err != nil {
			return "", r.problem(problem.Rejected, err.Error(), "the answer did not come from the configured Graph; check the proxy and the base URL")
		}
	}
	return "", r.problem(problem.Incomplete, "the collection does not end", "")
}

// all collects a whole collection.
func all[T any](r request, first *abs.RequestInformation, err error) ([]T, error) {
	var items []T
	_, err = pages(r, func(p []T) error { items = append(items, p...); return nil }, first, err)
	if err != nil {
		return nil, err
	}
	return items, nil
}
