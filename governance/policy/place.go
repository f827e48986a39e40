package policy

import "strings"

// file is a policy file being read, cut into lines of characters.
type file struct {
	name     string
	lines    [][]rune
	problems *Problems
}

func newFile(name string, text []byte, problems *Problems) *file {
	f := &file{name: name, problems: problems}
	// YAML ends a line with CRLF, LF or a lone CR.
	breaks := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	for line := range strings.SplitSeq(strings.TrimSuffix(breaks.Replace(string(text)), "\n"), "\n") {
		f.lines = append(f.lines, []rune(line))
	}
	return f
}

// place is a 1-based line and column in a file.
type place struct{ line, column int }

func (f *file) report(at place, message, hint string) {
	p := Problem{File: f.name, Line: at.line, Column: at.column, Message: message, Hint: hint}
	if at.line >= 1 && at.line <= len(f.lines) {
		p.Source = string(f.lines[at.line-1])
	}
	*f.problems = append(*f.problems, p)
}

// scalar is a text taken from a YAML file together with what is needed to
// find each of its characters again in that file.
type scalar struct {
	text string
	at   place
	// block is whether the text is a literal or folded block, whose first
	// character stands on a line below at.
	block bool
	file  *file
}

// whereIn returns the place in the file of a character of an expression that
// begins at character from of the text. Line is 1-based and column 0-based
// within the expression, as CEL counts them.
func (s scalar) whereIn(expr string, from, line, column int) place {
	offset := from
	for l, rest := range strings.Split(expr, "\n") {
		n := len([]rune(rest))
		if l == line-1 {
			offset += min(column, n)
			break
		}
		offset += n + 1
	}
	return s.file.align(s, offset)
}

// align walks through the file and the text together until it stands at the
// wanted character. The two differ only by what YAML takes away or rewrites:
// quotes, escapes, indentation and folded line ends.
func (f *file) align(s scalar, offset int) place {
	text := []rune(s.text)
	line, col := s.at.line-1, s.at.column-1
	if s.block {
		line, col = line+1, 0
	}
	var quote rune
	if !s.block && line < len(f.lines) && col < len(f.lines[line]) {
		if q := f.lines[line][col]; q == '"' || q == '\'' {
			quote, col = q, col+1
		}
	}
	for i := 0; line < len(f.lines); {
		src := f.lines[line]
		if col >= len(src) { // the end of a line is a break, a blank or nothing in the text
			if i >= offset {
				break
			}
			if i < len(text) && isBlank(text[i]) {
				i++
			}
			line, col = line+1, 0
			continue
		}
		switch {
		case i < len(text) && src[col] == text[i] && !(quote == '"' && src[col] == '\\'):
			if i == offset {
				return place{line + 1, col + 1}
			}
			i++
			if quote == '\'' && src[col] == '\'' {
				col++ // a quote is written twice
			}
			col++
		case src[col] == ' ' || src[col] == '\t':
			col++ // indentation and blanks around a folded line end
		case i < len(text) && text[i] == '\n':
			i++ // a break kept by a block, or made of an empty line
		case quote == '"' && src[col] == '\\':
			if i >= offset {
				return place{line + 1, col + 1}
			}
			i++
			col += escapeLength(src[col:])
		case i >= len(text):
			return place{line + 1, col + 1}
		default:
			return s.at // not written as read: point at the whole scalar
		}
	}
	return place{min(line+1, len(f.lines)), lastColumn(f.lines, line, col)}
}

// lastColumn keeps a place behind the end of a text on the last line that
// the file has.
func lastColumn(lines [][]rune, line, col int) int {
	if line < len(lines) {
		return col + 1
	}
	return len(lines[len(lines)-1]) + 1
}

func isBlank(r rune) bool { return r == ' ' || r == '\n' }

// escapeLength returns how many characters the escape at the start of src
// takes (YAML 1.2, section 5.7).
func escapeLength(src []rune) int {
	if len(src) < 2 {
		return 1
	}
	switch src[1] {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}
