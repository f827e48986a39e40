package dependencytrack

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/ingestion/receive"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// text is a member as text; numbers and booleans count as written.
func (f fields) text(names ...string) string {
	for _, name := range names {
		v := f[name]
		switch v.Kind() {
		case '"':
			if b, err := jsontext.AppendUnquote(nil, v); err == nil && len(b) > 0 {
				return strings.TrimSpace(string(b))
			}
		case '0', 't', 'f':
			return string(v)
		}
	}
	return ""
}

func (f fields) yes(names ...string) bool { return strings.EqualFold(f.text(names...), "true") }

// tags are objects with a name, or words between commas.
func (f fields) tags(names ...string) []string {
	var out []string
	for _, name := range names {
		var list []struct {
			Name string `json:"name"`
		}
		if v := f[name]; v.Kind() == '[' {
			if json.Unmarshal(v, &list) == nil {
				for _, t := range list {
					out = append(out, t.Name)
				}
			}
		} else if s := f.text(name); s != "" {
			for w := range strings.SplitSeq(s, ",") {
				out = append(out, strings.TrimSpace(w))
			}
		}
	}
	return out
}

// putDocument takes a BOM or VEX in base64 within JSON.
func (c *call) putDocument(what string) {
	var stored *receive.Stored
	f, err := readBody(c.r.Body, what, func(r io.Reader) error {
		s, err := c.Intake.Store(c.ctx, c.who.Tenant, r)
		stored = &s
		return err
	})
	if err != nil {
		c.problem(err)
		return
	}
	c.take(what, f, stored)
}

// postDocument takes a BOM or VEX as a part of a form, a file or a field.
func (c *call) postDocument(what string) {
	if kind, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); kind == "application/json" { // some clients POST the PUT's body
		c.putDocument(what)
		return
	}
	parts, err := c.r.MultipartReader()
	if err != nil {
		c.say(http.StatusUnsupportedMediaType, "send a form (multipart/form-data), or PUT JSON")
		return
	}
	f, stored, err := c.form(parts, what)
	if err != nil {
		c.problem(err)
		return
	}
	c.take(what, f, stored)
}

func (c *call) form(parts *multipart.Reader, what string) (fields, *receive.Stored, error) {
	f := fields{}
	var stored *receive.Stored
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return f, stored, nil
		}
		if err != nil || n == maxFields {
			return nil, nil, &refusal{http.StatusBadRequest, "the form can't be read"}
		}
		if part.FormName() == what {
			s, err := c.Intake.Store(c.ctx, c.who.Tenant, part)
			if err != nil {
				return nil, nil, err
			}
			stored = &s
			continue
		}
		b, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return nil, nil, &refusal{http.StatusBadRequest, "the form can't be read"}
		}
		if v, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(string(b), "\uFFFD")); err == nil {
			f[part.FormName()] = v
		}
	}
}

// take finds the project, commits the document and answers with its token.
func (c *call) take(what string, f fields, stored *receive.Stored) {
	if stored == nil || stored.Size == 0 {
		c.problem(&refusal{http.StatusBadRequest, "the request has no " + what})
		return
	}
	p, err := c.target(f)
	if err != nil {
		c.problem(err)
		return
	}
	sub, err := c.submission(p, what)
	if err == nil {
		if bad := sub.Validate(c.Now()); bad != nil {
			err = &refusal{http.StatusBadRequest, bad.Error()}
		}
	}
	if err != nil {
		c.problem(err)
		return
	}
	rs, err := c.Intake.Commit(c.ctx, c.who.Tenant, sub, c.r.Header.Get("Idempotency-Key"), *stored)
	if err != nil {
		c.problem(err)
		return
	}
	if what == "bom" {
		p.data.Report, p.data.Uploaded = rs[0].ID, c.Now().UTC()
	} else {
		p.data.VEX = rs[0].ID
	}
	if tags := f.tags("projectTags"); len(tags) > 0 {
		p.data.Tags = tags
	}
	if f.text("isLatest", "isLatestProjectVersion") != "" {
		p.data.Latest = f.yes("isLatest", "isLatestProjectVersion")
	}
	err = c.keep(p)
	if err == nil && p.data.Latest {
		err = c.count(p)
	}
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusOK, object{"token": rs[0].ID})
}

// submission says in our words what was sent.
func (c *call) submission(p *project, what string) (receive.Submission, error) {
	app, err := c.application(p)
	if err != nil {
		return receive.Submission{}, err
	}
	s := receive.Submission{Name: what + ".cdx", Application: app, Asset: p.data.Name, Ref: p.data.Version, By: c.who.Name}
	if p.data.Classifier == "CONTAINER" {
		s.AssetKind = estate.Image
	}
	if what == "vex" { // statements about a project: nothing is gone for not being among them
		s.Category, s.Part = "vex", true
	}
	return s, nil
}

// token says whether a document is still being applied. A token that nobody
// knows is not, as there. The first question after it is applied is also when
// a version that was said to be the latest becomes the one that counts: now
// its asset is there.
func (c *call) token() {
	id := c.r.PathValue("token")
	r, err := c.Intake.Report(c.ctx, c.who.Tenant, id)
	if err != nil && !errors.Is(err, posture.ErrNotFound) {
		c.problem(err)
		return
	}
	busy := err == nil && (r.State == posture.ReportAccepted || r.State == posture.ReportApplying)
	if err == nil && !busy {
		if err := c.countLatest(id); err != nil {
			c.problem(err)
			return
		}
	}
	c.send(http.StatusOK, object{"processing": busy})
}

func (c *call) countLatest(report string) error {
	list, err := c.all()
	if err != nil {
		return err
	}
	for _, p := range list {
		if p.data.Report == report && p.data.Latest {
			return c.count(p)
		}
	}
	return nil
}
