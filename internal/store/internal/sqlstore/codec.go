package sqlstore

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// plainLimit is the size from which a document is worth compressing.
const plainLimit = 4 << 10

// encode makes a document's bytes: JSON, compressed when it is large. A snapshot's JSON shrinks to about a
// tenth; the fastest level costs a third of the best one's time for a few percent of size.
func encode(value any) ([]byte, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode a document: %w", err)
	}
	if len(raw) < plainLimit {
		return raw, nil
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, fmt.Errorf("encode a document: %w", err)
	}
	if _, err := z.Write(raw); err != nil {
		return nil, fmt.Errorf("encode a document: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("encode a document: %w", err)
	}
	return b.Bytes(), nil
}

// decode reads what encode made. JSON never begins with gzip's magic number.
func decode[T any](doc []byte) (T, error) {
	var value T
	if len(doc) > 2 && doc[0] == 0x1f && doc[1] == 0x8b {
		z, err := gzip.NewReader(bytes.NewReader(doc))
		if err != nil {
			return value, fmt.Errorf("decode a document: %w", err)
		}
		if doc, err = io.ReadAll(z); err != nil {
			return value, fmt.Errorf("decode a document: %w", err)
		}
	}
	if err := json.Unmarshal(doc, &value); err != nil {
		return value, fmt.Errorf("decode a document: %w", err)
	}
	return value, nil
}

func decodeAll[T any](docs [][]byte, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	values := make([]T, len(docs))
	for i, doc := range docs {
		if values[i], err = decode[T](doc); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// micros is how times are stored; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// upTo is the row limit of a query; zero and less mean all.
func upTo(limit int) int64 {
	if limit <= 0 {
		return 1<<63 - 1
	}
	return int64(limit)
}
