package archive

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"entente.dev/entente/internal/ledger"
	"entente.dev/entente/internal/notary"
	"entente.dev/entente/internal/notify"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
	"entente.dev/entente/internal/store/sqlite"
)

const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// world is a ledger, its notary, and a service that keeps what it accepts.
type world struct {
	*testing.T
	store  store.Store
	notary *notary.Notary
	dir    string
	url    string
	roots  string

	mu     sync.Mutex
	answer []int
	kept   map[string][][]byte // rows by organization
	heads  []head
	ids    []string
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir(), kept: map[string][][]byte{}}
	var err error
	w.store, err = sqlite.Open(t.Context(), filepath.Join(w.dir, "entente.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	signer, err := notary.LoadOrCreateKey(filepath.Join(w.dir, "ledger.key"))
	require.NoError(t, err)
	w.notary = notary.New(w.store, signer, time.Now, slog.New(slog.DiscardHandler))
	service := httptest.NewTLSServer(http.HandlerFunc(w.receive))
	t.Cleanup(service.Close)
	w.url, w.roots = service.URL, filepath.Join(w.dir, "roots.pem")
	require.NoError(t, os.WriteFile(w.roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service.Certificate().Raw}), 0o600))
	return w
}

func (w *world) receive(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	key, _ := base64.StdEncoding.DecodeString(secret)
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp"), body)
	if err != nil || r.Header.Get("Webhook-Signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) || r.Header.Get("Content-Type") != "application/jsonl" {
		w.Error("a batch that is not signed as it should be")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids = append(w.ids, r.Header.Get("Webhook-Id"))
	status := http.StatusOK
	if len(w.answer) > 0 {
		status, w.answer = w.answer[0], w.answer[1:]
	}
	if status/100 == 2 || status == http.StatusGatewayTimeout { // accepted, and the second time the answer is lost
		w.keep(body)
	}
	rw.WriteHeader(status)
}

// keep takes a batch as an archive would: what it has already is looked over.
func (w *world) keep(body []byte) {
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 16<<20)
	lines.Scan()
	var h head
	if err := json.Unmarshal(lines.Bytes(), &h); err != nil || h.Format != Format {
		w.Errorf("head %s: %v", lines.Bytes(), err)
	}
	w.heads = append(w.heads, h)
	at := int(h.After)
	for ; lines.Scan(); at++ {
		if at == len(w.kept[h.Org]) {
			w.kept[h.Org] = append(w.kept[h.Org], append([]byte(nil), lines.Bytes()...))
		} else if at > len(w.kept[h.Org]) || !bytes.Equal(w.kept[h.Org][at], lines.Bytes()) {
			w.Errorf("entry %d of %s is not what it was, or one before it is missing", at+1, h.Org)
		}
	}
	if at-int(h.After) != h.Entries {
		w.Errorf("%d entries, the head says %d", at-int(h.After), h.Entries)
	}
}

func (w *world) archive() *Archive {
	w.Helper()
	a, err := New(w.store, Options{
		URL: w.url, Signatures: notify.Signatures{func() (string, error) { return secret, nil }}, CAFile: w.roots, AllowPrivate: []string{strings.TrimPrefix(w.url, "https://")},
		CursorFile: filepath.Join(w.dir, "ledger.archive"), Key: w.notary.Key(), Now: time.Now,
	})
	require.NoError(w, err)
	return a
}

// append adds to a ledger and has it signed.
func (w *world) append(org string, n, size int) {
	w.Helper()
	_, err := w.store.PutTopology(w.Context(), store.Revision{Org: org, Digest: "d", StoredAt: time.Now()})
	require.NoError(w, err)
	tree, err := w.store.LedgerTree(w.Context(), org)
	require.NoError(w, err)
	var all []store.Entry
	for i := range n {
		all = append(all, store.Entry{Org: org, Key: fmt.Sprint(tree.Size, "/", i), At: time.Now(), Data: map[string]string{"x": strings.Repeat("x", size)}})
	}
	_, err = w.store.AppendAll(w.Context(), all)
	require.NoError(w, err)
	_, err = w.notary.Checkpoint(w.Context(), org)
	require.NoError(w, err)
}

// proven puts what the archive kept together and verifies it as an export, by the newest checkpoint that it was sent.
func (w *world) proven(org string) int64 {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	var last head
	for _, h := range w.heads {
		if h.Org == org {
			last = h
		}
	}
	file, err := ledger.HeadLine(ledger.Head{Format: ledger.Format, Org: org, Key: last.Key, Checkpoint: last.Checkpoint})
	require.NoError(w, err)
	for _, row := range w.kept[org] {
		file = append(append(file, row...), '\n')
	}
	report, err := ledger.Verify(bytes.NewReader(file), ledger.Options{Key: w.notary.Key()})
	require.NoError(w, err)
	return report.Entries
}

func TestTheArchiveCanProveWhatItGot(t *testing.T) {
	t.Parallel()
	w := start(t)
	a := w.archive()
	require.NoError(t, a.Round(t.Context()), "nothing to send")
	w.append("contoso", 1203, 10)
	w.append("adatum", 2, 10)
	require.NoError(t, a.Round(t.Context()))
	require.Len(t, w.heads, 4)
	require.NoError(t, a.Round(t.Context()))
	require.Len(t, w.heads, 4, "nothing is new")
	require.EqualValues(t, 1203, w.proven("contoso"))
	require.EqualValues(t, 2, w.proven("adatum"))
	w.append("contoso", 1, 10)
	require.NoError(t, w.archive().Round(t.Context()), "a restart goes on")
	require.Len(t, w.heads, 5)
	require.EqualValues(t, 1204, w.proven("contoso"))
}

func TestBatchesAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.append("contoso", 5, 400<<10)
	w.append("contoso", 1, 3<<20)
	require.NoError(t, w.archive().Round(t.Context()))
	require.Len(t, w.heads, 4) // 2, 2, 1, and the large one by itself
	require.EqualValues(t, 6, w.proven("contoso"))
}

func TestWhatWasNotAcceptedIsSentAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.append("contoso", 700, 10)
	for _, c := range []struct {
		status int
		kind   problem.Kind
	}{{503, problem.Unavailable}, {429, problem.Throttled}, {400, problem.Rejected}, {504, problem.Unavailable}} {
		w.mu.Lock()
		w.answer = []int{c.status}
		w.mu.Unlock()
		require.Equal(t, c.kind, problem.KindOf(w.archive().Round(t.Context())))
	}
	require.NoError(t, w.archive().Round(t.Context()))
	require.EqualValues(t, 700, w.proven("contoso"))
	require.Len(t, w.ids, 6)
	for _, id := range w.ids[1:5] {
		require.Equal(t, w.ids[0], id, "a repeat has the same identifier")
	}
	require.NotEqual(t, w.ids[0], w.ids[5])
}

func TestALedgerThatIsShorterThanItsArchiveIsSaid(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.append("contoso", 5, 10)
	require.NoError(t, w.archive().Round(t.Context()))
	other := start(t)
	other.append("contoso", 3, 10)
	a := w.archive()
	a.store = other.store
	err := a.Round(t.Context())
	require.Equal(t, problem.Conflict, problem.KindOf(err))
	require.ErrorContains(t, err, "a tail is gone")
	require.Len(t, w.heads, 1)
}

func TestTheCursor(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cursor")
	c, err := readCursor(path, "https://one")
	require.NoError(t, err)
	require.NoError(t, c.move("o", 7))
	require.NoError(t, c.move("p", 1))
	c, err = readCursor(path, "https://one")
	require.NoError(t, err)
	require.EqualValues(t, []int64{7, 1, 0}, []int64{c.of("o"), c.of("p"), c.of("q")})
	c, err = readCursor(path, "https://two")
	require.NoError(t, err)
	require.Zero(t, c.of("o"), "another archive has nothing")
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	_, err = readCursor(path, "https://one")
	require.ErrorContains(t, err, "remove it")
	broken := &cursor{path: filepath.Join(path, "below"), Sent: map[string]int64{"o": 3}}
	require.Error(t, broken.move("o", 4))
	require.EqualValues(t, 3, broken.of("o"), "what is not kept does not count")
}
