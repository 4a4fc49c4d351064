package codec

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const keyBytes = 32 // AES-256

// Key is one encryption key. Its id is derived from its bytes: equal ids mean equal keys, on every machine.
type Key struct {
	ID     string
	secret [keyBytes]byte
}

// String never shows the secret.
func (k Key) String() string { return "key " + k.ID }

// GoString never shows the secret either.
func (k Key) GoString() string { return k.String() }

// Keys are all usable keys, oldest first. The last encrypts; all decrypt. Remove a key only when nothing that it
// encrypted is in flight or retained.
type Keys []Key

// NewKey draws a key.
func NewKey() (Key, error) {
	var secret [keyBytes]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return Key{}, fmt.Errorf("draw an encryption key: %w", err)
	}
	return keyFrom(secret), nil
}

func keyFrom(secret [keyBytes]byte) Key {
	sum := sha256.Sum256(append([]byte("entente payload key id\n"), secret[:]...))
	return Key{ID: hex.EncodeToString(sum[:4]), secret: secret}
}

// LoadOrCreateKeys reads the key file, or makes one with a single key when there is none. The file must be readable
// by its owner only. Every worker and API process of an installation needs the same file.
func LoadOrCreateKeys(path string) (Keys, error) {
	keys, err := LoadKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	// Exclusive: of two processes that start together one creates, the other reads what the first wrote.
	if err := writeKeys(path, Keys{key}, os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return LoadKeys(path)
}

// LoadKeys reads the key file and fails when there is none.
func LoadKeys(path string) (Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("encryption keys: %w", err)
	}
	if loose := info.Mode().Perm() & 0o077; loose != 0 {
		return nil, fmt.Errorf("encryption keys: %s has mode %#o, others can read it; run: chmod 600 %s", path, info.Mode().Perm(), path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("encryption keys: %w", err)
	}
	return parseKeys(path, raw)
}

// Rotate appends a new key, which encrypts from the next start on. Give the file to every process before any of
// them is restarted twice: a process that lacks the new key cannot read what the others write.
func Rotate(path string) (Keys, error) {
	keys, err := LoadKeys(path)
	if err != nil {
		return nil, err
	}
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	keys = append(keys, key)
	return keys, writeKeys(path, keys, os.Rename)
}

func parseKeys(path string, raw []byte) (Keys, error) {
	var keys Keys
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(secret) != keyBytes {
			return nil, fmt.Errorf("encryption keys: %s:%d: not %d bytes in base64; restore the file from its backup", path, n, keyBytes)
		}
		key := keyFrom([keyBytes]byte(secret))
		if seen[key.ID] {
			return nil, fmt.Errorf("encryption keys: %s:%d: this key is in the file twice; remove one of the lines", path, n)
		}
		seen[key.ID] = true
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("encryption keys: %s holds no key; restore it from its backup, or remove it to start with a new key when nothing is in flight", path)
	}
	return keys, nil
}

// writeKeys writes a whole file aside and publishes it in one step: link refuses to replace, rename replaces.
func writeKeys(path string, keys Keys, publish func(from, to string) error) error {
	var b strings.Builder
	b.WriteString("# Entente payload keys, oldest first; the last one encrypts. Keep a backup: without a key, what it\n# encrypted in Temporal is lost.\n")
	for _, key := range keys {
		b.WriteString(base64.StdEncoding.EncodeToString(key.secret[:]) + "\n")
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return fmt.Errorf("encryption keys: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(b.String())
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("encryption keys: %w", err)
	}
	if err := publish(f.Name(), path); err != nil {
		return fmt.Errorf("encryption keys: %w", err)
	}
	return nil
}
