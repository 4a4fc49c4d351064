package graph

import (
	"context"
	"encoding/json"

	abs "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	"github.com/microsoftgraph/msgraph-sdk-go/serviceprincipals"
)

// Keys of the synchronization settings.
const (
	KeyCompanyID    = "CompanyId"
	KeySyncAll      = "SyncAll"
	KeyAuth         = "AuthenticationType"
	KeyNotification = "SyncNotificationSettings"
)

// SyncSecrets is the whole set of settings of a synchronization; none of them is a secret, because both
// tenants trust each other by policy.
type SyncSecrets struct {
	TargetTenantID string
	DeleteLimit    int    // deletions in one cycle that are held back; 0 switches the guard off
	NotifyEmail    string // who is told of quarantine and of the guard; "" nobody
}

// notification is the JSON text inside a setting, in the order and spelling of live answers.
type notification struct {
	Enabled                           bool   `json:"Enabled"`
	Recipients                        string `json:"Recipients,omitempty"`
	DeleteThresholdEnabled            bool   `json:"DeleteThresholdEnabled"`
	DeleteThresholdValue              int    `json:"DeleteThresholdValue,omitempty"`
	HumanResourcesLookaheadQueryEnabl bool   `json:"HumanResourcesLookaheadQueryEnabled"`
}

func secretPair(key models.SynchronizationSecret, value string) models.SynchronizationSecretKeyStringValuePairable {
	pair := models.NewSynchronizationSecretKeyStringValuePair()
	pair.SetKey(&key)
	pair.SetValue(&value)
	return pair
}

// Secrets reads the settings of an application's synchronization by key. Values that are secret come masked.
//
// GET …/synchronization/secrets · Synchronization.Read.All · synchronization class · documented for beta only, answers on
// v1.0 (setup sheet 4.5), checked 2026-11. Raw: the SDK has only PUT.
func (c *Client) Secrets(ctx context.Context, sp string) (map[string]string, error) {
	r := c.begin(ctx, opSecrets)
	info, err := r.raw(abs.GET, "/servicePrincipals/{sp}/synchronization/secrets", map[string]string{"sp": sp}, nil)
	rows, err := all[struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}](r, info, err)
	if err != nil {
		return nil, err
	}
	found := make(map[string]string, len(rows))
	for _, row := range rows {
		found[row.Key] = row.Value
	}
	return found, nil
}

// PutSecrets replaces the whole set: the target tenant, authentication by policy, assigned users only, and
// the deletion guard. The target tenant in it is the only thing that binds the application to its target.
//
// PUT …/synchronization/secrets · Synchronization.ReadWrite.All · synchronization class ·
// learn.microsoft.com/graph/api/synchronization-synchronization-secrets, checked 2026-11.
func (c *Client) PutSecrets(ctx context.Context, sp string, s SyncSecrets) error {
	r := c.begin(ctx, opPutSecrets)
	text, err := json.Marshal(notification{
		Enabled: s.NotifyEmail != "", Recipients: s.NotifyEmail,
		DeleteThresholdEnabled: s.DeleteLimit > 0, DeleteThresholdValue: s.DeleteLimit,
	})
	if err != nil {
		return r.bug("the notification settings cannot be encoded", err)
	}
	body := serviceprincipals.NewItemSynchronizationSecretsPutRequestBody()
	body.SetValue([]models.SynchronizationSecretKeyStringValuePairable{
		secretPair(models.AUTHENTICATIONTYPE_SYNCHRONIZATIONSECRET, "SyncPolicy"),
		secretPair(models.COMPANYID_SYNCHRONIZATIONSECRET, s.TargetTenantID),
		secretPair(models.SYNCNOTIFICATIONSETTINGS_SYNCHRONIZATIONSECRET, string(text)),
		secretPair(models.SYNCALL_SYNCHRONIZATIONSECRET, "false"),
	})
	return r.do(c.synchronization(sp).Secrets().ToPutRequestInformation(r.ctx, body, nil))
}
