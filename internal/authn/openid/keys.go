package openid

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"sync"
	"time"

	"entente.dev/entente/internal/authn"
)

const (
	// fresh is how long keys are used without looking whether the issuer withdrew one.
	fresh = time.Hour
	// stale is how long they may be used while the issuer cannot be reached.
	stale = 24 * time.Hour
)

// keys are an issuer's signing keys. They are our own cache rather than the library's, because that one asks the
// issuer again for every token with a bad signature: a stranger could make us hammer the sign-in service.
type keys struct {
	provider *provider
	now      func() time.Time

	mu     sync.RWMutex
	byID   map[string]crypto.PublicKey
	read   time.Time
	asking sync.Mutex // one question at a time; those who have their key do not wait for it
	asked  time.Time
	reason error // of the last question, when it failed
}

// find returns the key of an id. An unknown id makes it ask the issuer, at most once every pause.
func (k *keys) find(ctx context.Context, id string) (crypto.PublicKey, error) {
	key, age := k.cached(id)
	if key != nil && age < fresh {
		return key, nil
	}
	err := k.refresh(ctx, id)
	if key, age = k.cached(id); key != nil && age < stale {
		return key, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, authn.Refused("the token is signed with a key that its issuer does not publish",
		"sign in again; if the issuer changed its keys a moment ago, wait a few seconds first")
}

func (k *keys) cached(id string) (crypto.PublicKey, time.Duration) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.byID[id], k.now().Sub(k.read)
}

func (k *keys) refresh(ctx context.Context, id string) error {
	k.asking.Lock()
	defer k.asking.Unlock()
	if key, age := k.cached(id); key != nil && age < fresh {
		return nil // somebody asked while we waited
	}
	if !k.asked.IsZero() && k.now().Before(k.asked.Add(pause)) {
		return k.reason
	}
	_, address, err := k.provider.get(ctx)
	if err != nil {
		return err
	}
	k.asked = k.now()
	var set struct {
		Keys []webKey `json:"keys"`
	}
	if err := k.provider.document(ctx, address, &set); err != nil {
		k.reason = unreachable("read the sign-in service's keys", k.provider.issuer, err)
		return k.reason
	}
	k.reason = nil
	byID := map[string]crypto.PublicKey{}
	for _, w := range set.Keys {
		if key, err := w.public(); err == nil { // keys of other kinds are for others
			byID[w.ID] = key
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byID, k.read = byID, k.now()
	return nil
}

// webKey is one published key (RFC 7517, RFC 7518 section 6).
type webKey struct {
	Type  string `json:"kty"`
	ID    string `json:"kid"`
	Use   string `json:"use"`
	N     string `json:"n"`
	E     string `json:"e"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

var errOtherKey = errors.New("not a key that signs tokens here")

// weakest is the smallest modulus that RFC 7518 section 3.3 allows.
const weakest = 2048

func (w webKey) public() (crypto.PublicKey, error) {
	if w.ID == "" || w.Use != "" && w.Use != "sig" {
		return nil, errOtherKey
	}
	switch {
	case w.Type == "RSA":
		n, errN := number(w.N)
		e, errE := number(w.E)
		if err := errors.Join(errN, errE); err != nil {
			return nil, err
		}
		if n.BitLen() < weakest || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 {
			return nil, errOtherKey
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case w.Type == "EC" && w.Curve == "P-256":
		x, errX := base64.RawURLEncoding.DecodeString(w.X)
		y, errY := base64.RawURLEncoding.DecodeString(w.Y)
		if err := errors.Join(errX, errY); err != nil {
			return nil, err
		}
		const size = 32
		if len(x) != size || len(y) != size {
			return nil, errOtherKey
		}
		return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	default:
		return nil, errOtherKey
	}
}

func number(text string) (*big.Int, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return new(big.Int).SetBytes(raw), err
}
