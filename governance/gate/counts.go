package gate

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/governance/fact"
)

// anyScan is whether a scan of the application has succeeded.
func (j *judgement) anyScan() bool {
	return slices.ContainsFunc(j.query.Scans, func(s fact.Scan) bool { return s.Status == fact.ScanSucceeded })
}

func (j *judgement) counts() Counts {
	var c Counts
	closed, scans := map[string]int{}, map[string]int{}
	var severities [finding.SeverityCritical + 1]int
	for _, s := range j.segments {
		c.Judged += len(s.rows)
		c.Waived += s.cover.waived
		for i, n := range s.severities {
			severities[i] += n
		}
		for name, n := range s.closed {
			closed[name] += n
		}
	}
	for i := len(severities) - 1; i >= 0; i-- {
		if severities[i] > 0 {
			c.Severities = append(c.Severities, Tally{finding.Severity(i).String(), severities[i]})
		}
	}
	for _, s := range j.query.Scans {
		scans[cmp.Or(string(s.Status), "unknown")]++
	}
	c.Closed, c.Scans = tallies(closed), tallies(scans)
	return c
}

// tallies sorts counts by name.
func tallies(m map[string]int) []Tally {
	var out []Tally
	for name, n := range m {
		out = append(out, Tally{name, n})
	}
	slices.SortFunc(out, func(a, b Tally) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// factsDigest names everything the verdict is a function of besides bundle,
// stage and time. The order in which facts were given plays no part.
func (j *judgement) factsDigest() string {
	h := sha256.New()
	h.Write(j.ctx.app[:])
	for _, s := range j.segments {
		h.Write(s.digest[:])
	}
	var scans []string
	for i := range j.query.Scans {
		scans = append(scans, string(scanSum(sha256.New(), &j.query.Scans[i])))
	}
	slices.Sort(scans)
	for _, s := range scans {
		h.Write([]byte(s))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

func scanSum(h hash.Hash, s *fact.Scan) []byte {
	inner := sha256.Sum256([]byte(s.Asset))
	h.Write(inner[:])
	fact.Scans().Digest(h, s)
	return h.Sum(nil)
}
