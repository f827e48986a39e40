package gate

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/governance/fact"
	"github.com/stance-aspm/stance/governance/policy"
)

// column numbers the distinct values of one field, or of several fields
// taken together, over the whole table.
type column struct {
	fields []int
	index  map[any]uint32
	parts  []*column // of a column over several fields
	size   int
}

// coded is a column within a segment: the number of each row's value. When
// there are few distinct ones, sets holds the rows of each.
type coded struct {
	codes []uint32
	sets  []codeSet // nil when there are many distinct values
}

type codeSet struct {
	code uint32
	row  int32 // one of the rows
	rows bitset
}

// fewCodes is how many distinct values make it cheaper to combine sets of
// rows than to look at each row.
const fewCodes = 24

// columnOf returns the table's column over the fields.
func (t *Table) columnOf(fields []int) *column {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(strconv.Itoa(f))
		b.WriteByte(' ')
	}
	c, ok := t.columns[b.String()]
	if !ok {
		c = &column{fields: fields, index: map[any]uint32{}}
		if len(fields) > 1 {
			for i := range fields {
				c.parts = append(c.parts, t.columnOf(fields[i:i+1]))
			}
		}
		t.columns[b.String()] = c
	}
	return c
}

// code returns the segment's rows in the numbers of a column.
func (s *segment) code(c *column) *coded {
	if have, ok := s.coded[c]; ok {
		return have
	}
	out := &coded{codes: make([]uint32, len(s.rows))}
	if len(c.parts) > 0 {
		s.codeParts(c, out.codes)
	} else {
		field := fact.Findings().At(c.fields[0])
		for i, f := range s.rows {
			out.codes[i] = c.number(field.Key(f))
		}
	}
	out.split()
	s.coded[c] = out
	return out
}

// codeParts numbers the combinations of the parts' numbers.
func (s *segment) codeParts(c *column, codes []uint32) {
	parts := make([]*coded, len(c.parts))
	for i, p := range c.parts {
		parts[i] = s.code(p)
	}
	if len(parts) == 2 {
		for i := range codes {
			codes[i] = c.number(uint64(parts[0].codes[i])<<32 | uint64(parts[1].codes[i]))
		}
		return
	}
	var tuple []byte
	for i := range codes {
		tuple = tuple[:0]
		for _, p := range parts {
			tuple = binary.BigEndian.AppendUint32(tuple, p.codes[i])
		}
		codes[i] = c.number(string(tuple))
	}
}

func (c *column) number(key any) uint32 {
	n, ok := c.index[key]
	if !ok {
		n = uint32(c.size)
		c.size++
		c.index[key] = n
	}
	return n
}

// split makes the sets of rows if there are few distinct values.
func (c *coded) split() {
	var seen []codeSet
	at := map[uint32]int{}
	for row, code := range c.codes {
		i, ok := at[code]
		if !ok {
			if len(seen) == fewCodes {
				return
			}
			i = len(seen)
			at[code] = i
			seen = append(seen, codeSet{code: code, row: int32(row), rows: newBits(len(c.codes))})
		}
		seen[i].rows.set(row)
	}
	c.sets = seen
}

// answerKey names the answers of an atom.
type answerKey struct {
	atom string
	ctx  context
}

// answers are what an atom answers for each number of its column; zero is
// not yet asked, else the truth plus one.
type answers struct {
	truth []uint8
	used  uint64
}

// of returns the answer for a number, asking when it is new.
func (a *answers) of(code uint32, atom *policy.Atom, subject *policy.Subject, f *fact.Finding) policy.Truth {
	if int(code) >= len(a.truth) {
		a.truth = append(a.truth, make([]uint8, int(code)+1-len(a.truth))...)
	}
	if a.truth[code] == 0 {
		subject.Finding(f)
		a.truth[code] = uint8(atom.Ask(subject)) + 1
	}
	return policy.Truth(a.truth[code] - 1)
}

// bitset is a set of rows.
type bitset []uint64

func newBits(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) set(i int) { b[i/64] |= 1 << (i % 64) }

func (b bitset) count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// first appends the first set bits plus base to out until out holds limit.
func (b bitset) first(out []int32, base, limit int) []int32 {
	for i, w := range b {
		for ; w != 0 && len(out) < limit; w &= w - 1 {
			out = append(out, int32(base+i*64+bits.TrailingZeros64(w)))
		}
		if len(out) >= limit {
			break
		}
	}
	return out
}
