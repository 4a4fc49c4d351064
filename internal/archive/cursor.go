package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// cursor is how far the archive at one address has each ledger.
type cursor struct {
	path string
	URL  string           `json:"url"`
	Sent map[string]int64 `json:"sent"` // by organization: the newest entry it accepted
}

// readCursor begins anew for another address.
func readCursor(path, url string) (*cursor, error) {
	fresh := &cursor{path: path, URL: url, Sent: map[string]int64{}}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, err
	}
	read := &cursor{path: path}
	if err := json.Unmarshal(raw, read); err != nil {
		return nil, fmt.Errorf("%s does not say how far the ledger's archive is; remove it, and everything is sent again", path)
	}
	if read.URL != url || read.Sent == nil {
		return fresh, nil
	}
	return read, nil
}

func (c *cursor) of(org string) int64 { return c.Sent[org] }

// move is kept on disk before it counts: written beside, then renamed.
func (c *cursor) move(org string, to int64) (err error) {
	next := cursor{URL: c.URL, Sent: map[string]int64{}}
	for o, n := range c.Sent {
		next.Sent[o] = n
	}
	next.Sent[org] = to
	raw, err := json.Marshal(next)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(c.path), ".ledger-archive-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(append(raw, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	c.Sent = next.Sent
	return nil
}
