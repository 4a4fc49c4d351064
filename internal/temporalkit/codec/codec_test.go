package codec

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
	"pgregory.net/rapid"
)

func newKeys(t *testing.T, n int) Keys {
	t.Helper()
	var keys Keys
	for range n {
		k, err := NewKey()
		require.NoError(t, err)
		keys = append(keys, k)
	}
	return keys
}

func newConverter(t *testing.T, keys Keys) converter.DataConverter {
	t.Helper()
	c, err := New(keys, nil)
	require.NoError(t, err)
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)
}

func TestRoundTripHidesEverything(t *testing.T) {
	dc := newConverter(t, newKeys(t, 2))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(8, 60, 200).Draw(t, "text")
		p, err := dc.ToPayload(text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p.String(), text) {
			t.Fatal("the clear text shows")
		}
		var back string
		if err := dc.FromPayload(p, &back); err != nil || back != text {
			t.Fatalf("%q %v", back, err)
		}
	})
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	one, err := LoadOrCreateKeys(path)
	require.NoError(t, err)
	again, err := LoadOrCreateKeys(path)
	require.NoError(t, err)
	require.Equal(t, one, again)
	before, err := newConverter(t, one).ToPayload("before")
	require.NoError(t, err)

	two, err := Rotate(path)
	require.NoError(t, err)
	loaded, err := LoadKeys(path)
	require.NoError(t, err)
	require.Equal(t, two, loaded)
	after, err := newConverter(t, two).ToPayload("after")
	require.NoError(t, err)
	require.Equal(t, two[1].ID, string(after.Metadata[metaKeyID]))

	var text string
	require.NoError(t, newConverter(t, two).FromPayload(before, &text))
	require.Equal(t, "before", text)
	require.ErrorContains(t, newConverter(t, one).FromPayload(after, &text), "does not hold")
	require.NoError(t, newConverter(t, two[1:]).FromPayload(after, &text))
}

func TestDecodeRefusesWhatIsNotOurs(t *testing.T) {
	keys := newKeys(t, 1)
	c, err := New(keys, nil)
	require.NoError(t, err)
	good, err := c.Encode([]*commonpb.Payload{{Data: []byte("x")}})
	require.NoError(t, err)
	clear, err := converter.GetDefaultDataConverter().ToPayload("clear")
	require.NoError(t, err)

	flipped := &commonpb.Payload{Metadata: good[0].Metadata, Data: bytes.Clone(good[0].Data)}
	flipped.Data[len(flipped.Data)-1] ^= 1
	short := &commonpb.Payload{Metadata: good[0].Metadata, Data: good[0].Data[:10]}
	for name, p := range map[string]*commonpb.Payload{"clear": clear, "flipped": flipped, "short": short} {
		_, err := c.Decode([]*commonpb.Payload{p})
		require.Error(t, err, name)
	}
	_, err = New(nil, nil)
	require.ErrorContains(t, err, "no encryption key")
}

func TestTheWebUIReadsWhatIsOurs(t *testing.T) {
	keys := newKeys(t, 1)
	c, err := New(keys, nil)
	require.NoError(t, err)
	ours, err := newConverter(t, keys).ToPayload("Annie")
	require.NoError(t, err)
	clear, err := converter.GetDefaultDataConverter().ToPayload("clear")
	require.NoError(t, err)
	asked, err := protojson.Marshal(&commonpb.Payloads{Payloads: []*commonpb.Payload{ours, clear}})
	require.NoError(t, err)
	require.NotContains(t, string(asked), base64.StdEncoding.EncodeToString([]byte(`"Annie"`)))
	raw, err := c.DecodeJSON(asked)
	require.NoError(t, err)
	var told commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(raw, &told))
	require.Len(t, told.Payloads, 2)
	require.Equal(t, `"Annie"`, string(told.Payloads[0].Data))
	require.Equal(t, `"clear"`, string(told.Payloads[1].Data))

	other, err := New(newKeys(t, 1), nil)
	require.NoError(t, err)
	for _, bad := range []string{"", "[]", "{", `{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA=="},"data":"AAAA"}]}`} {
		_, err := c.DecodeJSON([]byte(bad))
		require.Error(t, err, bad)
	}
	_, err = other.DecodeJSON(asked)
	require.ErrorContains(t, err, "does not hold")
}

func TestOversize(t *testing.T) {
	keys := newKeys(t, 1)
	big := []*commonpb.Payload{{Data: make([]byte, MaxPayload+1)}}
	strict, err := New(keys, nil)
	require.NoError(t, err)
	_, err = strict.Encode(big)
	var oversize *OversizeError
	require.ErrorAs(t, err, &oversize)
	_, err = strict.Encode([]*commonpb.Payload{{Data: make([]byte, MaxPayload)}})
	require.NoError(t, err)

	seen := 0
	lax, err := New(keys, func(size int) error { seen = size; return nil })
	require.NoError(t, err)
	_, err = lax.Encode(big)
	require.NoError(t, err)
	require.Equal(t, MaxPayload+1, seen)
}

func TestKeyFileIsChecked(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	keys, err := LoadOrCreateKeys(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o640))
	_, err = LoadOrCreateKeys(path)
	require.ErrorContains(t, err, "chmod 600")
	require.NoError(t, os.Chmod(path, 0o600))

	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	line := strings.TrimSpace(string(raw[bytes.LastIndexByte(bytes.TrimSpace(raw), '\n')+1:]))
	for name, text := range map[string]string{"is in the file twice": line + "\n" + line + "\n", "keys:2:": "#\nabc\n", "holds no key": "# nothing\n"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err = LoadOrCreateKeys(path)
		require.ErrorContains(t, err, name)
		require.NotContains(t, err.Error(), line)
	}
	_, err = LoadKeys(filepath.Join(dir, "absent"))
	require.True(t, errors.Is(err, os.ErrNotExist))
	for _, shown := range []string{fmt.Sprint(keys), fmt.Sprintf("%+v", keys), fmt.Sprintf("%#v", keys[0])} {
		require.NotContains(t, shown, line)
		require.Contains(t, shown, keys[0].ID)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary files left")
}
