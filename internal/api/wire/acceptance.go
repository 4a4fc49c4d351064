package wire

import (
	"time"

	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/plan"
)

// Acceptances lists what targets said yes to.
type Acceptances struct {
	Acceptances []Acceptance `json:"acceptances"`
}

// Acceptance is the envelope of a share: what its target said yes to.
type Acceptance struct {
	Share          ident.Share      `json:"share"`
	State          string           `json:"state" doc:"inForce, expired or revoked"`
	RequestID      string           `json:"requestId,omitempty"`
	Sets           []string         `json:"sets"`
	MaxUsers       int              `json:"maxUsers" doc:"The cap"`
	UserType       string           `json:"userType,omitempty"`
	ExistingGuests string           `json:"existingGuests" doc:"keep or convert"`
	Auto           bool             `json:"auto" doc:"The topology answers for the target from now on"`
	AutoBelow      int              `json:"autoBelow,omitempty" doc:"It does while the share carries fewer people; 0: any number"`
	ExpiresAt      time.Time        `json:"expiresAt,omitzero"`
	AcceptedBy     []string         `json:"acceptedBy"`
	AcceptedAt     time.Time        `json:"acceptedAt,omitzero"`
	PlanDigest     string           `json:"planDigest" doc:"The plan whose people were seen"`
	Revoked        *plan.Revocation `json:"revoked,omitempty" doc:"The target took its yes back"`
	Excluded       int              `json:"excluded" doc:"How many are left out by name"`
	Ruled          int              `json:"ruled" doc:"How many rules leave people out"`
	// Exclusions and Rules are told to who may see people.
	Exclusions []Excluded           `json:"exclusions,omitempty"`
	Rules      []plan.ExclusionRule `json:"rules,omitempty"`
	Digest     string               `json:"digest" doc:"Of all of it but what came after; the ledger's entry of the yes has it as envelope"`
}

// Excluded is somebody who is left out by name.
type Excluded struct {
	plan.Exclusion
	UPN string `json:"upn,omitempty"`
}
