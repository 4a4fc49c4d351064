// Package e2e holds the product's stories: one testscript file per promise to a user under stories/, written in the
// product's own commands. Each story runs the built programs as processes of their own, with a simulated world and a
// data directory that no other story sees.
//
// make e2e runs all stories, make e2e STORY="a b" some; go test ./internal/e2e runs a core of them, and all with
// ENTENTE_STORIES=all or those that STORY names. ENTENTE_BIN names the directory of built programs; without it
// they are built first. A failed story prints what its processes logged.
//
// Beside testscript's own commands a story has these. A leading ! asks for the opposite.
//
//	entente …, entrasim …        the programs; they must end with exit code 0
//	exits CODE entente …         the program must end with this exit code
//	world [FLAG…]                start the three tenants of the documentation (flags of entrasim run); fast cycles
//	daemon start [FLAG…]         start entented for that world and wait until it serves
//	daemon stop|kill             end it as Ctrl-C does, or with SIGKILL
//	daemon restart [FLAG…]       start it again where it stopped
//	api start                    a second entented that only serves the API, with the Temporal server of a daemon that
//	                             was started with --temporal-port $TEMPORAL_PORT; entente speaks to it from here on
//	core start [FLAG…]           start an entented without any tenant's credential instead of a daemon
//	workers start                start one worker process for each tenant, each with its own tenant's credential only
//	isolated                     no process has, or used, another tenant's credential; no worker has a database
//	unreadable WORD…             names and these words are not in Temporal, its web UI, logs or metrics
//	readable WHO finds TEXT | refused STATUS
//	                             what the codec endpoint tells somebody of the histories
//	as NAME                      who types entente from here on: platform, admin-a, deputy-a and so on, viewer, stranger
//	config FILE                  add the file to the daemon's configuration, with variables replaced, before it starts
//	secret TENANT TEXT           put another client secret into the daemon's file for the tenant
//	capture NAME REGEXP          keep in $NAME what the first group matches in what was printed last
//	edit FILE COPY OLD NEW       a copy of a file with one text replaced (\n is a new line)
//	eventually TIME COMMAND …    repeat a statement or a program until it holds
//	eventually TIME [stdout|stderr REGEXP | exits CODE]… -- COMMAND …
//	                             the same, until the program shows all of it
//	cycle DURATION               how long the engine waits between two cycles from here on
//	time NAME DURATION LAYOUT    keep in $NAME what a clock in UTC shows in a while, minutes rounded up; the layout is Go's
//	remember NAME TENANT PERSON  keep the object id of a person in a tenant in $NAME
//	person TENANT PERSON [is=member|guest|internal|deleted|absent] [id=ID] [sign-in=on|off]
//	                             what the tenant's directory itself says of a person
//	objects SHARE|all one|none   each side of a share has exactly one of each object that the share needs, or none
//	mark NAME                    keep the place in the request log as $NAME
//	writes [since=MARK] [until=MARK] [tenant=T] [method=M] [route=REGEXP] none|some|NUMBER
//	                             how many writes Graph received
//	order [since=MARK] REGEXP…   the first write to match each expression came after the last to match the one before
//	untouched [TENANT/PERSON…]   no write addressed an object that was there before Entente, but these people
//	requests since=MARK at-most|at-least NUMBER
//	                             how many requests Graph received
//	partner TENANT OTHER there|gone
//	                             whether TENANT has a partner entry for OTHER
//	all-approve [FLAG…]          every admin says yes to all that waits for their tenant (flags of entente approve)
//	receivers start              a mail server at $MAIL and a service at $HOOK ($HOOK_ADDRESS, $HOOK_CA, $HOOK_SECRET)
//	told mail|hook NUMBER|some REGEXP
//	                             so many mails, or correctly signed messages, fit
//	race NUMBER|some PERSON ARGS… -- PERSON ARGS…
//	                             people type entente with these arguments at the same moment; so many succeed
//	ended REQUEST…               the ledger knows exactly one end of each of these requests
//	tamper FILE COPY flip LINE | drop LINE | swap LINE OTHER
//	                             a copy of a file, changed as somebody with an editor would
//	database ROWS STATEMENT      change the database file of a daemon that does not run; so many rows
//	hold before|after TENANT METHOD ROUTE
//	                             let the next such write hang, before or after it is carried out
//	kill-while-held              when every hold holds a write, kill entented; all must have fired; then let go
package e2e
