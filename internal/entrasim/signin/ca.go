package signin

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // a key identifier is a name, not a protection
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	caLife = 10 * 365 * 24 * time.Hour
	// leafLife stays below the 398 days that some verifiers allow a server certificate.
	leafLife = 390 * 24 * time.Hour
	// leafRenew is how long before its end a server certificate is replaced at start.
	leafRenew = 30 * 24 * time.Hour
)

// CA is a certificate authority on disk. No sign-in library accepts an http authority, and clients take a file
// path to trust: some add it to the system's store, some replace the store with it. The files survive a restart.
type CA struct {
	dir  string
	cert *x509.Certificate
	key  crypto.Signer
}

// NewCA loads the authority in dir or creates it there.
func NewCA(dir string) (*CA, error) {
	if dir == "" {
		return nil, errors.New("signin: the certificate authority needs a folder")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("signin: certificate authority: %w", err)
	}
	c := &CA{dir: dir}
	pair, err := loadPair(c.File(), c.keyFile())
	switch {
	case err == nil && pair.Leaf.IsCA && time.Now().Before(pair.Leaf.NotAfter):
		c.cert, c.key = pair.Leaf, pair.PrivateKey.(crypto.Signer)
		return c, nil
	case err == nil:
		return nil, fmt.Errorf("signin: %s is not a certificate authority or has expired; remove it to make a new one", c.File())
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return c, c.create()
}

// File is the path of the authority's certificate in PEM form.
func (c *CA) File() string { return filepath.Join(c.dir, "ca.pem") }

func (c *CA) keyFile() string { return filepath.Join(c.dir, "ca-key.pem") }

// Pool trusts this authority and nothing else.
func (c *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.cert)
	return pool
}

// create makes the authority. Both key identifiers are present, because strict verifiers ask for them.
func (c *CA) create() error {
	key, id, err := newPair()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "EntraSim local authority"}, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: id, AuthorityKeyId: id,
	}
	der, err := issue(template, template, key.Public(), key, caLife)
	if err != nil {
		return err
	}
	if c.cert, err = x509.ParseCertificate(der); err != nil {
		return fmt.Errorf("signin: certificate authority: %w", err)
	}
	c.key = key
	return storePair(c.File(), c.keyFile(), der, key)
}

// TLSConfig is a server configuration for TLS 1.2 and 1.3 and both HTTP versions, with a certificate for
// 127.0.0.1, ::1, localhost and the further names, for whoever maps a well-known name to the simulator.
func (c *CA) TLSConfig(names ...string) (*tls.Config, error) {
	certFile, keyFile := filepath.Join(c.dir, "server.pem"), filepath.Join(c.dir, "server-key.pem")
	names = append([]string{"127.0.0.1", "::1", "localhost"}, names...)
	pair, err := loadPair(certFile, keyFile)
	if err != nil || !c.serves(pair.Leaf, names) {
		if err = c.issueLeaf(certFile, keyFile, names); err != nil {
			return nil, err
		}
		if pair, err = loadPair(certFile, keyFile); err != nil {
			return nil, err
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

// serves tells whether a certificate is ours, covers the names and lives long enough.
func (c *CA) serves(leaf *x509.Certificate, names []string) bool {
	for _, name := range names {
		if leaf.VerifyHostname(name) != nil {
			return false
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: c.Pool(), CurrentTime: time.Now().Add(leafRenew)})
	return err == nil
}

func (c *CA) issueLeaf(certFile, keyFile string, names []string) error {
	key, id, err := newPair()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "EntraSim"}, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, SubjectKeyId: id, AuthorityKeyId: c.cert.SubjectKeyId,
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := issue(template, c.cert, key.Public(), c.key, leafLife)
	if err != nil {
		return err
	}
	return storePair(certFile, keyFile, der, key)
}

// newPair makes a key and its identifier.
func newPair() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("signin: certificate key: %w", err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, nil, fmt.Errorf("signin: certificate key: %w", err)
	}
	id := sha1.Sum(point) //nolint:gosec // see the import
	return key, id[:], nil
}

func issue(template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer, life time.Duration) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("signin: certificate: %w", err)
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = template.NotBefore.Add(life)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, fmt.Errorf("signin: certificate: %w", err)
	}
	return der, nil
}

// storePair writes the key first, so that a certificate on disk always has its key.
func storePair(certFile, keyFile string, der []byte, key *ecdsa.PrivateKey) error {
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("signin: certificate key: %w", err)
	}
	if err := writeFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return err
	}
	return writeFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func loadPair(certFile, keyFile string) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return pair, fmt.Errorf("signin: %w", err)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return pair, fmt.Errorf("signin: %w", err)
		}
	}
	return pair, nil
}
