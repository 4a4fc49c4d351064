package signin

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined as a SHA-1 thumbprint
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// signingKey is one RSA key with the self-signed certificate that names it.
type signingKey struct {
	id      string // kid and x5t
	private *rsa.PrivateKey
	cert    []byte
}

// keyRing holds the current key, the standby and, after a roll, the retired ones that still verify.
type keyRing struct {
	file string // empty: memory only
	mu   sync.RWMutex
	keys []signingKey // current, standby, retired
}

// ringSize is what stays published after a roll: current, standby and one retired key.
const ringSize = 3

// openKeys loads the ring of a folder or makes one.
func openKeys(dir string) (*keyRing, error) {
	k := &keyRing{}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("signin: signing keys: %w", err)
		}
		k.file = filepath.Join(dir, "signing.pem")
		data, err := os.ReadFile(k.file)
		if err == nil {
			k.keys, err = decodeKeys(data)
			return k, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("signin: signing keys: %w", err)
		}
	}
	for range 2 {
		key, err := newSigningKey()
		if err != nil {
			return nil, err
		}
		k.keys = append(k.keys, key)
	}
	return k, k.save()
}

// newSigningKey makes a key. The certificate is kept with it because its bytes, and with them the key id, are
// not reproducible.
func newSigningKey() (signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return signingKey{}, fmt.Errorf("signin: signing key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return signingKey{}, fmt.Errorf("signin: signing key: %w", err)
	}
	from := time.Now().Add(-time.Hour)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "accounts.accesscontrol.windows.net"},
		NotBefore: from, NotAfter: from.AddDate(5, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return signingKey{}, fmt.Errorf("signin: signing key: %w", err)
	}
	return signingKey{keyID(cert), private, cert}, nil
}

func keyID(cert []byte) string {
	sum := sha1.Sum(cert) //nolint:gosec // see the import
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func decodeKeys(data []byte) ([]signingKey, error) {
	var out []signingKey
	var private *rsa.PrivateKey
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		switch block.Type {
		case "PRIVATE KEY":
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("signin: signing keys: %w", err)
			}
			private, _ = parsed.(*rsa.PrivateKey)
		case "CERTIFICATE":
			if private == nil {
				return nil, errors.New("signin: signing keys: a certificate without its RSA key")
			}
			out, private = append(out, signingKey{keyID(block.Bytes), private, block.Bytes}), nil
		}
	}
	if len(out) < 2 {
		return nil, errors.New("signin: signing keys: the file holds fewer than two keys; remove it to start with new ones")
	}
	return out, nil
}

// save writes the ring in one step, so that a crash leaves the old keys or the new.
func (k *keyRing) save() error {
	if k.file == "" {
		return nil
	}
	var buf bytes.Buffer
	for _, key := range k.keys {
		private, err := x509.MarshalPKCS8PrivateKey(key.private)
		if err != nil {
			return fmt.Errorf("signin: signing keys: %w", err)
		}
		_ = pem.Encode(&buf, &pem.Block{Type: "PRIVATE KEY", Bytes: private})
		_ = pem.Encode(&buf, &pem.Block{Type: "CERTIFICATE", Bytes: key.cert})
	}
	return writeFile(k.file, buf.Bytes(), 0o600)
}

// writeFile replaces a file in one step.
func writeFile(name string, data []byte, mode os.FileMode) error {
	tmp := name + ".new"
	if err := os.WriteFile(tmp, data, mode); err != nil {
		return fmt.Errorf("signin: %w", err)
	}
	if err := os.Rename(tmp, name); err != nil {
		return fmt.Errorf("signin: %w", err)
	}
	return nil
}

// RollKeys makes the standby key current, creates a new standby and retires the current one. Tokens of the
// retired key stay valid until the next roll.
func (s *Service) RollKeys() error {
	fresh, err := newSigningKey()
	if err != nil {
		return err
	}
	k := s.keys
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.keys
	k.keys = []signingKey{old[1], fresh, old[0]}
	if err := k.save(); err != nil {
		k.keys = old
		return err
	}
	return nil
}

func (k *keyRing) current() signingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys[0]
}

// public is the key of an id, while it is published.
func (k *keyRing) public(id string) (*rsa.PublicKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.keys {
		if key.id == id {
			return &key.private.PublicKey, true
		}
	}
	return nil, false
}

// webKey is one entry of the published key set.
type webKey struct {
	Type   string   `json:"kty"`
	Use    string   `json:"use"`
	ID     string   `json:"kid"`
	Thumb  string   `json:"x5t"`
	N      string   `json:"n"`
	E      string   `json:"e"`
	Chain  []string `json:"x5c"`
	Issuer string   `json:"issuer"`
}

func (k *keyRing) published(issuer string) []webKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	out := make([]webKey, 0, ringSize)
	for _, key := range k.keys {
		out = append(out, webKey{
			Type: "RSA", Use: "sig", ID: key.id, Thumb: key.id, Issuer: issuer,
			N:     base64.RawURLEncoding.EncodeToString(key.private.N.Bytes()),
			E:     base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.private.E)).Bytes()),
			Chain: []string{base64.StdEncoding.EncodeToString(key.cert)},
		})
	}
	return out
}
