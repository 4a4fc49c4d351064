package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// The metadata of an encrypted payload. They are wire format.
const (
	encoding    = "binary/encrypted"
	metaKeyID   = "entente-key"
	aadPurpose  = "entente payload v1 "
	minimumSize = 12 + 16 // nonce and tag
)

// MaxPayload is the ceiling for one payload before encryption. Snapshots, plans and lists of people go to the
// store; workflows carry references.
const MaxPayload = 64 << 10

// OversizeError says that a payload is over the ceiling.
type OversizeError struct{ Size int }

func (e *OversizeError) Error() string {
	return fmt.Sprintf("a payload of %d bytes is over the ceiling of %d; keep it in the store and pass a reference", e.Size, MaxPayload)
}

// Guard decides about a payload over the ceiling. A nil error lets it through: tests refuse, production counts.
type Guard func(size int) error

// Refuse is the Guard of tests and development.
func Refuse(size int) error { return &OversizeError{Size: size} }

// Codec is a converter.PayloadCodec. It is safe for concurrent use.
type Codec struct {
	keys    map[string]cipher.AEAD
	current string
	guard   Guard
}

var _ converter.PayloadCodec = (*Codec)(nil)

// New makes a codec from at least one key. A nil guard refuses payloads over the ceiling.
func New(keys Keys, guard Guard) (*Codec, error) {
	if len(keys) == 0 {
		return nil, errors.New("payload codec: no encryption key; payloads are never stored in clear")
	}
	if guard == nil {
		guard = Refuse
	}
	c := &Codec{keys: map[string]cipher.AEAD{}, current: keys[len(keys)-1].ID, guard: guard}
	for _, key := range keys {
		block, err := aes.NewCipher(key.secret[:])
		if err != nil {
			return nil, fmt.Errorf("payload codec: %w", err)
		}
		if c.keys[key.ID], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("payload codec: %w", err)
		}
	}
	return c, nil
}

// Encode encrypts with the newest key.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("payload codec: %w", err)
		}
		if size := len(p.GetData()); size > MaxPayload {
			if err := c.guard(size); err != nil {
				return nil, err
			}
		}
		aead := c.keys[c.current]
		nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
		if _, err := rand.Read(nonce); err != nil {
			return nil, fmt.Errorf("payload codec: %w", err)
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), metaKeyID: []byte(c.current)},
			Data:     aead.Seal(nonce, nonce, plain, aad(c.current)),
		}
	}
	return out, nil
}

// Decode decrypts with the key that the payload names. Clear text is an error.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := c.open(p)
		if err != nil {
			return nil, fmt.Errorf("payload codec: %w", err)
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, fmt.Errorf("payload codec: %w", err)
		}
	}
	return out, nil
}

func (c *Codec) open(p *commonpb.Payload) ([]byte, error) {
	if got := string(p.GetMetadata()[converter.MetadataEncoding]); got != encoding {
		return nil, fmt.Errorf("a payload with encoding %q is not encrypted; it was not written by Entente", got)
	}
	id := string(p.GetMetadata()[metaKeyID])
	aead, ok := c.keys[id]
	if !ok {
		return nil, fmt.Errorf("a payload was encrypted with key %q, which this process does not hold; give it the key file of the other processes", id)
	}
	data := p.GetData()
	if len(data) < minimumSize {
		return nil, errors.New("an encrypted payload is cut short")
	}
	return aead.Open(nil, data[:aead.NonceSize()], data[aead.NonceSize():], aad(id))
}

// aad binds a ciphertext to its purpose and key, so that it is of no use elsewhere.
func aad(id string) []byte { return []byte(aadPurpose + id) }
