package apply

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// A scan mostly repeats the one before, byte for byte. So a series recalls of
// each of its sightings a digest of the record that it was last read from: a
// record with a digest that is recalled need not be decoded, normalised and
// compared again to be known as unchanged. What the digests say can be lost
// at any time; the next scan is read in full then and brings them back.

// recallPart is how many digests are stored together.
const recallPart = 4096

// recall holds the digests of a series by the numbers of its sightings. 0
// stands for a sighting that is always read: one whose record is not known,
// that hangs on more than the record (aliases of advisories), that tells of a
// secret, or that may share its finding with another of the series.
type recall struct {
	had   []uint64            // as stored
	moved map[uint32][]uint64 // parts that differ from it
}

// of returns the digest of a sighting.
func (r *recall) of(n uint32) uint64 {
	if part, ok := r.moved[n/recallPart]; ok {
		return part[n%recallPart]
	}
	if int(n) < len(r.had) {
		return r.had[n]
	}
	return 0
}

// put sets the digest of a sighting.
func (r *recall) put(n uint32, digest uint64) {
	if r.of(n) == digest {
		return
	}
	at := n / recallPart
	part, ok := r.moved[at]
	if !ok {
		part = make([]uint64, recallPart)
		if from := int(at) * recallPart; from < len(r.had) {
			copy(part, r.had[from:])
		}
		if r.moved == nil {
			r.moved = map[uint32][]uint64{}
		}
		r.moved[at] = part
	}
	part[n%recallPart] = digest
}

// take hands over the parts below a number that differ from what is stored,
// and forgets them.
func (r *recall) take(below uint32, store func(part uint32, b []byte) error) error {
	for at, part := range r.moved {
		if (at+1)*recallPart > below && below != everyPart {
			continue
		}
		for len(part) > 0 && part[len(part)-1] == 0 {
			part = part[:len(part)-1]
		}
		b := make([]byte, 0, 8*len(part))
		for _, d := range part {
			b = binary.LittleEndian.AppendUint64(b, d)
		}
		if err := store(at, b); err != nil {
			return fmt.Errorf("keep digests of records: %w", err)
		}
		delete(r.moved, at)
	}
	return nil
}

const everyPart = ^uint32(0)

// load adds a stored part.
func (r *recall) load(part uint32, b []byte) {
	from := int(part) * recallPart
	if need := from + len(b)/8; need > len(r.had) {
		r.had = slices.Grow(r.had, need-len(r.had))[:need]
	}
	for i := 0; i+8 <= len(b); i += 8 {
		r.had[from+i/8] = binary.LittleEndian.Uint64(b[i:])
	}
}

// recaller finds sightings by the digests of records. It belongs to the
// goroutine that normalises.
type recaller struct {
	digests []uint64
	index   []uint32 // by digest, open addressing: 0 or the number and one
	taken   *roaring.Bitmap
}

// recaller returns what finds those sightings that are present, nil when
// there are none.
func (r *recall) recaller(present *roaring.Bitmap) *recaller {
	if len(r.had) == 0 || present.IsEmpty() {
		return nil
	}
	size := 16 // always larger than what it holds: a search ends at a free place
	for size < len(r.had)*3/2 {
		size *= 2
	}
	f := &recaller{digests: r.had, index: make([]uint32, size), taken: roaring.New()}
	for n, d := range r.had {
		if d == 0 || !present.Contains(uint32(n)) {
			continue
		}
		at := int(d) & (size - 1)
		for f.index[at] != 0 {
			at = (at + 1) & (size - 1)
		}
		f.index[at] = uint32(n) + 1
	}
	return f
}

// find returns the sighting of a record, each at most once.
func (f *recaller) find(digest uint64) (uint32, bool) {
	if f == nil || digest == 0 {
		return 0, false
	}
	mask := len(f.index) - 1
	for at := int(digest) & mask; f.index[at] != 0; at = (at + 1) & mask {
		if n := f.index[at] - 1; f.digests[n] == digest && f.taken.CheckedAdd(n) {
			return n, true
		}
	}
	return 0, false
}

// digester computes the digests of records read under one context.
type digester struct {
	seed []byte
	h    hash.Hash
	sum  [sha256.Size]byte
}

// newDigester takes in all that turns a record into what is compared: the
// program that reads it, the run, the context in the document, and the
// tenant's key, which also keeps digests from telling anything of records.
func newDigester(job *Job, run *format.Run, doc int, of format.Records) *digester {
	d := &digester{h: sha256.New()}
	for _, s := range []string{job.Build, job.Documents[doc].Format.Format.Name, toolName(job.Submission.Tool, run.Tool), run.Target.Root, string(job.SecretKey), string(of.Context())} {
		fmt.Fprintf(d.h, "%d %s", len(s), s)
	}
	fmt.Fprintf(d.h, "%d", finding.Recipe)
	d.seed = d.h.Sum(nil)
	return d
}

// of returns the digest of a record, never 0.
func (d *digester) of(raw []byte) uint64 {
	d.h.Reset()
	d.h.Write(d.seed)
	d.h.Write(raw)
	return max(binary.LittleEndian.Uint64(d.h.Sum(d.sum[:0])), 1)
}

// recallable reports whether an observation hangs on its record alone, and
// may be told to be unchanged without being read.
func recallable(o *finding.Observation, id *finding.Identity) bool {
	return len(o.Advisories) == 0 && !id.Exact && !gone(o.Claim.State)
}
