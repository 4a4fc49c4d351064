package codec

import (
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"
)

// DecodeJSON decrypts payloads as Temporal's web UI and command line send them to a remote codec: a JSON list of
// payloads in, the same list in clear out. What is not encrypted by us stays as it is: they send whatever a history
// holds.
func (c *Codec) DecodeJSON(raw []byte) ([]byte, error) {
	var in commonpb.Payloads
	if err := protojson.Unmarshal(raw, &in); err != nil {
		return nil, errors.New("payload codec: this is no list of payloads")
	}
	out := &commonpb.Payloads{Payloads: make([]*commonpb.Payload, len(in.GetPayloads()))}
	for i, p := range in.GetPayloads() {
		out.Payloads[i] = p
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			continue
		}
		clear, err := c.Decode([]*commonpb.Payload{p})
		if err != nil {
			return nil, fmt.Errorf("payload %d: %w", i+1, err)
		}
		out.Payloads[i] = clear[0]
	}
	return protojson.Marshal(out)
}
