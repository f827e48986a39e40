// Package htmldoc reads the HTML that tools put into their reports: Text turns
// a fragment (a description, a solution) into plain text.
package htmldoc

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Text renders an HTML fragment as plain text: paragraphs are separated by an
// empty line, list items begin with a dash, preformatted text keeps its line
// breaks, and entities become their characters. Scripts and styles are left
// out, addresses of links too. Text without any markup comes back as it is,
// trimmed.
func Text(fragment string) string {
	if !strings.ContainsAny(fragment, "<&") {
		return strings.TrimSpace(fragment)
	}
	var w writer
	z := html.NewTokenizer(strings.NewReader(fragment))
	for {
		switch z.Next() {
		case html.ErrorToken: // the end: a string reader knows no other error
			return strings.TrimSpace(w.out.String())
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			w.open(atom.Lookup(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			w.close(atom.Lookup(name))
		}
	}
}

// writer collects text and the white space that is due before the next of it.
type writer struct {
	out    strings.Builder
	breaks int  // line breaks due before the next text
	space  bool // a space is due, unless a break is
	item   bool // the next text begins a list item
	hidden int  // depth of elements whose text is not shown
	pre    int  // depth of preformatted elements
}

func (w *writer) open(tag atom.Atom) {
	switch tag {
	case atom.Script, atom.Style:
		w.hidden++
	case atom.Pre:
		w.pre++
		w.breakAtLeast(2)
	case atom.Br:
		w.breaks++
	case atom.Li, atom.Dt:
		w.breakAtLeast(1)
		w.item = true
	case atom.Tr, atom.Dd:
		w.breakAtLeast(1)
	case atom.Td, atom.Th:
		w.space = true
	default:
		w.block(tag)
	}
}

func (w *writer) close(tag atom.Atom) {
	switch tag {
	case atom.Script, atom.Style:
		w.hidden = max(w.hidden-1, 0)
	case atom.Pre:
		w.pre = max(w.pre-1, 0)
		w.breakAtLeast(2)
	case atom.Li, atom.Tr, atom.Dt, atom.Dd:
		w.item = false
		w.breakAtLeast(1)
	default:
		w.block(tag)
	}
}

// block sets off elements that stand in lines of their own.
func (w *writer) block(tag atom.Atom) {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Table, atom.Hr:
		w.breakAtLeast(2)
	case atom.Div, atom.Ul, atom.Ol, atom.Dl, atom.Section, atom.Article:
		w.breakAtLeast(1)
	}
}

func (w *writer) breakAtLeast(n int) { w.breaks = max(w.breaks, n) }

func (w *writer) text(s string) {
	switch {
	case w.hidden > 0:
	case w.pre > 0:
		w.gap()
		w.out.WriteString(s)
	default:
		words := strings.Fields(s)
		if len(words) == 0 {
			w.space = w.space || s != ""
			return
		}
		w.space = w.space || isSpace(s[0])
		w.gap()
		w.out.WriteString(strings.Join(words, " "))
		w.space = isSpace(s[len(s)-1])
	}
}

// gap writes the white space that is due, at most one empty line.
func (w *writer) gap() {
	switch {
	case w.out.Len() == 0:
	case w.breaks > 0:
		w.out.WriteString("\n\n"[:min(w.breaks, 2)])
	case w.space:
		w.out.WriteByte(' ')
	}
	if w.item {
		w.out.WriteString("- ")
	}
	w.breaks, w.space, w.item = 0, false, false
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' || b == '\f' }
