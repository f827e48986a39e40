package spdx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// maxLine is the size in bytes that a value of a tag-value document may have;
// what is longer (a licence text) is cut.
const maxLine = 1 << 20

// tagReader reads "Tag: value" pairs. A value between <text> and </text> may
// span lines; empty lines and comments are passed over.
type tagReader struct {
	r      *bufio.Reader
	line   int
	offset int64
}

// next returns a pair, or io.EOF.
func (t *tagReader) next() (tag, value string, err error) {
	for {
		line, err := t.read()
		if err != nil && line == "" {
			return "", "", err
		}
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		tag, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		value = strings.TrimSpace(value)
		if rest, ok := strings.CutPrefix(value, "<text>"); ok {
			value, err = t.text(rest)
		}
		return strings.TrimSpace(tag), value, ignoreEOF(err)
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// text reads on to the end tag.
func (t *tagReader) text(value string) (string, error) {
	for {
		if before, _, ok := strings.Cut(value, "</text>"); ok {
			return before, nil
		}
		line, err := t.read()
		if err != nil && line == "" {
			if errors.Is(err, io.EOF) {
				return value, fmt.Errorf("line %d: a <text> has no end: %w", t.line, io.ErrUnexpectedEOF)
			}
			return value, err
		}
		if len(value) < maxLine {
			value += "\n" + strings.TrimRight(line, "\r\n")
		} else if strings.Contains(line, "</text>") {
			return value, nil
		}
	}
}

// read returns a line, cut when it is very long.
func (t *tagReader) read() (string, error) {
	var b []byte
	for {
		part, err := t.r.ReadSlice('\n')
		t.offset += int64(len(part))
		if len(b) < maxLine {
			b = append(b, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		t.line++
		return string(b), err
	}
}

func decodeTagValue(ctx context.Context, in *format.Input, sink format.Sink) error {
	rc, err := in.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	d := &tagDecoder{bom: newBOM(), t: &tagReader{r: bufio.NewReaderSize(rc, 64<<10)}}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var tag, value string
		if tag, value, err = d.t.next(); err != nil {
			break
		}
		d.take(tag, value)
	}
	return ended(d.flush(sink, func() error { return d.observe(sink, 0) }), ignoreEOF(err))
}

// tagDecoder follows which element the tags are about.
type tagDecoder struct {
	*bom
	t       *tagReader
	current *pkg // nil outside packages
	other   bool // in a file or a snippet
}

func (d *tagDecoder) take(tag, value string) {
	switch tag {
	case "SPDXVersion":
		d.known = true
	case "DocumentName":
		d.name = value
	case "Creator":
		d.creators = append(d.creators, value)
	case "Created":
		d.created = value
	case "PackageName":
		d.current, d.other = &pkg{at: finding.Position{Offset: d.t.offset, Pointer: fmt.Sprintf("line %d", d.t.line)}}, false
		d.current.Name = value
		d.packages = append(d.packages, d.current)
	case "FileName", "SnippetSPDXID", "SnippetSPDXIdentifier":
		d.current, d.other = nil, true
	case "SPDXID":
		if d.current != nil && d.current.Ref == "" {
			d.current.Ref = value
			if d.byRef[value] == nil {
				d.byRef[value] = d.current
			}
		}
	case "Relationship":
		if f := strings.Fields(value); len(f) >= 3 {
			d.relate(f[0], f[1], f[2])
		}
	default:
		if d.current != nil {
			d.current.tag(tag, value)
		}
	}
}

// tag takes a tag of a package. The lines that an observation may need are
// kept as its raw record.
func (p *pkg) tag(tag, value string) {
	switch tag {
	case "PackageVersion":
		p.Version = value
	case "PackageLicenseDeclared", "PackageLicenseConcluded":
		p.licence(value)
	case "PackageDownloadLocation":
		p.download = value
	case "PrimaryPackagePurpose":
		p.purpose(value)
	case "PackageChecksum":
		algorithm, sum, _ := strings.Cut(value, ":")
		p.checksum(algorithm, strings.TrimSpace(sum))
	case "ExternalRef":
		f := strings.Fields(value)
		if len(f) < 3 {
			return
		}
		before := len(p.security)
		p.refer(f[0], f[1], f[2], "")
		if len(p.security) > before {
			p.raw = append(p.raw, "ExternalRef: "+value+"\n"...)
		}
	case "ExternalRefComment":
		if n := len(p.security); n > 0 {
			p.security[n-1].comment = value
		}
	}
}
