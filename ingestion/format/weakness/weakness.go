// Package weakness reads the many ways in which tools write CWE identifiers.
package weakness

import (
	"slices"
	"strconv"
	"strings"
)

// maxNumber is beyond every CWE id that MITRE has given out (below 1500 in
// 2024), with room for growth. It keeps years and line numbers out.
const maxNumber = 9999

// Numbers returns the CWE numbers in texts, in order and without repeats. A
// text may be a bare number ("79"), an identifier in any case and with any
// separator ("CWE-79", "cwe_79", "cwe:79"), an address of MITRE's
// definition ("https://cwe.mitre.org/data/definitions/79.html") or prose that
// names several. Zero and minus one, which tools write for "none", give
// nothing.
func Numbers(texts ...string) []int {
	var out []int
	for _, t := range texts {
		if n, err := strconv.Atoi(strings.TrimSpace(t)); err == nil {
			out = add(out, n)
			continue
		}
		for rest := t; ; {
			at := indexWord(rest)
			if at < 0 {
				break
			}
			rest = rest[at+len("cwe"):]
			out = add(out, leadingNumber(rest))
		}
	}
	return out
}

// indexWord finds "cwe" in any case.
func indexWord(s string) int {
	for i := 0; i+3 <= len(s); i++ {
		if strings.EqualFold(s[i:i+3], "cwe") {
			return i
		}
	}
	return -1
}

// leadingNumber reads the number that follows "cwe": directly, after one
// separator, or at the end of MITRE's address.
func leadingNumber(s string) int {
	s = strings.TrimPrefix(s, ".mitre.org/data/definitions/")
	s = strings.TrimPrefix(strings.ToLower(s), "-id")
	s = strings.TrimLeft(s, "-_: #/")
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(s[:end])
	if err != nil {
		return 0
	}
	return n
}

func add(list []int, n int) []int {
	if n <= 0 || n > maxNumber || slices.Contains(list, n) {
		return list
	}
	return append(list, n)
}
