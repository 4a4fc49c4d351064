package ledger

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// maxLine bounds one line. An entry names a thousand people at most, which is far below.
const maxLine = 16 << 20

// Broken is the first thing in a ledger that does not fit.
type Broken struct {
	Line int   // in the file, from 1; 0 outside of a file
	Seq  int64 // the entry; 0 for the file's own head
	Why  string
}

func (b *Broken) Error() string {
	where := fmt.Sprintf("entry %d", b.Seq)
	if b.Seq == 0 {
		where = "the head of the file"
	}
	if b.Line > 0 {
		where = fmt.Sprintf("line %d (%s)", b.Line, where)
	}
	return where + " does not fit: " + b.Why
}

// Chain checks entries one after the other: content, place, link to the one before, and the tree over all of
// them. The zero value with Org set is the empty ledger.
type Chain struct {
	Org    string
	last   string
	tree   Growing
	prefix []byte // of an entry's document
}

// Size is how many entries fit so far.
func (c *Chain) Size() int64 { return c.tree.size }

// Last is the hash of the newest entry; empty before the first.
func (c *Chain) Last() string { return c.last }

// Tree is the tree over the entries so far.
func (c *Chain) Tree() Tree { return c.tree.Tree() }

// Add takes the next entry, or says why it is not the next one. hash is its hash in hex.
func (c *Chain) Add(hash, doc []byte) error {
	leaf := tlog.RecordHash(doc)
	var text [2 * tlog.HashSize]byte
	hex.Encode(text[:], leaf[:])
	seq := c.tree.size + 1
	if !bytes.Equal(text[:], hash) {
		if at, ok := seqOf(doc); ok && at > seq {
			return c.broken("it is missing; entry %d follows, and its content does not give its hash either", at)
		}
		return c.broken("its content does not give its hash")
	}
	if !c.inPlace(doc, seq) {
		return c.misplaced(doc, seq)
	}
	c.last = string(text[:])
	c.tree.Add(leaf)
	return nil
}

func (c *Chain) broken(format string, args ...any) error {
	return &Broken{Seq: c.tree.size + 1, Why: fmt.Sprintf(format, args...)}
}

// inPlace looks at the two ends of the canonical bytes, which hold the organization, the number and the link to
// the entry before: reading a million entries as JSON would cost ten times what hashing them does.
func (c *Chain) inPlace(doc []byte, seq int64) bool {
	if c.prefix == nil {
		org, err := json.Marshal(c.Org)
		if err != nil {
			return false
		}
		c.prefix = append(append([]byte(`{"org":`), org...), `,"seq":`...)
	}
	if !bytes.HasPrefix(doc, c.prefix) {
		return false
	}
	var number [24]byte
	if !bytes.HasPrefix(doc[len(c.prefix):], append(strconv.AppendInt(number[:0], seq, 10), ',')) {
		return false
	}
	const head, tail = `,"previous":"`, `","hash":""}`
	at := len(doc) - len(tail) - len(c.last)
	return at-len(head) > 0 && string(doc[at+len(c.last):]) == tail && string(doc[at:at+len(c.last)]) == c.last && string(doc[at-len(head):at]) == head
}

// misplaced says what is wrong with an entry whose hash is right.
func (c *Chain) misplaced(doc []byte, seq int64) error {
	var e Entry
	if err := json.Unmarshal(doc, &e); err != nil {
		return c.broken("its content cannot be read")
	}
	switch {
	case e.Org != c.Org:
		return c.broken("its content belongs to organization %s", e.Org)
	case e.Seq > seq:
		return c.broken("it is missing; entry %d is in its place", e.Seq)
	case e.Seq < seq:
		return c.broken("entry %d is in its place a second time or out of order", e.Seq)
	case e.Previous != c.last:
		return c.broken("it does not follow the entry before it")
	}
	return c.broken("it is not written as entries are")
}

func seqOf(doc []byte) (int64, bool) {
	var e struct {
		Seq int64 `json:"seq"`
	}
	err := json.Unmarshal(doc, &e)
	return e.Seq, err == nil
}

// Options are what the reader of an export brings along. Both may be empty.
type Options struct {
	// Key is the public key that the reader trusts, or several apart by white space where one replaced another. Without
	// it the file's own is taken: the file then proves only that it is whole in itself.
	Key string
	// Kept is a checkpoint that somebody kept elsewhere; the file must contain that tree.
	Kept string
}

// Report is what a verified export is.
type Report struct {
	Org         string `json:"org"`
	Entries     int64  `json:"entries"`
	Checkpoints int    `json:"checkpoints"` // checked in the file, its last one counted once
	Root        string `json:"root"`
	Key         string `json:"key"`
	Trusted     bool   `json:"trusted"` // the key is the reader's own
}

// Verify proves an export. The error is a *Broken for what the file says, and anything else when it could not be
// read.
func Verify(r io.Reader, o Options) (Report, error) {
	v := &verification{options: o, lines: bufio.NewReaderSize(r, 64<<10)}
	if err := v.head(); err != nil {
		return Report{}, err
	}
	for {
		raw, err := v.line()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = v.take(raw)
		}
		if err != nil {
			return v.report(), err
		}
	}
	return v.report(), v.finish()
}

type verification struct {
	options Options
	lines   *bufio.Reader
	spill   []byte
	number  int
	file    Head
	key     string
	end     Checkpoint // of the whole file
	kept    *Checkpoint
	chain   Chain
	proven  int64 // entries under the newest checkpoint that fitted
	marks   int
}

func (v *verification) report() Report {
	return Report{
		Org: v.file.Org, Entries: v.chain.Size(), Checkpoints: v.marks, Root: v.chain.Tree().RootText(), Key: v.key, Trusted: v.options.Key != "",
	}
}

// line returns the next line without its end. A file that does not end with one was cut.
func (v *verification) line() ([]byte, error) {
	v.spill = v.spill[:0]
	for {
		part, err := v.lines.ReadSlice('\n')
		if err == nil && len(v.spill) == 0 {
			v.number++
			return part[:len(part)-1], nil
		}
		v.spill = append(v.spill, part...)
		switch {
		case err == nil:
			v.number++
			return v.spill[:len(v.spill)-1], nil
		case len(v.spill) > maxLine:
			v.number++
			return nil, v.broken("the line is longer than any that an export has")
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(v.spill) > 0:
			v.number++
			return nil, v.broken("the file ends in the middle of the line")
		case err != nil:
			return nil, err
		}
	}
}

func (v *verification) broken(format string, args ...any) error {
	seq := int64(0)
	if v.number > 1 {
		seq = v.chain.Size() + 1
	}
	return &Broken{Line: v.number, Seq: seq, Why: fmt.Sprintf(format, args...)}
}

func (v *verification) head() error {
	raw, err := v.line()
	if errors.Is(err, io.EOF) {
		v.number = 1
		return v.broken("the file is empty")
	}
	if err != nil {
		return err
	}
	if err := exactly(raw, &v.file); err != nil {
		return v.broken("%v", err)
	}
	if v.file.Format != Format {
		return v.broken("its format is %q; this program reads %s", v.file.Format, Format)
	}
	v.key = v.file.Key
	if v.options.Key != "" {
		v.key = v.options.Key
		for key := range strings.FieldsSeq(v.file.Key) {
			if !slices.Contains(strings.Fields(v.key), key) {
				return v.broken("it is signed with the key %s, not with yours (%s)", KeyID(key), KeyID(v.key))
			}
		}
	}
	if v.end, err = Open(v.file.Checkpoint, v.key); err != nil {
		return v.broken("its checkpoint: %v", err)
	}
	if v.end.Org != v.file.Org {
		return v.broken("its checkpoint is of organization %s", v.end.Org)
	}
	v.chain.Org = v.file.Org
	return v.readKept()
}

func (v *verification) readKept() error {
	if v.options.Kept == "" {
		return nil
	}
	kept, err := Open(v.options.Kept, v.key)
	switch {
	case err != nil:
		return fmt.Errorf("the checkpoint that you kept: %w", err)
	case kept.Org != v.file.Org:
		return fmt.Errorf("the checkpoint that you kept is of organization %s", kept.Org)
	case kept.Size > v.end.Size:
		return v.broken("the checkpoint that you kept has %d entries, this file has %d: its tail is gone, or it is the older one", kept.Size, v.end.Size)
	}
	v.kept = &kept
	return nil
}

// take reads one line after the head.
func (v *verification) take(raw []byte) error {
	if v.kept != nil && v.chain.Size() == v.kept.Size {
		if err := v.fits(*v.kept); err != nil {
			return err
		}
		v.kept = nil
	}
	hash, doc, ok := splitRow(raw)
	if !ok {
		return v.mark(raw)
	}
	if v.chain.Size() == v.end.Size {
		return v.broken("there are more entries than the %d of the file's checkpoint", v.end.Size)
	}
	err := v.chain.Add(hash, doc)
	var broken *Broken
	if errors.As(err, &broken) {
		broken.Line = v.number
	}
	return err
}

func (v *verification) mark(raw []byte) error {
	var m mark
	if err := exactly(raw, &m); err != nil {
		return v.broken("%v", err)
	}
	c, err := Open(m.Checkpoint, v.key)
	if err != nil {
		return v.broken("a checkpoint: %v", err)
	}
	if c.Org != v.file.Org || c.Size != v.chain.Size() {
		return v.broken("a checkpoint of %d entries of %s is not in its place; %d entries came before", c.Size, c.Org, v.chain.Size())
	}
	v.marks++
	return v.fits(c)
}

// fits compares the tree so far with a checkpoint of its size. When every hash of the chain was rewritten, this
// is what finds it: the change lies after the last checkpoint that fitted.
func (v *verification) fits(c Checkpoint) error {
	if v.chain.Tree().Root != c.Root {
		return &Broken{Line: v.number, Seq: v.proven + 1, Why: fmt.Sprintf("entries were rewritten: something in %d to %d is not what was signed", v.proven+1, c.Size)}
	}
	v.proven = c.Size
	return nil
}

func (v *verification) finish() error {
	if v.chain.Size() < v.end.Size {
		v.number++
		return v.broken("the file ends after entry %d; its checkpoint has %d", v.chain.Size(), v.end.Size)
	}
	if v.kept != nil {
		if err := v.fits(*v.kept); err != nil {
			return err
		}
	}
	if v.marks == 0 || v.proven < v.end.Size {
		v.marks++
	}
	return v.fits(v.end)
}
