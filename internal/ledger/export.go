package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Format names the file's form; it changes when its meaning does.
const Format = "entente-ledger/1"

// Head is the first line of an export. Its checkpoint is of the whole file, so that a cut-off tail is missed.
type Head struct {
	Format     string `json:"format"`
	Org        string `json:"org"`
	Key        string `json:"key"` // the public keys that the checkpoints are signed with, one a line, the newest last
	Checkpoint string `json:"checkpoint"`
}

// mark is a line that repeats a checkpoint where its tree ends.
type mark struct {
	Checkpoint string `json:"checkpoint"`
}

// The frame of an entry's line. The entry between is verbatim what was hashed.
const (
	rowHead   = `{"hash":"`
	rowMiddle = `","entry":`
	rowTail   = `}`
)

// HeadLine is the first line.
func HeadLine(h Head) ([]byte, error) { return line(h) }

// CheckpointLine is a checkpoint's line. It follows the entry at which its tree ends.
func CheckpointLine(text string) ([]byte, error) { return line(mark{text}) }

// RowLine is an entry's line.
func RowLine(r Row) []byte {
	out := make([]byte, 0, len(r.Doc)+len(r.Hash)+32)
	out = append(append(append(out, rowHead...), r.Hash...), rowMiddle...)
	return append(append(append(out, r.Doc...), rowTail...), '\n')
}

func line(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // keys hold + signs
	err := e.Encode(v)
	return b.Bytes(), err
}

// exactly decodes a line that must be written as line writes it: no other spelling of the same value passes.
func exactly(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("it is not JSON as the export writes it")
	}
	again, err := line(v)
	if err != nil || !bytes.Equal(again, append(raw, '\n')) {
		return fmt.Errorf("it is not written as the export writes it")
	}
	return nil
}

// splitRow takes an entry's line apart; ok is false for any other line.
func splitRow(raw []byte) (hash, doc []byte, ok bool) {
	const hashLen = 64
	if len(raw) < len(rowHead)+hashLen+len(rowMiddle)+2+len(rowTail) || !bytes.HasPrefix(raw, []byte(rowHead)) {
		return nil, nil, false
	}
	hash, rest := raw[len(rowHead):len(rowHead)+hashLen], raw[len(rowHead)+hashLen:]
	if !bytes.HasPrefix(rest, []byte(rowMiddle)) || !bytes.HasSuffix(rest, []byte(rowTail)) {
		return nil, nil, false
	}
	return hash, rest[len(rowMiddle) : len(rest)-len(rowTail)], true
}
