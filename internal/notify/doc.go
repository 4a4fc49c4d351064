// Package notify tells a target's admins of requests: by mail, by a card in Microsoft Teams, or by a signed webhook.
// It says what is asked, never who: no names, no addresses, and no way to answer but a link that leads to the sign-in.
//
// It does not know Temporal, and does not decide who is told when, or whether somebody was told already: that is
// activities/announce. Errors are problems without addresses, because what goes wrong at a receiver is shown to others.
//
//	message.go  what is said           channels.go  the configured channels
//	mail.go     a mail's bytes         smtp.go      how it travels
//	teams.go    a card                 webhook.go   JSON for machines
//	sign.go     Standard Webhooks      outgoing.go  HTTPS that reaches no private address
package notify
