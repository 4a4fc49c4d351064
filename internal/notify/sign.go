package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entente.dev/entente/internal/problem"
)

// Signatures are the secrets that sign: the current one, and while a receiver changes over, the previous one. They are
// read whenever something is signed.
type Signatures []func() (string, error)

// Header are the headers of Standard Webhooks for one attempt. id is the same at every repeat, at is not.
func (s Signatures) Header(op, id string, at time.Time, body []byte) (http.Header, error) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	var all []string
	for _, read := range s {
		text, err := read()
		if err != nil {
			return nil, &problem.Error{Kind: problem.Unavailable, Op: op, Detail: "the signing secret cannot be read: " + err.Error(), Remedy: "put it back where the configuration says"}
		}
		key, err := signingKey(text)
		if err != nil {
			return nil, &problem.Error{Kind: problem.Rejected, Op: op, Detail: err.Error(), Remedy: "write 24 to 64 random bytes in base64"}
		}
		all = append(all, "v1,"+signature(key, id, stamp, body))
	}
	return http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {strings.Join(all, " ")},
	}, nil
}

// signingKey reads base64, with or without the prefix that Standard Webhooks give it.
func signingKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("the signing secret is not what it should be")
	}
	return key, nil
}

func signature(key []byte, id, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
