package wire

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// SnapshotType is the media type of a snapshot between a worker and the API: JSON lines, gzip.
const SnapshotType = "application/vnd.entente.snapshot+gzip"

// The bounds of a snapshot on the wire. A million users take some 50 MB compressed and half a gigabyte plain.
const (
	MaxSnapshotBytes = 512 << 20
	MaxSnapshotPlain = 4 << 30
)

// SnapshotHead is the first line: the observation without its lists. Ref is set by who stored it.
type SnapshotHead struct {
	Tenant   ident.Tenant           `json:"tenant"`
	TenantID string                 `json:"tenantId"`
	TakenAt  time.Time              `json:"takenAt"`
	Read     []directory.Collection `json:"read"`
	Sealed   bool                   `json:"sealed"`
	Cursor   store.Cursor           `json:"cursor"`
	Ref      *store.SnapshotRef     `json:"ref,omitempty"`
}

// snapshotLine is one line; exactly one field is set. The last line tells how many there were before it: a stream that
// was cut off is not a picture of a tenant, because who is missing in a picture may be taken out.
type snapshotLine struct {
	Head    *SnapshotHead      `json:"head,omitempty"`
	User    *directory.User    `json:"user,omitempty"`
	Deleted *directory.User    `json:"deleted,omitempty"`
	Group   *directory.Group   `json:"group,omitempty"`
	Partner *directory.Partner `json:"partner,omitempty"`
	App     *directory.SyncApp `json:"app,omitempty"`
	End     *int               `json:"end,omitempty"`
}

// WriteSnapshot streams a snapshot. Tenant, time and what was read are taken from s.
func WriteSnapshot(w io.Writer, head SnapshotHead, s *directory.Snapshot) error {
	head.Tenant, head.TenantID, head.TakenAt, head.Read = s.Tenant, s.TenantID, s.TakenAt, s.Read
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriterSize(z, 64<<10)
	out := lines{to: json.NewEncoder(buffer)}
	out.put(snapshotLine{Head: &head})
	for i := range s.Users {
		out.put(snapshotLine{User: &s.Users[i]})
	}
	for i := range s.Deleted {
		out.put(snapshotLine{Deleted: &s.Deleted[i]})
	}
	for i := range s.Groups {
		out.put(snapshotLine{Group: &s.Groups[i]})
	}
	for i := range s.Partners {
		out.put(snapshotLine{Partner: &s.Partners[i]})
	}
	for i := range s.Apps {
		out.put(snapshotLine{App: &s.Apps[i]})
	}
	end := out.n
	out.put(snapshotLine{End: &end})
	return errors.Join(out.err, buffer.Flush(), z.Close())
}

// lines keeps the first error.
type lines struct {
	to  *json.Encoder
	n   int
	err error
}

func (l *lines) put(line snapshotLine) {
	if l.err == nil {
		l.err, l.n = l.to.Encode(line), l.n+1
	}
}

// ErrTooLarge is the cause of ReadSnapshot's problem when a bound was passed.
var ErrTooLarge = errors.New("the snapshot is larger than any tenant's can be")

// ReadSnapshot reads what WriteSnapshot wrote, to its end; everything else is problem.Invalid.
func ReadSnapshot(r io.Reader) (SnapshotHead, *directory.Snapshot, error) {
	return readSnapshot(r, MaxSnapshotBytes, MaxSnapshotPlain)
}

func readSnapshot(r io.Reader, compressed, plain int64) (head SnapshotHead, s *directory.Snapshot, err error) {
	defer func() {
		if err != nil {
			p := problem.Wrap(problem.Invalid, "read a snapshot", err)
			p.Remedy = "send it again, whole; nothing of it was kept"
			head, s, err = SnapshotHead{}, nil, p
		}
	}()
	z, err := gzip.NewReader(&bounded{from: r, left: compressed})
	if err != nil {
		return head, nil, err
	}
	in := json.NewDecoder(&bounded{from: z, left: plain})
	in.DisallowUnknownFields()
	for n := 0; ; n++ {
		var line snapshotLine
		if err := in.Decode(&line); err != nil {
			return head, nil, fmt.Errorf("line %d: %w", n+1, noEnd(err))
		}
		switch {
		case n == 0 && line.Head != nil:
			head = *line.Head
			s = &directory.Snapshot{Tenant: head.Tenant, TenantID: head.TenantID, TakenAt: head.TakenAt, Read: head.Read}
		case n == 0 || line.Head != nil:
			return head, nil, fmt.Errorf("line %d: the head is the first line, and only that", n+1)
		case line.End != nil && *line.End != n:
			return head, nil, fmt.Errorf("%d lines came, and %d were sent", n, *line.End)
		case line.End != nil:
			return head, s, nothingMore(in)
		case !line.addTo(s):
			return head, nil, fmt.Errorf("line %d says nothing", n+1)
		}
	}
}

func (l snapshotLine) addTo(s *directory.Snapshot) bool {
	switch {
	case l.User != nil:
		s.Users = append(s.Users, *l.User)
	case l.Deleted != nil:
		s.Deleted = append(s.Deleted, *l.Deleted)
	case l.Group != nil:
		s.Groups = append(s.Groups, *l.Group)
	case l.Partner != nil:
		s.Partners = append(s.Partners, *l.Partner)
	case l.App != nil:
		s.Apps = append(s.Apps, *l.App)
	default:
		return false
	}
	return true
}

// nothingMore reads to the end, which is also where gzip compares its checksum.
func nothingMore(in *json.Decoder) error {
	_, err := in.Token()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		err = errors.New("something follows the last line")
	}
	return err
}

// noEnd tells a stream that ends before its last line from one that ends after it.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// bounded is io.LimitReader with an error at the bound instead of an end.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
