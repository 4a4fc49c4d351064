package sqlstore

import (
	"context"

	"entente.dev/entente/internal/plan"
	"entente.dev/entente/internal/prospect"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/internal/queries"
)

// askersAtOnce is how many people of a request are read at once: some megabytes.
const askersAtOnce = 20_000

// Askers implements store.RequestPeople.
func (s *Store) Askers(ctx context.Context, org, request, digest string, after int) (store.AskersPage, error) {
	const op = "read whom a request would bring"
	page := store.AskersPage{Askers: []prospect.Asker{}}
	if err := valid(op, may("organization", org), may("request", request), may("digest", digest)); err != nil {
		return page, err
	}
	err := s.view(ctx, op, func(t *tx) error {
		page.Digest = digest
		if digest == "" {
			use, err := t.GetPeopleUse(ctx, queries.GetPeopleUseParams{Org: org, Request: request})
			if err != nil {
				return missing(err, op, "the list of request "+request)
			}
			page.Digest = use.Digest
		}
		list, err := t.peopleList(ctx, op, org, request, page.Digest)
		if err != nil {
			return err
		}
		rows, err := t.peopleRows(ctx, org, list.List, store.PeopleFilter{After: after, Limit: askersAtOnce})
		for _, r := range rows {
			if prospect.Comes(plan.EffectAction(r.Action)) {
				page.Askers = append(page.Askers, prospect.NewAsker(request, person(r.Home, r.Person), r.Upn, r.Mail))
			}
		}
		if len(rows) == askersAtOnce {
			page.Next = int(rows[len(rows)-1].Ordinal)
		}
		return err
	})
	return page, err
}
