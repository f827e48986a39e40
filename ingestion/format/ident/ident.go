// Package ident reads the identifiers that security tools write in many
// spellings: weakness numbers, advisory ids, CVSS vectors and package names.
// Decoders share it so that the same words come out of every format.
package ident

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
)

// CWEs finds weakness numbers in texts such as "CWE-89", "CWE-89: Improper
// …", "cwe79" or "352", in order and each once. CWE-0 and placeholders
// (NVD-CWE-noinfo, NVD-CWE-Other) give nothing.
func CWEs(texts ...string) []int {
	var found []int
	for _, t := range texts {
		if n, err := strconv.Atoi(strings.TrimSpace(t)); err == nil {
			found = addNumber(found, n)
			continue
		}
		low := strings.ToLower(t)
		for {
			at := strings.Index(low, "cwe")
			if at < 0 {
				break
			}
			low = strings.TrimLeft(low[at+len("cwe"):], "-_: ")
			digits := len(low) - len(strings.TrimLeft(low, "0123456789"))
			if n, err := strconv.Atoi(low[:digits]); err == nil {
				found = addNumber(found, n)
			}
		}
	}
	return found
}

func addNumber(to []int, n int) []int {
	if n <= 0 || n > 1<<20 || slices.Contains(to, n) {
		return to
	}
	return append(to, n)
}

// Add appends the texts that are not empty and not there yet.
func Add(to []string, texts ...string) []string {
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" && !slices.Contains(to, t) {
			to = append(to, t)
		}
	}
	return to
}

// flawPrefixes begin ids that name one flaw each.
func flawPrefixes() []string {
	return []string{"CVE-", "GHSA-", "GO-", "PYSEC-", "RUSTSEC-", "OSV-", "MAL-", "GSD-", "SNYK-", "NSWG-", "NPM-", "BIT-", "HSEC-", "JLSEC-", "EEF-", "TEMP-", "WS-", "SONATYPE-"}
}

// NamesOneFlaw tells an id that stands for one flaw (CVE, GHSA, an OSV
// database's) from a bulletin's (DSA, RHSA, USN), which covers several: only
// the former may serve as an alias.
func NamesOneFlaw(id string) bool {
	up := strings.ToUpper(id)
	return slices.ContainsFunc(flawPrefixes(), func(p string) bool { return strings.HasPrefix(up, p) })
}

// AdvisoryInURL returns the GHSA or CVE id that is the last segment of an
// advisory's address, or "".
func AdvisoryInURL(url string) string {
	url, _, _ = strings.Cut(url, "?")
	url, _, _ = strings.Cut(url, "#")
	last := url[strings.LastIndexByte(url, '/')+1:]
	if len(last) > 4 && (strings.HasPrefix(last, "GHSA-") || strings.HasPrefix(last, "CVE-")) {
		return last
	}
	return ""
}

// CVSS makes a rating of a vector and a score; the version is read from the
// vector's prefix. A version 2 vector has none and is known by its
// authentication metric.
func CVSS(vector string, score float64, source string) finding.CVSS {
	vector = strings.Trim(strings.TrimSpace(vector), "()")
	c := finding.CVSS{Vector: vector, Score: score, Source: source}
	switch {
	case strings.HasPrefix(vector, "CVSS:"):
		c.Version, _, _ = strings.Cut(strings.TrimPrefix(vector, "CVSS:"), "/")
	case strings.Contains(vector, "Au:"):
		c.Version = "2.0"
	}
	return c
}

// AddCVSS appends a rating that says something and is not there yet.
func AddCVSS(to []finding.CVSS, c finding.CVSS) []finding.CVSS {
	if c.Vector == "" && c.Score == 0 || slices.Contains(to, c) {
		return to
	}
	return append(to, c)
}
