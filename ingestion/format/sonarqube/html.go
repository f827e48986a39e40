package sonarqube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/htmldoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// decodeHTML reads the page of sonar-report: a table of issues, and behind it
// one of the rules with their descriptions. The page is read twice, first for
// the rules.
func decodeHTML(ctx context.Context, in *format.Input, sink format.Sink) error {
	rules := map[string]rule{}
	about := format.Run{Tool: "sonarqube", Target: format.Target{Kind: "repository"}}
	err := eachRow(ctx, in, func(r row) error {
		if r.term != "" {
			describe(&about, r.term, r.cell("").text)
			return nil
		}
		if !r.isIssue() && r.has("Rule") && r.has("Description") {
			key := r.cell("Rule").text
			rules[key] = newRule(key, "", r.cell("Description").html)
		}
		return nil
	})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err := sink.Run(about); err != nil {
		return err
	}
	record := 0
	return eachRow(ctx, in, func(r row) error {
		if !r.isIssue() {
			return nil
		}
		pos := finding.Position{Record: record, Offset: r.offset, Pointer: fmt.Sprintf("issue row %d", record+1)}
		record++
		o, err := r.observe(rules)
		if err != nil {
			return sink.Quarantine(jsondoc.Fault(pos, err, r.raw))
		}
		o.Position, o.Raw = pos, r.raw
		return sink.Observe(o)
	})
}

// describe reads the definition list at the top of the page.
func describe(run *format.Run, term, value string) {
	switch term {
	case "Report Generated On":
		for _, layout := range []string{"Mon Jan 02 2006", "Monday, Jan 2, 2006"} {
			if t, err := time.Parse(layout, value); err == nil {
				run.Started = t
			}
		}
	case "Project Name":
		run.Target.Name = value
	case "Branch":
		run.Target.Branch = value
	}
}

// row is a line of a table, its cells by the heading above them, or a term of
// a definition list with its value as the only cell, under no heading.
type row struct {
	term   string
	heads  []string
	cells  []cell
	offset int64
	raw    []byte
}

type cell struct{ text, html, link string }

func (r row) cell(head string) cell {
	for i, h := range r.heads {
		if h == head && i < len(r.cells) {
			return r.cells[i]
		}
	}
	return cell{}
}

func (r row) has(head string) bool {
	for _, h := range r.heads {
		if h == head {
			return true
		}
	}
	return false
}

func (r row) isIssue() bool { return r.has("Rule") && r.has("Severity") && r.has("Component") }

func (r row) observe(rules map[string]rule) (*finding.Observation, error) {
	rule, word := r.cell("Rule"), r.cell("Severity").text
	if rule.text == "" && r.cell("Message").text == "" {
		return nil, jsondoc.Bad("an issue needs a rule or a message")
	}
	known := rules[rule.text]
	check := known.check
	check.ID, check.Title, check.URL = rule.text, r.cell("Description").text, rule.link
	o := &finding.Observation{
		Kind:         finding.Code, // sonar-report holds nothing but security
		Check:        check,
		Message:      r.cell("Message").text,
		Severity:     severityOf(word),
		SeverityWord: word,
		CWEs:         known.cwes,
		Location:     finding.Location{Path: r.cell("Component").text},
		Claim:        claimOf(r.cell("Status").text),
	}
	if len(o.CWEs) == 0 {
		o.CWEs = ident.CWEs(o.Check.Title)
	}
	if n, err := strconv.Atoi(r.cell("Line").text); err == nil && n > 0 {
		o.Location.StartLine = n
	}
	if key := r.cell("Key").text; key != "" {
		o.Fingerprints = map[string]string{"key": key}
	}
	return o, nil
}

// maxToken bounds a single piece of the page (a text, a tag, a style sheet).
const maxToken = 16 << 20

// page cuts a stream of HTML into rows.
type page struct {
	z      *html.Tokenizer
	offset int64
	heads  []string
	row    row
	inRow  bool
	inHead bool // collecting the headings of a table
	open   bool // collecting a cell
	link   string
	cell   strings.Builder
	depth  int // tables nested in a cell
	term   string
}

// eachRow calls fn for the rows of all tables that have headings and the terms
// of definition lists. A page without its end tag was cut.
func eachRow(ctx context.Context, in *format.Input, fn func(row) error) error {
	rc, err := in.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	p := &page{z: html.NewTokenizer(rc)}
	p.z.SetMaxBuf(maxToken)
	complete := false
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind := p.z.Next()
		if kind == html.ErrorToken {
			return p.end(complete)
		}
		raw := p.z.Raw()
		start := p.offset
		p.offset += int64(len(raw))
		if p.inRow {
			p.row.raw = append(p.row.raw, raw...)
			if len(p.row.raw) > maxToken {
				return fmt.Errorf("a table row at byte %d is larger than %d MiB", p.row.offset, maxToken>>20)
			}
		}
		keep := string(raw)
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(start, keep)
		case html.EndTagToken:
			name, _ := p.z.TagName()
			complete = complete || atom.Lookup(name) == atom.Html
			if err := p.finish(atom.Lookup(name), keep, fn); err != nil {
				return err
			}
		default:
			if p.open {
				p.cell.WriteString(keep)
			}
		}
	}
}

func (p *page) end(complete bool) error {
	err := p.z.Err()
	switch {
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("read the page after byte %d: %w", p.offset, err)
	case !complete:
		return fmt.Errorf("the page ends in the middle (after byte %d): it was cut off while it was written or uploaded: %w", p.offset, io.ErrUnexpectedEOF)
	}
	return nil
}

func (p *page) start(at int64, raw string) {
	name, more := p.z.TagName()
	tag := atom.Lookup(name)
	if p.open {
		if tag == atom.Table {
			p.depth++
		}
		if tag == atom.A && more && p.link == "" {
			p.link = p.attribute("href")
		}
		p.cell.WriteString(raw)
		if p.depth > 0 || tag != atom.Td && tag != atom.Th {
			return
		}
	}
	switch tag {
	case atom.Table:
		p.heads = nil
	case atom.Tr:
		p.row, p.inRow, p.inHead = row{heads: p.heads, offset: at, raw: []byte(raw)}, true, false
	case atom.Td, atom.Th, atom.Dt, atom.Dd:
		p.inHead = p.inHead || tag == atom.Th
		p.open, p.depth, p.link = true, 0, ""
		p.cell.Reset()
	}
}

func (p *page) finish(tag atom.Atom, raw string, fn func(row) error) error {
	if p.open && p.depth > 0 {
		if tag == atom.Table {
			p.depth--
		}
		p.cell.WriteString(raw)
		return nil
	}
	switch tag {
	case atom.Td, atom.Th:
		p.row.cells = append(p.row.cells, p.take())
	case atom.Dt:
		p.term = p.take().text
	case atom.Dd:
		return fn(row{term: p.term, heads: []string{""}, cells: []cell{p.take()}})
	case atom.Tr:
		r := p.row
		p.row, p.inRow, p.open = row{}, false, false
		if p.inHead {
			p.heads = nil
			for _, c := range r.cells {
				p.heads = append(p.heads, c.text)
			}
			return nil
		}
		if len(r.heads) > 0 && len(r.cells) > 0 {
			return fn(r)
		}
	default:
		if p.open {
			p.cell.WriteString(raw)
		}
	}
	return nil
}

func (p *page) take() cell {
	c := cell{text: htmldoc.Text(p.cell.String()), html: p.cell.String(), link: p.link}
	p.open = false
	p.cell.Reset()
	return c
}

func (p *page) attribute(name string) string {
	for {
		key, value, more := p.z.TagAttr()
		if string(key) == name {
			return string(value)
		}
		if !more {
			return ""
		}
	}
}
