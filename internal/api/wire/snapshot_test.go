package wire

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"entente.dev/entente/internal/directory"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

func some(users int) *directory.Snapshot {
	s := &directory.Snapshot{Tenant: "c", TenantID: "0c", TakenAt: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Read: directory.Collections()}
	for range users {
		s.Users = append(s.Users, directory.User{ID: "u", UserPrincipalName: "charlie@c.example", DisplayName: "Charlie <&> 张"})
	}
	s.Deleted = []directory.User{{ID: "d"}}
	s.Groups = []directory.Group{{ID: "g", Users: []string{"u"}}}
	s.Partners = []directory.Partner{{TenantID: "0a"}}
	s.Apps = []directory.SyncApp{{}}
	return s
}

func written(t testing.TB, s *directory.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSnapshot(&b, SnapshotHead{Sealed: true, Cursor: store.Cursor{UsersLink: "next"}}, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestASnapshotComesBackAsItWas(t *testing.T) {
	t.Parallel()
	want := some(3)
	head, got, err := ReadSnapshot(bytes.NewReader(written(t, want)))
	if err != nil || !head.Sealed || head.Cursor.UsersLink != "next" {
		t.Fatalf("%+v, %v", head, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || got.Digest() != want.Digest() {
		t.Fatal(diff)
	}
}

// TestACutSnapshotIsNoSnapshot: whoever is missing in a picture may be taken out of a share, so that a part of one must
// never pass for the whole.
func TestACutSnapshotIsNoSnapshot(t *testing.T) {
	t.Parallel()
	whole := written(t, some(20))
	plain, err := gzip.NewReader(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	all := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	rapid.Check(t, func(t *rapid.T) {
		cut := whole[:rapid.IntRange(0, len(whole)-1).Draw(t, "bytes")]
		if _, _, err := ReadSnapshot(bytes.NewReader(cut)); problem.KindOf(err) != problem.Invalid || err == nil {
			t.Fatalf("a stream of %d bytes out of %d is taken: %v", len(cut), len(whole), err)
		}
		gone := rapid.IntRange(0, len(all)-1).Draw(t, "line")
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		for i, line := range all {
			if i != gone {
				_, _ = z.Write(line)
			}
		}
		_ = z.Close()
		if _, _, err := ReadSnapshot(&b); err == nil {
			t.Fatalf("a snapshot without its line %d is taken", gone+1)
		}
	})
}

func TestASnapshotIsBounded(t *testing.T) {
	t.Parallel()
	raw := written(t, some(2000))
	for name, limits := range map[string][2]int64{"on the wire": {int64(len(raw)) - 1, 1 << 30}, "unpacked": {1 << 30, 10_000}} {
		if _, _, err := readSnapshot(bytes.NewReader(raw), limits[0], limits[1]); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", "not gzip at all", "\x1f\x8b"} {
		if _, _, err := ReadSnapshot(strings.NewReader(text)); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
