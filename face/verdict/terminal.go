package verdict

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// clean takes out what could move the cursor, recolour the screen or turn the
// direction of writing: names in reports come from anyone. Line ends stay.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\r' || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r&0xFFFE == 0xFFFE: // the last: no characters at all
			return -1
		case r == unicode.ReplacementChar:
			return '?'
		}
		return r
	}, s)
}

// columns returns how many columns a text takes in a terminal.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// prefix returns the length in bytes of the longest start of s that fits into
// the columns, at least one character.
func prefix(s string, limit int) int {
	used := 0
	for i, r := range s {
		if used += columnsOf(r); used > limit && i > 0 {
			return i
		}
	}
	return len(s)
}

// fold breaks a text into lines of at most width columns, at blanks where it
// can. It returns at least one line.
func fold(text string, width int) []string {
	width = max(width, 10)
	var out []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		line, used := "", 0
		for _, word := range strings.Fields(paragraph) {
			if used > 0 && used+1+columns(word) > width {
				out, line, used = append(out, line), "", 0
			}
			for columns(word) > width { // a path or URL longer than a line
				cut := prefix(word, width)
				out, word = append(out, word[:cut]), word[cut:]
			}
			if used > 0 {
				line, used = line+" ", used+1
			}
			line, used = line+word, used+columns(word)
		}
		out = append(out, line)
	}
	return out
}
