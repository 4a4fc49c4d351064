package signin

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// jwtHeader is the part of a JOSE header that anyone here looks at.
type jwtHeader struct {
	Type         string `json:"typ,omitempty"`
	Algorithm    string `json:"alg"`
	Thumbprint   string `json:"x5t,omitempty"`
	Thumbprint2  string `json:"x5t#S256,omitempty"`
	KeyID        string `json:"kid,omitempty"`
	CriticalJOSE any    `json:"crit,omitempty"`
}

// jwt is a parsed but not yet verified token.
type jwt struct {
	header    jwtHeader
	payload   []byte
	signed    string
	signature []byte
}

var errNotJWT = errors.New("not a JWT")

// unpad decodes base64url with or without padding.
func unpad(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

func parseJWT(text string) (jwt, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return jwt{}, errNotJWT
	}
	var t jwt
	head, err := unpad(parts[0])
	if err != nil || json.Unmarshal(head, &t.header) != nil || t.header.CriticalJOSE != nil {
		return jwt{}, errNotJWT
	}
	if t.payload, err = unpad(parts[1]); err != nil {
		return jwt{}, errNotJWT
	}
	if t.signature, err = unpad(parts[2]); err != nil {
		return jwt{}, errNotJWT
	}
	t.signed = parts[0] + "." + parts[1]
	return t, nil
}

// verify checks the signature with a key of the algorithm's own family, so that a token cannot choose a weaker one.
func (t jwt) verify(key crypto.PublicKey) error {
	sum := sha256.Sum256([]byte(t.signed))
	switch k := key.(type) {
	case *rsa.PublicKey:
		switch t.header.Algorithm {
		case "RS256":
			return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], t.signature)
		case "PS256":
			return rsa.VerifyPSS(k, crypto.SHA256, sum[:], t.signature, nil)
		}
	case *ecdsa.PublicKey:
		if t.header.Algorithm == "ES256" && k.Params().BitSize == 256 && len(t.signature) == 64 {
			r, s := new(big.Int).SetBytes(t.signature[:32]), new(big.Int).SetBytes(t.signature[32:])
			if ecdsa.Verify(k, sum[:], r, s) {
				return nil
			}
		}
	}
	return fmt.Errorf("algorithm %q: the signature does not verify", t.header.Algorithm)
}

// sign makes a token with the current key. Access and id tokens carry both key names, as the real ones do.
func (k *keyRing) sign(claims any) (string, error) {
	key := k.current()
	head, err := json.Marshal(jwtHeader{Type: "JWT", Algorithm: "RS256", Thumbprint: key.id, KeyID: key.id})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// moment is a NumericDate that may be a float: some libraries write 1795206949.24.
type moment float64

func (m *moment) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	*m = moment(f)
	return nil
}

// audience is a claim that may be one text or several.
type audience []string

func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return err
	}
	*a = many
	return nil
}
