package apply

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"

	"github.com/stance-aspm/stance/domain/finding"
)

// chunkSize is how many observations are kept together. One is read by
// unpacking its chunk, so it is small enough to be quick and large enough to
// compress the repetition between observations away.
const chunkSize = 256

// ChunkWriter packs observations: a list of checks that the observations
// share, then each observation as JSON without its raw record, and the raw
// record, compressed with zstd.
type ChunkWriter struct {
	enc    *zstd.Encoder
	checks []finding.Check
	index  map[string]int
	body   []byte
	n      int
}

// NewChunkWriter returns an empty writer, to be used again and again.
func NewChunkWriter() (*ChunkWriter, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("start compressor: %w", err)
	}
	return chunkWriterWith(enc), nil
}

// chunkWriterWith returns an empty writer that shares a compressor: a report
// about ten thousand hosts needs one, not ten thousand.
func chunkWriterWith(enc *zstd.Encoder) *ChunkWriter {
	return &ChunkWriter{enc: enc, index: map[string]int{}}
}

var chunkOptions = json.JoinOptions(json.OmitZeroStructFields(true), jsontext.AllowInvalidUTF8(true))

// Add appends an observation and returns its index in the chunk.
func (w *ChunkWriter) Add(o *finding.Observation) (uint16, error) {
	check, ok := w.index[o.Check.ID]
	if !ok || w.checks[check] != o.Check {
		check = len(w.checks)
		w.checks = append(w.checks, o.Check)
		w.index[o.Check.ID] = check
	}
	c := *o
	c.Check, c.Raw = finding.Check{}, nil
	b, err := json.Marshal(&c, chunkOptions)
	if err != nil {
		return 0, fmt.Errorf("keep observation %d: %w", o.Position.Record, err)
	}
	w.body = binary.AppendUvarint(w.body, uint64(check))
	w.body = appendBytes(w.body, b)
	w.body = appendBytes(w.body, o.Raw)
	w.n++
	return uint16(w.n - 1), nil
}

// Len is the number of observations added.
func (w *ChunkWriter) Len() int { return w.n }

// Full reports whether the chunk should be taken.
func (w *ChunkWriter) Full() bool { return w.n >= chunkSize || len(w.body) > 8<<20 }

// Take returns the packed chunk and empties the writer.
func (w *ChunkWriter) Take() ([]byte, error) {
	checks, err := json.Marshal(w.checks, chunkOptions)
	if err != nil {
		return nil, fmt.Errorf("keep checks: %w", err)
	}
	plain := appendBytes(make([]byte, 0, len(checks)+len(w.body)+10), checks)
	plain = append(plain, w.body...)
	out := w.enc.EncodeAll(plain, nil)
	w.checks, w.body, w.n = w.checks[:0], w.body[:0], 0
	clear(w.index)
	return out, nil
}

func appendBytes(dst, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// maxChunk bounds what a chunk may unpack to.
const maxChunk = 1 << 30

// ReadChunk unpacks all observations of a chunk.
func ReadChunk(b []byte) ([]*finding.Observation, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxChunk))
	if err != nil {
		return nil, fmt.Errorf("start decompressor: %w", err)
	}
	defer dec.Close()
	plain, err := dec.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack observations: %w", err)
	}
	r := &chunkReader{b: plain}
	var checks []finding.Check
	if err := json.Unmarshal(r.bytes(), &checks, chunkOptions); err != nil {
		return nil, fmt.Errorf("read checks: %w", err)
	}
	var out []*finding.Observation
	for len(r.b) > 0 && r.err == nil {
		check := r.uvarint()
		o := new(finding.Observation)
		text, raw := r.bytes(), r.bytes()
		if r.err != nil {
			break
		}
		if err := json.Unmarshal(text, o, chunkOptions); err != nil {
			return nil, fmt.Errorf("read observation: %w", err)
		}
		if check >= uint64(len(checks)) {
			return nil, errors.New("read observation: it names a check that is not there")
		}
		o.Check, o.Raw = checks[check], raw
		out = append(out, o)
	}
	return out, r.err
}

type chunkReader struct {
	b   []byte
	err error
}

func (r *chunkReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.err, r.b = io.ErrUnexpectedEOF, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *chunkReader) bytes() []byte {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.err, r.b = io.ErrUnexpectedEOF, nil
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}
