package app

import (
	"context"
	"path/filepath"

	"go.temporal.io/sdk/worker"

	"entente.dev/entente/activities/announce"
	"entente.dev/entente/internal/archive"
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

// startArchive sends the ledger out as it grows, where the notary signs it.
func (a *App) startArchive(context.Context) error {
	o := a.options.LedgerArchive
	if o.URL == "" || a.notary == nil {
		return nil
	}
	o.CursorFile, o.Key = filepath.Join(a.options.DataDir, "ledger.archive"), a.notary.Key()
	o.Now, o.Log = a.options.Now, a.options.Log
	sender, err := archive.New(a.store, o)
	if err != nil {
		return err
	}
	a.background("the ledger's archive", sender.Run)
	return nil
}

// background runs until Stop, which waits for its end.
func (a *App) background(name string, run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx)
	}()
	a.onStop(name, func() error {
		cancel()
		<-ended
		return nil
	})
}

func archiveOptions(c *config.Config) archive.Options {
	return archive.Options{
		URL: c.LedgerExport.URL, Signatures: signatures(c.LedgerExport.Webhook), CAFile: c.LedgerExport.CAFile, AllowPrivate: c.Notify.AllowPrivate,
	}
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
