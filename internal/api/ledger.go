package api

import (
	"context"
	"net/http"
	"strconv"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func (s *server) ledgerRoutes() {
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/ledger", id: "ledger", summary: "Every decision and every write, in order"}, s.ledger)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/ledger/verify", id: "verify-ledger", summary: "Recompute the ledger's chain"}, s.verify)
}

type inLedger struct {
	OrgPath
	PageQuery
}

// ledger pages by sequence number. Whoever is bound to a tenant reads the entries of that tenant and of its
// shares; a page may then hold fewer entries than asked and still have a next one.
func (s *server) ledger(ctx context.Context, in *inLedger) (wire.Ledger, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Ledger{}, err
	}
	var after int64
	if in.After != "" {
		var err error
		if after, err = strconv.ParseInt(in.After, 10, 64); err != nil || after < 0 {
			return wire.Ledger{}, invalid("read the ledger", "the cursor is not one of the ledger", "start without after")
		}
	}
	entries, err := s.Store.LedgerEntries(ctx, in.Org, after, in.Limit)
	if err != nil {
		return wire.Ledger{}, err
	}
	out := wire.Ledger{Entries: []store.Entry{}}
	if len(entries) == in.Limit {
		out.Next = strconv.FormatInt(entries[len(entries)-1].Seq, 10)
	}
	whole := s.may(ctx, authz.People, authz.OfOrg(in.Org))
	for _, e := range entries {
		if whole || s.concerns(ctx, e) {
			out.Entries = append(out.Entries, e)
		}
	}
	return out, nil
}

func (s *server) concerns(ctx context.Context, e store.Entry) bool {
	if e.Share != nil {
		return s.may(ctx, authz.Read, authz.OfShare(authz.Share, e.Org, *e.Share))
	}
	return e.Tenant != "" && s.may(ctx, authz.Read, authz.OfTenant(e.Org, e.Tenant))
}

func (s *server) verify(ctx context.Context, in *OrgPath) (wire.Verified, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Verified{}, err
	}
	entries, err := s.Store.VerifyLedger(ctx, in.Org)
	if err == nil {
		err = s.Notary.Verify(ctx, in.Org)
	}
	if err == nil {
		return wire.Verified{Intact: true, Entries: entries}, nil
	}
	if kind := problem.KindOf(err); kind == problem.Unavailable || kind == problem.NotFound {
		return wire.Verified{}, err
	}
	return wire.Verified{Entries: entries, Detail: problem.Of(err).Detail}, nil
}
