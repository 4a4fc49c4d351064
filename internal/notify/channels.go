package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/ident"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/store"
)

// The kinds of channel; config has the same words.
const (
	KindSMTP    = "smtp"
	KindTeams   = "teams"
	KindWebhook = "webhook"
)

// Options are the configured channels. Secrets are functions: they are read when they are used.
type Options struct {
	PublicURL    string // where people reach the console; required where there are channels
	Channels     []Channel
	AllowPrivate []string // host:port of receivers that may have a private address
	Now          func() time.Time
	Log          *slog.Logger
}

// Channel is one way to tell the admins of some tenants.
type Channel struct {
	Name       string
	Kind       string
	Tenants    []string // empty: all
	Occasions  []contract.Occasion
	Escalation bool // told of escalations, and of the rest from then on unless it is asked from the beginning
	CAFile     string
	SMTP       SMTP
	TeamsURL   func() (string, error)
	WebhookURL string
	Signatures Signatures
}

// deliverer is a channel's way out. Errors are problems: Rejected for good, Throttled and Unavailable for now.
type deliverer interface {
	Deliver(ctx context.Context, m Message) error
}

// Channels are ready to deliver. The zero value has none.
type Channels struct {
	publicURL string
	names     []string // sorted
	byName    map[string]channel
	now       func() time.Time
}

type channel struct {
	Channel
	out deliverer
}

// New checks the options and makes the channels. Nothing is dialled.
func New(o Options) (*Channels, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	cs := &Channels{publicURL: o.PublicURL, byName: map[string]channel{}, now: o.Now}
	if len(o.Channels) > 0 && o.PublicURL == "" {
		return nil, errors.New("notifications need the address of the console")
	}
	for _, c := range o.Channels {
		out, err := o.deliverer(c)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		if _, twice := cs.byName[c.Name]; twice || c.Name == "" {
			return nil, fmt.Errorf("channel %q: names must differ", c.Name)
		}
		cs.byName[c.Name] = channel{Channel: c, out: out}
		cs.names = append(cs.names, c.Name)
	}
	slices.Sort(cs.names)
	return cs, nil
}

func (o Options) deliverer(c Channel) (deliverer, error) {
	roots, err := tlsOf(c.CAFile)
	if err != nil {
		return nil, err
	}
	switch c.Kind {
	case KindSMTP:
		return newMailer(c.SMTP, hostOf(o.PublicURL), roots, o.Log.With("channel", c.Name))
	case KindTeams:
		if c.TeamsURL == nil {
			return nil, errors.New("the workflow's URL is missing")
		}
		return &teams{url: c.TeamsURL, post: NewPoster(roots, o.AllowPrivate)}, nil
	case KindWebhook:
		if c.WebhookURL == "" || len(c.Signatures) == 0 {
			return nil, errors.New("the receiver's URL or the signing secret is missing")
		}
		return &webhook{url: c.WebhookURL, sign: c.Signatures, post: NewPoster(roots, o.AllowPrivate), now: o.Now}, nil
	default:
		return nil, fmt.Errorf("there is no kind %q", c.Kind)
	}
}

// For are the names of the channels that an occasion of a tenant's request goes to, sorted. escalated is asked whether
// a second group's channel was told of this request already.
func (cs *Channels) For(t ident.Tenant, o contract.Occasion, escalated func(channel string) (bool, error)) ([]string, error) {
	var out []string
	for _, name := range cs.names {
		c := cs.byName[name]
		told := c.wants(t, o)
		if told && c.second(o) {
			var err error
			if told, err = escalated(name); err != nil {
				return nil, err
			}
		}
		if told {
			out = append(out, name)
		}
	}
	return out, nil
}

func (c channel) wants(t ident.Tenant, o contract.Occasion) bool {
	if len(c.Tenants) > 0 && !slices.Contains(c.Tenants, string(t)) {
		return false
	}
	if o == contract.Escalated {
		return c.Escalation
	}
	return slices.Contains(c.Occasions, o)
}

// second tells whether the occasion is for those only who were told of the escalation.
func (c channel) second(o contract.Occasion) bool {
	return c.Escalation && o != contract.Escalated && !slices.Contains(c.Occasions, contract.Asked)
}

// Message is what a channel says about a request, with a link to our console.
func (cs *Channels) Message(id string, o contract.Occasion, r store.Request) Message {
	return Compose(id, o, r, cs.publicURL, cs.now())
}

// Deliver sends a message to one channel, once. The receiver may get it although an error is returned; a repeat has the
// same identifier.
func (cs *Channels) Deliver(ctx context.Context, name string, m Message) error {
	c, ok := cs.byName[name]
	if !ok {
		return &problem.Error{Kind: problem.Rejected, Op: "notify", Detail: "channel " + name + " is not configured in this process", Remedy: "give every process with workers the same channels"}
	}
	return c.out.Deliver(ctx, m)
}
