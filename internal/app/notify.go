package app

import (
	"go.temporal.io/sdk/worker"

	"entente.dev/entente/activities/announce"
	"entente.dev/entente/internal/config"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/notify"
)

// announcing makes the configured channels. Whatever is wrong with them is said at the start.
func (a *App) announcing() (*announce.Activities, error) {
	o := a.options.Notify
	o.PublicURL, o.Now, o.Log = a.options.PublicURL, a.options.Now, a.options.Log
	channels, err := notify.New(o)
	if err != nil {
		return nil, err
	}
	return announce.New(a.store, channels, a.options.Now), nil
}

func registerAnnounce(r worker.Registry, a *announce.Activities) {
	register(r, map[string]any{contract.ListChannels: a.ListChannels, contract.Deliver: a.Deliver})
}

func notifyOptions(c config.Notify) notify.Options {
	o := notify.Options{AllowPrivate: c.AllowPrivate}
	for _, in := range c.Channels {
		out := notify.Channel{
			Name: in.Name, Kind: in.Kind, Tenants: in.Tenants, Escalation: in.Escalation, CAFile: in.CAFile,
			SMTP: notify.SMTP{
				Address: in.SMTP.Address, TLS: in.SMTP.TLS, From: in.SMTP.From, To: in.SMTP.To, Username: in.SMTP.Username, Password: in.SMTP.Password.Read,
			},
			TeamsURL: in.TeamsURL.Read, WebhookURL: in.Webhook.URL, Signatures: signatures(in.Webhook),
		}
		for _, occasion := range in.Occasions {
			out.Occasions = append(out.Occasions, contract.Occasion(occasion))
		}
		o.Channels = append(o.Channels, out)
	}
	return o
}

func signatures(w config.Webhook) notify.Signatures {
	var out notify.Signatures
	for _, secret := range []config.Secret{w.Secret, w.PreviousSecret} {
		if !secret.IsZero() {
			out = append(out, secret.Read)
		}
	}
	return out
}
