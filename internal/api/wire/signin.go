package wire

import "entente.dev/entente/internal/authn"

// SignIn is how people sign in here. Without services there are configured tokens only.
type SignIn struct {
	Services []authn.Service `json:"services"`
}
