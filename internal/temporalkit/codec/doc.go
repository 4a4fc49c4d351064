// Package codec encrypts everything of ours that Temporal stores: inputs, results, signals, heartbeats, memos and
// the text of failures.
//
// AES-256-GCM with rotatable keys: the newest encrypts, all of them decrypt, the key's id travels in the payload's
// metadata. A payload without our encoding is refused on the way in, so that nobody can slip clear text to a
// workflow past the codec.
//
// Names and keys that Temporal indexes (workflow IDs, queues, search attributes) are not payloads and stay
// readable; they carry opaque identifiers only.
//
//	keys.go     keys, their file, rotation
//	codec.go    the converter.PayloadCodec
//	remote.go   payloads as Temporal's web UI sends them to be read
package codec
