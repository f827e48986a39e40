package bundleraudit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// maxLine is the size in bytes that a line of the text may have.
const maxLine = 1 << 20

// textDecoder reads blocks of "Key: value" lines, one a gem, parted by empty
// lines.
type textDecoder struct {
	sink   format.Sink
	record int
	at     finding.Position
	raw    strings.Builder
	value  map[string]string
	last   string // key that further lines belong to
	ended  bool   // the closing line has been seen
}

func decodeText(ctx context.Context, in *format.Input, sink format.Sink) error {
	rc, err := in.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	if err := sink.Run(format.Run{Tool: "bundler-audit"}); err != nil {
		return err
	}
	d := &textDecoder{sink: sink, value: map[string]string{}}
	s := bufio.NewScanner(rc)
	s.Buffer(make([]byte, 64<<10), maxLine)
	var offset int64
	for n := 1; s.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := d.line(s.Text(), n, offset); err != nil {
			return err
		}
		offset += int64(len(s.Bytes())) + 1
	}
	if err := d.flush(); err != nil {
		return err
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("read the text: %w", err)
	}
	if d.record == 0 && !d.ended {
		return errors.New("not a bundler-audit report: no gem, no insecure source and no closing line is there")
	}
	return nil
}

func (d *textDecoder) line(text string, n int, offset int64) error {
	text = strings.TrimRight(text, "\r")
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(trimmed, "Vulnerabilities found!"), strings.HasPrefix(trimmed, "No vulnerabilities found"):
		d.ended = true
		return d.flush()
	case strings.HasPrefix(text, "Name: "), strings.HasPrefix(text, "Insecure Source URI found: "):
		if err := d.flush(); err != nil {
			return err
		}
		d.at = finding.Position{Offset: offset, Pointer: fmt.Sprintf("line %d", n)}
	case trimmed == "" && d.last == "Description", len(d.value) == 0:
		return nil
	case trimmed == "":
		return d.flush()
	}
	d.raw.WriteString(text)
	d.raw.WriteByte('\n')
	if key, value, ok := strings.Cut(text, ": "); ok && known(key) {
		d.value[key], d.last = strings.TrimSpace(value), key
	} else if key, ok := strings.CutSuffix(text, ":"); ok && known(key) {
		d.value[key], d.last = "", key
	} else if d.last != "" {
		d.value[d.last] = strings.TrimSpace(d.value[d.last] + "\n" + trimmed)
	}
	return nil
}

// known tells the keys from text that happens to have a colon.
func known(key string) bool {
	switch key {
	case "Name", "Version", "Advisory", "CVE", "GHSA", "OSVDB", "Criticality", "URL", "Title", "Description", "Solution", "Insecure Source URI found":
		return true
	}
	return false
}

// flush tells of the block that has been read.
func (d *textDecoder) flush() error {
	v := d.value
	if len(v) == 0 {
		return nil
	}
	raw := []byte(d.raw.String())
	d.value, d.last = map[string]string{}, ""
	d.raw.Reset()
	d.at.Record = d.record
	d.record++
	text := func(key string) jsondoc.Text { return jsondoc.Text(v[key]) }
	res := &result{
		Source: text("Insecure Source URI found"), Gem: gem{text("Name"), text("Version")},
		Advisory: advisory{
			ID: text("Advisory"), CVE: text("CVE"), GHSA: text("GHSA"), OSVDB: text("OSVDB"), URL: text("URL"), Title: text("Title"),
			Description: text("Description"), Criticality: text("Criticality"), solution: v["Solution"],
		},
	}
	for _, word := range [...]string{"upgrade to ", "update to "} {
		if versions, ok := strings.CutPrefix(v["Solution"], word); ok {
			res.Advisory.Patched = jsondoc.Strings{versions}
		}
	}
	o, err := res.observation()
	if err != nil {
		return d.sink.Quarantine(jsondoc.Fault(d.at, err, raw))
	}
	o.Position, o.Raw = d.at, raw
	return d.sink.Observe(o)
}
