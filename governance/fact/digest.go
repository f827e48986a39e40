package fact

import (
	"encoding/binary"
	"hash"
	"math"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

// Digest writes every stored field of t to h, in table order and with each
// value prefixed by its length or kind, so that two different Ts never write
// the same bytes.
func (s *Schema[T]) Digest(h hash.Hash, t *T) {
	var scratch []byte
	for i := range s.fields {
		if s.fields[i].slot != nil {
			scratch = appendSlot(scratch, s.fields[i].slot(t))
		}
	}
	h.Write(scratch)
}

// DigestFinding writes all of a finding, including what is shown and never
// judged and what decides whether it is judged at all.
func DigestFinding(h hash.Hash, f *Finding) {
	b := appendText(nil, f.ID)
	b = binary.AppendVarint(b, int64(f.Line))
	b = appendText(b, f.Fix)
	b = appendText(b, f.Closed)
	b = binary.AppendUvarint(b, uint64(len(f.Waivers)))
	for _, w := range f.Waivers {
		b = appendText(b, w.ID)
		b = appendText(b, w.Rule)
		b = appendTime(b, w.Until)
	}
	h.Write(b)
	findingSchema.Digest(h, f)
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendTime writes an instant whatever its zone; the zero time, which lies
// outside the range of UnixNano, is a mark of its own.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, 0)
	}
	b = append(b, 1)
	b = binary.BigEndian.AppendUint64(b, uint64(t.Unix()))
	return binary.BigEndian.AppendUint32(b, uint32(t.Nanosecond()))
}

func appendSlot(b []byte, slot any) []byte {
	switch p := slot.(type) {
	case *string:
		return appendText(b, *p)
	case *finding.Kind:
		return appendText(b, string(*p))
	case *Word:
		return appendText(b, string(*p))
	case *bool:
		return append(b, byte(FlagOf(*p)))
	case *Flag:
		return append(b, byte(*p))
	case *finding.Severity:
		return append(b, byte(*p))
	case *Num:
		if !p.Known {
			return append(b, 0)
		}
		return binary.BigEndian.AppendUint64(append(b, 1), math.Float64bits(p.Value))
	case *time.Time:
		return appendTime(b, *p)
	case *[]string:
		b = binary.AppendUvarint(b, uint64(len(*p)))
		for _, s := range *p {
			b = appendText(b, s)
		}
	case *[]int:
		b = binary.AppendUvarint(b, uint64(len(*p)))
		for _, v := range *p {
			b = binary.AppendVarint(b, int64(v))
		}
	}
	return b
}
