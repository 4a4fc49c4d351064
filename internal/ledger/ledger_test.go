package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"entente.dev/entente/internal/ident"
)

const org = "contoso <&> group"

func signer(tb testing.TB, seed string) *Signer {
	tb.Helper()
	random := sha256.Sum256([]byte(seed))
	secret, err := GenerateKey(bytes.NewReader(random[:]))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := NewSigner(secret + "\n")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// rows seals n entries in a chain.
func rows(tb testing.TB, n int) []Row {
	tb.Helper()
	var out []Row
	previous := ""
	for i := range n {
		e := Entry{
			Org: org, Seq: int64(i + 1), At: time.Date(2026, 3, 1, 12, 0, i, 0, time.UTC), Actor: "run/contoso/b/c/7", Verb: "set-type-Member",
			Object: fmt.Sprintf("9a000000-0000-4000-8000-%012d", i), Tenant: "c", Share: &ident.Share{Source: "b", Target: "c"}, Key: fmt.Sprint("key", i),
			Data:   map[string]string{"before": strings.Repeat("0", 64), "after": strings.Repeat("f", 64), "requestId": "c0ffee00-0000-4000-8000-000000000000"},
			People: []string{fmt.Sprintf("c/9a000000-0000-4000-8000-%012d", i)}, Previous: previous,
		}
		doc, err := json.Marshal(e) // of plain text that needs no sealing
		if err != nil {
			tb.Fatal(err)
		}
		previous = HashOf(doc)
		out = append(out, Row{Seq: e.Seq, Key: e.Key, Hash: previous, Doc: doc})
	}
	return out
}

// export writes rows as the server does, with a checkpoint after every so many.
func export(tb testing.TB, s *Signer, rows []Row, every int) []byte {
	tb.Helper()
	var g Growing
	var body bytes.Buffer
	sign := func() string {
		text, err := s.Sign(Checkpoint{Org: org, Tree: g.Tree()})
		if err != nil {
			tb.Fatal(err)
		}
		return text
	}
	for i, r := range rows {
		body.Write(RowLine(r))
		g.Add(tlog.RecordHash(r.Doc))
		if (i+1)%every == 0 || i+1 == len(rows) {
			l, err := CheckpointLine(sign())
			if err != nil {
				tb.Fatal(err)
			}
			body.Write(l)
		}
	}
	head, err := HeadLine(Head{Format: Format, Org: org, Key: s.Key(), Checkpoint: sign()})
	if err != nil {
		tb.Fatal(err)
	}
	return append(head, body.Bytes()...)
}

func TestVerifyIntact(t *testing.T) {
	t.Parallel()
	s := signer(t, "ours")
	for _, n := range []int{0, 1, 2, 3, 7, 8, 9, 100} {
		r, err := Verify(bytes.NewReader(export(t, s, rows(t, n), 4)), Options{Key: s.Key()})
		if err != nil || r.Entries != int64(n) || !r.Trusted || r.Org != org {
			t.Errorf("%d entries: %+v, %v", n, r, err)
		}
	}
	r, err := Verify(bytes.NewReader(export(t, s, rows(t, 3), 4)), Options{})
	if err != nil || r.Trusted {
		t.Errorf("without a key of the reader's: %+v, %v", r, err)
	}
}

// A ledger that two keys signed verifies for whoever trusts both, and for nobody else.
func TestVerifyAfterAKeyWasReplaced(t *testing.T) {
	t.Parallel()
	old, newer := signer(t, "ours"), signer(t, "newer")
	both, err := newer.After(old.Key() + "\n")
	if err != nil || both.Key() != old.Key()+"\n"+newer.Key() {
		t.Fatalf("%q, %v", both.Key(), err)
	}
	all := rows(t, 8)
	lines := bytes.SplitAfter(export(t, old, all[:4], 4), []byte("\n"))
	file := bytes.SplitAfter(export(t, both, all, 8), []byte("\n"))
	file = slices.Insert(file, 5, lines[5]) // the old key's checkpoint of the first four
	text := bytes.Join(file, nil)
	var head Head
	if err := json.Unmarshal(lines[0], &head); err != nil {
		t.Fatal(err)
	}
	for _, trusted := range []string{"", both.Key(), newer.Key() + " " + old.Key(), signer(t, "third").Key() + "\r\n" + both.Key()} {
		r, err := Verify(bytes.NewReader(text), Options{Key: trusted, Kept: head.Checkpoint})
		if err != nil || r.Entries != 8 || r.Checkpoints != 2 {
			t.Errorf("%s: %+v, %v", KeyID(trusted), r, err)
		}
	}
	for _, trusted := range []string{old.Key(), newer.Key(), signer(t, "third").Key()} {
		if _, err := Verify(bytes.NewReader(text), Options{Key: trusted}); err == nil || !strings.Contains(err.Error(), "not with yours") {
			t.Errorf("%s is enough: %v", KeyID(trusted), err)
		}
	}
	for _, keys := range []string{"nonsense", old.Key() + " nonsense"} {
		if _, err := newer.After(keys); err == nil {
			t.Errorf("%q is taken for keys", keys)
		}
		if _, err := Open(head.Checkpoint, keys); err == nil {
			t.Errorf("%q is taken for keys", keys)
		}
	}
}

// The tree is the one of x/mod's own code.
func TestTreeIsRFC6962(t *testing.T) {
	t.Parallel()
	var g Growing
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	trees := []Tree{g.Tree()}
	for n := range int64(70) {
		doc := []byte(fmt.Sprint("entry ", n))
		hashes, err := tlog.StoredHashes(n, doc, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		g.Add(tlog.RecordHash(doc))
		want, err := tlog.TreeHash(n+1, reader)
		if err != nil || g.Tree().Root != want {
			t.Fatalf("%d leaves: %v, want %v, %v", n+1, g.Tree().Root, want, err)
		}
		trees = append(trees, g.Tree())
	}
	now := trees[70]
	for old := range int64(71) {
		proof, err := ProveConsistency(70, old, reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckConsistency(proof, trees[old], now); err != nil {
			t.Errorf("%d in 70: %v", old, err)
		}
		other := trees[old]
		other.Root[3] ^= 1
		if err := CheckConsistency(proof, other, now); old > 0 && err == nil {
			t.Errorf("%d in 70: a rewritten beginning is taken for ours", old)
		}
	}
	if CheckConsistency(nil, now, trees[4]) == nil {
		t.Error("a cut-off tail is not seen")
	}
}

func lines(file []byte) [][]byte { return bytes.SplitAfter(file, []byte("\n")) }

func TestVerifyNamesTheFirstBadRow(t *testing.T) {
	t.Parallel()
	s, other := signer(t, "ours"), signer(t, "theirs")
	all := rows(t, 10)
	// Line 1 is the head; 2…5 entries 1…4, 6 a checkpoint, 7…10 entries 5…8, 11 a checkpoint, 12, 13 entries 9, 10.
	file := export(t, s, all, 4)
	forged := rows(t, 10)
	for i := 5; i < 10; i++ { // everything after entry 5 is rewritten, with hashes that fit
		e, err := forged[i].Decode()
		if err != nil {
			t.Fatal(err)
		}
		e.Actor, e.Previous = "nobody", forged[i-1].Hash
		if _, forged[i], err = Seal(e); err != nil {
			t.Fatal(err)
		}
	}
	theirs := export(t, other, all, 4)
	edit := func(f func(l [][]byte) [][]byte) []byte { return bytes.Join(f(lines(file)), nil) }
	for _, c := range []struct {
		name string
		file []byte
		line int
		seq  int64
		why  string
	}{
		{"flipped byte", bytes.Replace(file, []byte(`-000000000006"],"prev`), []byte(`-000000000007"],"prev`), 1), 9, 7, "content does not give its hash"},
		{"dropped row", edit(func(l [][]byte) [][]byte { return append(l[:7:7], l[8:]...) }), 8, 6, "missing; entry 7"},
		{"dropped first row", edit(func(l [][]byte) [][]byte { return append(l[:1:1], l[2:]...) }), 2, 1, "missing; entry 2"},
		{"reordered", edit(func(l [][]byte) [][]byte { l[7], l[8] = l[8], l[7]; return l }), 8, 6, "missing; entry 7"},
		{"doubled", edit(func(l [][]byte) [][]byte { l[8] = l[7]; return l }), 9, 7, "out of order"},
		{"cut off", edit(func(l [][]byte) [][]byte { return l[:11] }), 12, 9, "ends after entry 8"},
		{"cut off in a line", file[:len(file)-200], 14, 11, "middle of the line"},
		{"no entries left", edit(func(l [][]byte) [][]byte { return l[:1] }), 2, 1, "ends after entry 0"},
		{"rewritten with fitting hashes", bytes.Join(append(append(lines(export(t, other, forged, 4))[:0:0], lines(file)[0]),
			append(lines(export(t, s, forged, 100))[1:11], lines(file)[13])...), nil), 12, 1, "rewritten"},
		{"forged checkpoint", edit(func(l [][]byte) [][]byte { l[5] = lines(theirs)[5]; return l }), 6, 5, "not signed by the key"},
		{"checkpoint of another place", edit(func(l [][]byte) [][]byte { l[5], l[10] = l[10], l[5]; return l }), 6, 5, "not in its place"},
		{"swapped key", theirs, 1, 0, "not with yours"},
		{"head of another export", bytes.Join(append([][]byte{lines(export(t, s, all[:4], 4))[0]}, lines(file)[1:]...), nil), 7, 5, "more entries than the 4"},
		{"empty", nil, 1, 0, "empty"},
		{"not an export", []byte("{}\n"), 1, 0, "not written as"},
	} {
		_, err := Verify(bytes.NewReader(c.file), Options{Key: s.Key()})
		var b *Broken
		if !errors.As(err, &b) || b.Line != c.line || b.Seq != c.seq || !strings.Contains(b.Why, c.why) {
			t.Errorf("%s: %v; want line %d, entry %d, %q", c.name, err, c.line, c.seq, c.why)
		}
	}
}

// Every byte of the file matters: whichever bit of it flips, the file no longer verifies.
func TestEveryBitMatters(t *testing.T) {
	t.Parallel()
	s := signer(t, "ours")
	file := export(t, s, rows(t, 2), 1)
	for i := range file {
		for _, bit := range []int{0, 1, 5, 7} { // 5 is the case of a letter
			file[i] ^= 1 << bit
			if _, err := Verify(bytes.NewReader(file), Options{Key: s.Key()}); err == nil {
				t.Errorf("bit %d of byte %d (%q) flips unseen", bit, i, file[max(0, i-20):min(len(file), i+20)])
			}
			file[i] ^= 1 << bit
		}
	}
}

func TestKeptCheckpoint(t *testing.T) {
	t.Parallel()
	s := signer(t, "ours")
	all := rows(t, 10)
	kept := func(rows []Row) string {
		var g Growing
		for _, r := range rows {
			g.Add(tlog.RecordHash(r.Doc))
		}
		text, err := s.Sign(Checkpoint{Org: org, Tree: g.Tree()})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	file := export(t, s, all[:8], 3)
	for _, n := range []int{0, 1, 3, 5, 8} {
		if _, err := Verify(bytes.NewReader(file), Options{Key: s.Key(), Kept: kept(all[:n])}); err != nil {
			t.Errorf("kept %d: %v", n, err)
		}
	}
	// The signer itself made a shorter ledger, or another one: only what was kept elsewhere shows it.
	for name, text := range map[string]string{"shorter": kept(all), "another": kept(append(all[:3:3], all[4:6]...))} {
		var b *Broken
		if _, err := Verify(bytes.NewReader(file), Options{Key: s.Key(), Kept: text}); !errors.As(err, &b) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSealSurvivesStoring(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"<&>\u2028", "broken \xff\xfe", "nul \x00", "张伟 \U0001F600", `","hash":""}`, ""} {
		e, row, err := Seal(Entry{Org: org, Seq: 1, Object: text, Data: map[string]string{text: text}, People: []string{text}, Key: "k"})
		if err != nil {
			t.Fatal(err)
		}
		again, err := row.Decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []Entry{e, again} {
			if h, err := Hash(e); err != nil || h != row.Hash {
				t.Errorf("%q: %s, %v; want %s", text, h, err, row.Hash)
			}
		}
		chain := Chain{Org: org}
		if err := chain.Add([]byte(row.Hash), row.Doc); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	share := &ident.Share{Source: "b", Target: "c"}
	for want, e := range map[string]Entry{
		"":                  {Verb: "create-group", Share: share},
		"share b/c":         {Verb: "approved", Share: share},
		"b/bob c/bob-in-c":  {Verb: "set-type-Member", Share: share, People: []string{"b/bob", "c/bob-in-c", "b/bob", ""}},
		"b/bob share b/c":   {Verb: "stop", Share: share, People: []string{"b/bob"}},
		"c/held-without-it": {Verb: "hold", People: []string{"c/held-without-it"}},
	} {
		if got := strings.Join(e.Subjects(), " "); got != want {
			t.Errorf("%s: %q, want %q", e.Verb, got, want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	s := signer(f, "ours")
	file := export(f, s, rows(f, 5), 2)
	f.Add(file, "")
	f.Add(file, s.Key())
	f.Add(file[:len(file)/2], "")
	f.Add([]byte(`{"format":"entente-ledger/1"}`+"\n"), "")
	f.Fuzz(func(t *testing.T, raw []byte, key string) {
		if key != "" {
			key = s.Key()
		}
		r, err := Verify(bytes.NewReader(raw), Options{Key: key})
		if err == nil && key != "" && r.Entries != 5 {
			t.Fatalf("a file that nobody signed verifies: %+v", r)
		}
		var b *Broken
		if errors.As(err, &b) && (b.Line < 1 || b.Why == "") {
			t.Fatalf("%v does not say where", err)
		}
	})
}

// BenchmarkVerify proves a million entries. Its baseline reads every entry as JSON, as one would at first.
func BenchmarkVerify(b *testing.B) {
	const n, limit = 1_000_000, 10.0
	s := signer(b, "ours")
	file := export(b, s, rows(b, n), 1000)
	for b.Loop() {
		began := time.Now()
		r, err := Verify(bytes.NewReader(file), Options{Key: s.Key()})
		if err != nil || r.Entries != n {
			b.Fatal(r, err)
		}
		took := time.Since(began).Seconds()
		began = time.Now()
		const part = 50
		for l := range bytes.Lines(file[:len(file)/part]) {
			if hash, doc, ok := splitRow(bytes.TrimSuffix(l, []byte("\n"))); ok {
				e, err := Row{Doc: doc}.Decode()
				if h, _ := Hash(e); err != nil || h != string(hash) {
					b.Fatal(err, h)
				}
			}
		}
		naive := time.Since(began).Seconds() * part
		b.ReportMetric(took, "s/verify")
		fmt.Printf("figure ledger verify: %.2f s for %d entries, %.0f MB (limit %.0f; baseline %.2f: every entry read as JSON)\n",
			took, n, float64(len(file))/1e6, limit, naive)
		if took > limit {
			b.Errorf("verifying %d entries takes %.2f s, over the limit of %.0f", n, took, limit)
		}
	}
}

// Random damage of any length is found too.
func TestRandomDamage(t *testing.T) {
	t.Parallel()
	s := signer(t, "ours")
	file := export(t, s, rows(t, 20), 7)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		from := rng.IntN(len(file))
		to := min(len(file), from+1+rng.IntN(1500))
		cut := append(append([]byte{}, file[:from]...), file[to:]...)
		if _, err := Verify(bytes.NewReader(cut), Options{Key: s.Key()}); err == nil {
			// What was cut may be a checkpoint's line between entries: then nothing is lost.
			if gone := file[from:to]; bytes.Count(gone, []byte(rowHead)) > 0 || bytes.Count(gone, []byte("\n")) > 1 {
				t.Errorf("bytes %d to %d are gone unseen", from, to)
			}
		}
	}
}
