package notary

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"entente.dev/entente/internal/ledger"
)

// Older is added to the key's path: a file with the public keys that signed before this one, oldest first. With it what
// they signed still verifies, and nobody needs their secret halves any more.
const Older = ".older"

// LoadOrCreateKey reads the signing key and the older public ones, and makes a key for its owner alone where there is
// none. Of two processes that start together one makes it and both use it.
func LoadOrCreateKey(path string) (*ledger.Signer, error) {
	signer, err := newestKey(path)
	if err != nil {
		return nil, err
	}
	older, err := os.ReadFile(path + Older)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("older ledger keys: %w", err)
	}
	if signer, err = signer.After(string(older)); err != nil {
		return nil, fmt.Errorf("older ledger keys: %s: %w; entente audit key prints them", path+Older, err)
	}
	return signer, nil
}

func newestKey(path string) (*ledger.Signer, error) {
	signer, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return signer, err
	}
	secret, err := ledger.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("ledger key: %w", err)
	}
	if err := writeKey(path, secret); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("ledger key: %w", err)
	}
	return loadKey(path)
}

func loadKey(path string) (*ledger.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("ledger key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("ledger key: %s has mode %#o, others can sign with it; run: chmod 600 %s", path, mode, path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("ledger key: %w", err)
	}
	signer, err := ledger.NewSigner(string(raw))
	if err != nil {
		return nil, fmt.Errorf("ledger key: %s: %w; put back a copy of it, or remove it to begin with a new key", path, err)
	}
	return signer, nil
}

// writeKey writes beside and links, so that the file is never half written and never replaced.
func writeKey(path, secret string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".ledger-key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(secret + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
