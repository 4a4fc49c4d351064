package ledger

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// keyName is the name in our keys; the key's own hash tells installations apart.
const keyName = "entente-ledger"

// origin begins every checkpoint, followed by the organization.
const origin = "entente.dev/ledger/"

var errNoKey = errors.New("this is not a public key of a ledger")

// GenerateKey makes a signing key from random bytes: the text to keep secret.
func GenerateKey(random io.Reader) (string, error) {
	secret, _, err := note.GenerateKey(random, keyName)
	return secret, err
}

// Signer signs checkpoints with one key, and knows the public keys that signed before it.
type Signer struct {
	signer   note.Signer
	verifier string
	older    []string
}

// NewSigner reads a signing key.
func NewSigner(secret string) (*Signer, error) {
	secret = strings.TrimSpace(secret)
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, errors.New("this is not a signing key of a ledger")
	}
	verifier, err := verifierOf(secret)
	if err != nil {
		return nil, err
	}
	return &Signer{signer: signer, verifier: verifier}, nil
}

// Key is the public half, after those of older keys, one a line: what an auditor needs to verify an export.
func (s *Signer) Key() string { return strings.Join(append(slices.Clone(s.older), s.verifier), "\n") }

// After returns the signer with the public keys that signed before it, oldest first, apart by white space.
func (s *Signer) After(keys string) (*Signer, error) {
	older := strings.Fields(keys)
	if _, err := verifiers(keys); err != nil && len(older) > 0 {
		return nil, err
	}
	older = slices.DeleteFunc(older, func(key string) bool { return key == s.verifier })
	return &Signer{signer: s.signer, verifier: s.verifier, older: older}, nil
}

// verifiers reads public keys that are apart by white space.
func verifiers(keys string) (note.Verifiers, error) {
	var all []note.Verifier
	seen := map[string]bool{}
	for key := range strings.FieldsSeq(keys) {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return nil, errNoKey
		}
		if !seen[KeyID(key)] {
			all = append(all, verifier)
		}
		seen[KeyID(key)] = true
	}
	if len(all) == 0 {
		return nil, errNoKey
	}
	return note.VerifierList(all...), nil
}

// Checkpoint is what is signed: how far an organization's ledger went, and the root of its tree.
type Checkpoint struct {
	Org string
	Tree
}

// Sign makes a checkpoint's signed note (C2SP tlog-checkpoint: origin, size, root). The same checkpoint gives the
// same text.
func (s *Signer) Sign(c Checkpoint) (string, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, s.signer)
	return string(signed), err
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s%s\n%d\n%s\n", origin, url.PathEscape(c.Org), c.Size, c.RootText())
}

// Open checks a checkpoint's signature by a public key, or by any of several apart by white space, and reads it. It
// takes only the exact text that Sign makes, so that no byte can change unseen.
func Open(text, key string) (Checkpoint, error) {
	known, err := verifiers(key)
	if err != nil {
		return Checkpoint{}, err
	}
	n, err := note.Open([]byte(text), known)
	if err != nil || len(n.Sigs) != 1 {
		return Checkpoint{}, fmt.Errorf("it is not signed by the key %s", KeyID(key))
	}
	c, err := ReadUnsigned(text)
	if err != nil {
		return Checkpoint{}, err
	}
	sig := n.Sigs[0] // base64 has spare bits, which a signature does not cover
	raw, err := base64.StdEncoding.Strict().DecodeString(sig.Base64)
	if err != nil || text != c.text()+"\n— "+sig.Name+" "+base64.StdEncoding.EncodeToString(raw)+"\n" {
		return Checkpoint{}, errors.New("it is not written as checkpoints are")
	}
	return c, nil
}

// ReadUnsigned reads a checkpoint without looking at its signature.
func ReadUnsigned(text string) (Checkpoint, error) {
	bad := errors.New("it is not a checkpoint of a ledger")
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) != 4 {
		return Checkpoint{}, bad
	}
	name, ours := strings.CutPrefix(lines[0], origin)
	org, err := url.PathUnescape(name)
	if !ours || err != nil {
		return Checkpoint{}, bad
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, bad
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, bad
	}
	c := Checkpoint{Org: org, Tree: Tree{Size: size, Root: tlog.Hash(root)}}
	if !strings.HasPrefix(text, c.text()) {
		return Checkpoint{}, bad
	}
	return c, nil
}

// KeyID is the short form of a public key that people compare: name and hash. Of several it is all of theirs.
func KeyID(key string) string {
	var ids []string
	for one := range strings.FieldsSeq(key) {
		name, rest, _ := strings.Cut(one, "+")
		id, _, _ := strings.Cut(rest, "+")
		ids = append(ids, name+"+"+id)
	}
	return strings.Join(ids, ", ")
}

// verifierOf derives the public key from the secret one, which is "PRIVATE+KEY+name+hash+base64".
func verifierOf(secret string) (string, error) {
	parts := strings.SplitN(secret, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("this is not a signing key of a ledger")
	}
	return publicKey(parts[2], parts[4])
}

func publicKey(name, encoded string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("this is not a signing key of a ledger")
	}
	public, ok := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", errors.New("this is not a signing key of a ledger")
	}
	return note.NewEd25519VerifierKey(name, public)
}
