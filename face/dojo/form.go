package dojo

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/ingestion/receive"
)

// form is what a client sent: the fields, and the file's bytes, which are
// stored already.
type form struct {
	values map[string][]string
	file   *receive.Stored
	name   string // of the file
	bad    invalid
}

const (
	maxFields = 300
	maxField  = 64 << 10
)

// readForm reads a multipart form. The file goes into the store as it comes,
// wherever it stands among the fields; it is never in memory as a whole.
func (c *call) readForm() (*form, error) {
	f := &form{values: map[string][]string{}, bad: invalid{}}
	parts, err := c.r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, invalid{"non_field_errors": {"Multipart form parse error - " + err.Error()}}
		}
		if n == maxFields {
			return nil, invalid{"non_field_errors": {"The number of fields is over the limit."}}
		}
		if part.FormName() == "file" {
			err = c.storeFile(f, part)
		} else {
			err = f.read(part)
		}
		if err != nil {
			return nil, err
		}
	}
	for old, now := range map[string]string{"organization_name": "product_type_name", "asset_name": "product_name"} {
		if len(f.values[now]) == 0 && len(f.values[old]) > 0 {
			f.values[now] = f.values[old]
		}
	}
	return f, nil
}

func (c *call) storeFile(f *form, part *multipart.Part) error {
	stored, err := c.Intake.Store(c.ctx, c.who.Tenant, part)
	if err != nil {
		return err
	}
	f.file, f.name = &stored, part.FileName()
	return nil
}

func (f *form) read(part *multipart.Part) error {
	b, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return fmt.Errorf("read field %q: %w", part.FormName(), err)
	}
	if len(b) > maxField {
		return &http.MaxBytesError{Limit: maxField}
	}
	name := strings.TrimSpace(part.FormName()) // one public client sends "active "
	f.values[name] = append(f.values[name], string(b))
	return nil
}

// text is a field's value; an empty one counts as absent.
func (f *form) text(name string) string {
	if v := f.values[name]; len(v) > 0 {
		return strings.TrimSpace(v[len(v)-1])
	}
	return ""
}

// short is text that has to fit the names we keep.
func (f *form) short(name string, most int) string {
	v := f.text(name)
	if len(v) > most {
		f.bad.add(name, fmt.Sprintf("Ensure this field has no more than %d characters.", most))
	}
	return v
}

// flag is a boolean in any of Django's spellings.
func (f *form) flag(name string, absent bool) bool {
	switch strings.ToLower(f.text(name)) {
	case "":
		return absent
	case "true", "t", "yes", "y", "on", "1":
		return true
	case "false", "f", "no", "n", "off", "0":
		return false
	}
	f.bad.add(name, "Must be a valid boolean.")
	return absent
}

func (f *form) choice(name, absent string, choices []string) string {
	v := f.text(name)
	if v == "" {
		return absent
	}
	if !slices.Contains(choices, v) {
		f.bad.add(name, fmt.Sprintf("%q is not a valid choice.", v))
	}
	return v
}

func (f *form) id(name string) int64 {
	v := f.text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 {
		f.bad.add(name, "Incorrect type. Expected pk value, received str.")
		return 0
	}
	return n
}

func (f *form) date(name string) time.Time {
	v := f.text(name)
	if v == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, v); err == nil && t.Year() >= 1990 {
			return t.UTC()
		}
	}
	f.bad.add(name, "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
	return time.Time{}
}

func (f *form) link(name string) string {
	v := f.short(name, 500)
	if u, err := url.Parse(v); v != "" && (err != nil || u.Scheme == "" || u.Host == "") {
		f.bad.add(name, "Enter a valid URL.")
	}
	return v
}

// list is a field that is given several times, or once with commas or as a
// JSON list.
func (f *form) list(name string) []string {
	var out []string
	for _, v := range f.values[name] {
		v = strings.Trim(strings.TrimSpace(v), "[]")
		for w := range strings.SplitSeq(v, ",") {
			if w = strings.Trim(strings.TrimSpace(w), `"'`); w != "" {
				out = append(out, w)
			}
		}
	}
	return out
}
