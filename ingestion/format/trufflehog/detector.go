package trufflehog

import (
	"encoding/base64"
	"sort"
	"unicode"
	"unicode/utf8"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// source is where version 3 found a credential: the union of the messages in
// its source_metadata.proto. Each source fills its own few.
type source struct {
	File       jsondoc.Text `json:"file"`
	Filename   jsondoc.Text `json:"filename"` // Google Cloud Storage
	Line       jsondoc.Int  `json:"line"`
	Commit     jsondoc.Text `json:"commit"`
	Email      jsondoc.Text `json:"email"`
	Username   jsondoc.Text `json:"username"`
	Timestamp  jsondoc.Text `json:"timestamp"`
	Repository jsondoc.Text `json:"repository"`
	Link       jsondoc.Text `json:"link"`
	Image      jsondoc.Text `json:"image"`
	Tag        jsondoc.Text `json:"tag"`
	Layer      jsondoc.Text `json:"layer"`
	Bucket     jsondoc.Text `json:"bucket"`
	Package    jsondoc.Text `json:"package"`
	Release    jsondoc.Text `json:"release"`
}

// detected reads a result of version 3. The report has one source per result;
// if a future one names several, the first by name is the place and the
// others are related ones.
func detected(rec *record) *finding.Observation {
	detector := either(rec.DetectorName, rec.DetectorType)
	o := &finding.Observation{
		Kind: finding.Secret,
		Check: finding.Check{
			ID:          detector,
			Title:       detector + " credential",
			Description: rec.DetectorDescription.String(),
		},
		Severity: severity(rec),
		CWEs:     []int{798}, // "use of hard-coded credentials": all that the tool looks for
		Secret:   credential(rec, detector),
	}
	if rec.VerificationError != "" {
		o.Message = "Could not be verified: " + rec.VerificationError.String()
	}
	if rec.DecoderName != "" && rec.DecoderName != "PLAIN" {
		o.Tags = []string{"decoder:" + rec.DecoderName.String()}
	}
	data := rec.SourceMetadata.Data
	names := make([]string, 0, len(data))
	for name := range data {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		place := data[name]
		if place.Link != "" {
			o.References = append(o.References, place.Link.String())
		}
		if i == 0 {
			o.Location = place.location(name)
			o.Tags = append(o.Tags, "source:"+name)
		} else {
			o.Related = append(o.Related, place.location(name))
		}
	}
	return o
}

func (s source) location(name string) finding.Location {
	l := finding.Location{
		Path:      either(s.File, s.Filename),
		StartLine: int(s.Line),
		Commit:    s.Commit.String(),
		Author:    either(s.Email, s.Username),
		Date:      s.Timestamp.String(),
		Image:     s.Image.String(),
		Layer:     s.Layer.String(),
	}
	switch {
	case l.Image != "" && s.Tag != "":
		l.Image += tagged(s.Tag.String())
	case s.Bucket != "" && name == "S3":
		l.Resource = "s3://" + s.Bucket.String()
	case s.Bucket != "":
		l.Resource = "gs://" + s.Bucket.String()
	case s.Package != "":
		l.Resource = s.Package.String()
	}
	if l.Path == "" { // a wiki page, a message, a build log: its address is the place
		l.URL = s.Link.String()
	}
	return l
}

// severity grades what the tool does not: see Format.Doc.
func severity(rec *record) finding.Severity {
	switch {
	case rec.Verified:
		return finding.SeverityCritical
	case rec.VerificationError != "":
		return finding.SeverityHigh
	}
	return finding.SeverityMedium
}

// shortestPart is the length in bytes from which a part of a credential counts
// as secret text of its own; taking out shorter ones (a user name, a port)
// would blot out ordinary words of the record.
const shortestPart = 6

// credential gathers all clear texts of one result: Raw identifies the
// credential, RawV2 joins id and secret where a service needs both.
func credential(rec *record, detector string) *finding.SecretValue {
	s := &finding.SecretValue{Value: rec.Raw.String(), Detector: detector}
	if rec.Verified || rec.VerificationError == "" {
		s.Verified = &rec.Verified
	}
	if rec.RawV2 == nil { // releases of 2022 wrote Raw as base64, before RawV2 came
		if clear, ok := decoded(s.Value); ok {
			s.Value, s.Aliases = clear, append(s.Aliases, s.Value)
		}
	} else if v := rec.RawV2.String(); v != "" && v != s.Value {
		s.Aliases = append(s.Aliases, v)
	}
	parts := make([]string, 0, len(rec.SecretParts))
	for _, p := range rec.SecretParts {
		if len(p) >= shortestPart && p.String() != s.Value {
			parts = append(parts, p.String())
		}
	}
	sort.Strings(parts)
	s.Aliases = append(s.Aliases, parts...)
	if s.Value == "" {
		s.Masked = rec.Redacted.String()
	}
	return s
}

// decoded undoes base64 if that gives readable text; few keys that only look
// like base64 do.
func decoded(s string) (string, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 4 || !utf8.Valid(b) {
		return "", false
	}
	for _, r := range string(b) {
		if !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return "", false
		}
	}
	return string(b), true
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
