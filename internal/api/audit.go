package api

import (
	"bufio"
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"entente.dev/entente/internal/api/wire"
	"entente.dev/entente/internal/authz"
	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/store"
)

// Notary signs the ledger as it stands.
type Notary interface {
	Checkpoint(ctx context.Context, org string) (store.Checkpoint, error)
	Verify(ctx context.Context, org string) error
	Key() string
}

// exportPage is how many entries are in memory at a time.
const exportPage = 1000

func (s *server) auditRoutes() {
	const base = "/v1/organizations/{org}/ledger"
	handle(s, operation{method: http.MethodGet, path: base + "/checkpoint", id: "checkpoint", summary: "Sign the ledger as it stands"}, s.checkpoint)
	handle(s, operation{method: http.MethodGet, path: base + "/proof", id: "prove-ledger", summary: "Prove that an earlier checkpoint is the ledger's beginning"}, s.proof)
	export := s.describe(operation{method: http.MethodGet, path: base + "/export", id: "export-ledger",
		summary: "The whole ledger with its checkpoints as JSON lines, for verification offline"}, http.StatusOK)
	export.Responses["200"] = &huma.Response{Description: "One head, then entries and checkpoints in order", Content: map[string]*huma.MediaType{"application/jsonl": {}}}
	huma.Register(s.api, export, s.export)
	handle(s, operation{method: http.MethodGet, path: "/v1/organizations/{org}/people/{person}/history", id: "person-history",
		summary: "One person's story over all tenants"}, s.history)
}

func (s *server) checkpoint(ctx context.Context, in *OrgPath) (wire.Checkpoint, error) {
	if err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org)); err != nil {
		return wire.Checkpoint{}, err
	}
	return s.sign(ctx, in.Org)
}

func (s *server) sign(ctx context.Context, org string) (wire.Checkpoint, error) {
	c, err := s.Notary.Checkpoint(ctx, org)
	return wire.Checkpoint{Entries: c.Size, At: c.At, Note: c.Note, Key: s.Notary.Key()}, err
}

type inProof struct {
	OrgPath
	From int64 `query:"from" minimum:"0" doc:"Entries of the earlier checkpoint"`
}

func (s *server) proof(ctx context.Context, in *inProof) (wire.LedgerProof, error) {
	out := wire.LedgerProof{From: in.From, Hashes: []string{}}
	err := s.allow(ctx, authz.Read, authz.OfOrg(in.Org))
	if err != nil {
		return out, err
	}
	if out.Checkpoint, err = s.sign(ctx, in.Org); err != nil {
		return out, err
	}
	if in.From > out.Checkpoint.Entries {
		return out, nil // the reader sees by the numbers alone that a tail is gone
	}
	proof, err := s.Store.LedgerProof(ctx, in.Org, out.Checkpoint.Entries, in.From)
	for _, h := range proof {
		out.Hashes = append(out.Hashes, h.String())
	}
	return out, err
}

// export streams what the newest checkpoint covers: entries that come meanwhile are in the next export. Whoever
// may not see the whole organization may not have it, because a part of a ledger cannot be verified.
func (s *server) export(ctx context.Context, in *OrgPath) (*huma.StreamResponse, error) {
	if err := s.allow(ctx, authz.People, authz.OfOrg(in.Org)); err != nil {
		return nil, asProblem(err)
	}
	c, err := s.Notary.Checkpoint(ctx, in.Org)
	if err != nil {
		return nil, asProblem(err)
	}
	marks, err := s.Store.Checkpoints(ctx, in.Org, 0, 0)
	if err != nil {
		return nil, asProblem(err)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/jsonl")
		hc.SetHeader("Content-Disposition", `attachment; filename="ledger.jsonl"`)
		out := bufio.NewWriterSize(hc.BodyWriter(), 256<<10)
		err := s.writeExport(ctx, out, in.Org, c, marks)
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			s.Log.WarnContext(ctx, "export ended early", "org", in.Org, "error", err)
			panic(http.ErrAbortHandler) // the status is sent: only a broken connection tells the reader
		}
	}}, nil
}

func (s *server) writeExport(ctx context.Context, out io.Writer, org string, newest store.Checkpoint, marks []store.Checkpoint) error {
	put := func(line []byte, err error) error {
		if err == nil {
			_, err = out.Write(line)
		}
		return err
	}
	if err := put(ledger.HeadLine(ledger.Head{Format: ledger.Format, Org: org, Key: s.Notary.Key(), Checkpoint: newest.Note})); err != nil {
		return err
	}
	for at := int64(0); at < newest.Size; {
		rows, err := s.Store.LedgerRows(ctx, org, at, int(min(exportPage, newest.Size-at)))
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := put(ledger.RowLine(r), nil); err != nil {
				return err
			}
			at = r.Seq
			for ; len(marks) > 0 && marks[0].Size <= at; marks = marks[1:] {
				if _, err := ledger.Open(marks[0].Note, s.Notary.Key()); err != nil {
					continue // of a key that was replaced: it would not verify with this one
				}
				if err := put(ledger.CheckpointLine(marks[0].Note)); err != nil {
					return err
				}
			}
		}
		if len(rows) == 0 {
			return nil // a tail is gone: the file says so by its head
		}
	}
	return nil
}
