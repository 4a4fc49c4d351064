package devserver

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
)

// Namespace is the one namespace of an embedded server.
const Namespace = "entente"

// The search attributes that workflows may carry. They hold opaque identifiers only: Temporal indexes them in clear.
const (
	AttributeOrg   = "EntenteOrg"
	AttributeShare = "EntenteShare"
	AttributeKind  = "EntenteKind"
)

// searchAttributes is what the namespace is registered with.
func searchAttributes() map[string]enumspb.IndexedValueType {
	return map[string]enumspb.IndexedValueType{
		AttributeOrg:   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		AttributeShare: enumspb.INDEXED_VALUE_TYPE_KEYWORD,
		AttributeKind:  enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	}
}

// Options says where the server keeps its state and what it offers.
type Options struct {
	DataDir       string       // holds temporal.db in file mode, and the lock; must exist
	DatabaseURL   string       // postgres://…: keep Temporal's state there instead of in a file
	Port          int          // of the frontend; 0 picks a free one
	UI            bool         // serve Temporal's web UI, read-only
	UIPort        int          // of the web UI; 0 picks a free one
	CodecEndpoint string       // URL of a codec server, with which the UI can show decrypted payloads; may be empty
	Logger        *slog.Logger // warnings and errors of the server; nil discards them
}

func (o Options) validate() error {
	if o.DataDir == "" {
		return errors.New("embedded Temporal: no data directory given")
	}
	// The driver puts the path into a URI without escaping it.
	if i := strings.IndexAny(o.DataDir, "?#%"); i >= 0 {
		return fmt.Errorf("embedded Temporal: the data directory %q has a %q, which SQLite's file names cannot carry; choose another --data-dir", o.DataDir, o.DataDir[i])
	}
	return nil
}
