package checkov

import (
	"sort"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// record is a failed check, by Checkov's Record class.
type record struct {
	CheckID         jsondoc.Text              `json:"check_id"`
	BCCheckID       jsondoc.Text              `json:"bc_check_id"`
	CheckName       jsondoc.Text              `json:"check_name"`
	CodeBlock       codeBlock                 `json:"code_block"`
	FilePath        jsondoc.Text              `json:"file_path"`
	FileAbsPath     jsondoc.Text              `json:"file_abs_path"`
	RepoFilePath    jsondoc.Text              `json:"repo_file_path"`
	LineRange       lineRange                 `json:"file_line_range"`
	Resource        jsondoc.Text              `json:"resource"`
	ResourceAddress jsondoc.Text              `json:"resource_address"`
	Guideline       jsondoc.Text              `json:"guideline"`
	Severity        severityWord              `json:"severity"`
	Category        jsondoc.Text              `json:"bc_category"`
	Benchmarks      map[string]jsontext.Value `json:"benchmarks"`
	Description     jsondoc.Text              `json:"description"`
	Short           jsondoc.Text              `json:"short_description"`
	Details         jsondoc.Strings           `json:"details"`
	CallerPath      jsondoc.Text              `json:"caller_file_path"`
	CallerRange     lineRange                 `json:"caller_file_line_range"`
	Vulnerability   *vulnerability            `json:"vulnerability_details"`
	CWE             jsondoc.Strings           `json:"cwe"`               // of source code checks
	Commit          jsondoc.Text              `json:"added_commit_hash"` // of secrets in Git history
	Author          jsondoc.Text              `json:"added_by"`
	Date            jsondoc.Text              `json:"added_date"`
}

func observer(sink format.Sink, checkType string) func(*record, finding.Position, []byte) error {
	return func(rec *record, pos finding.Position, raw []byte) error {
		id := rec.CheckID.String()
		if id == "" {
			id = rec.BCCheckID.String()
		}
		if id == "" && rec.CheckName == "" {
			return jsondoc.Bad("a failed check needs a check_id or a check_name")
		}
		word := string(rec.Severity)
		o := &finding.Observation{
			Position: pos,
			Kind:     kindOf(rec, id, checkType),
			Check: finding.Check{
				ID:          id,
				Title:       rec.CheckName.String(),
				Description: rec.Description.String(),
				URL:         rec.Guideline.String(),
				Guideline:   strings.Join(names(rec.Benchmarks), ", "),
			},
			Title:        rec.Short.String(),
			Message:      strings.Join(rec.Details, "\n"),
			Severity:     finding.SeverityOfWord(word),
			SeverityWord: word,
			CWEs:         ident.CWEs(rec.CWE...),
			Location:     rec.location(),
			Raw:          raw,
		}
		if rec.BCCheckID != "" && rec.BCCheckID.String() != id {
			o.Tags = append(o.Tags, rec.BCCheckID.String())
		}
		if rec.Category != "" {
			o.Tags = append(o.Tags, rec.Category.String())
		}
		if rec.CallerPath != "" {
			o.Related = append(o.Related, finding.Location{
				Path:      rec.CallerPath.String(),
				StartLine: rec.CallerRange.start,
				EndLine:   rec.CallerRange.end,
			})
		}
		switch o.Kind {
		case finding.Secret:
			rec.secret(o)
		case finding.Vulnerability, finding.Licence:
			rec.Vulnerability.fill(o)
		}
		return sink.Observe(o)
	}
}

func kindOf(rec *record, id, checkType string) finding.Kind {
	switch v := rec.Vulnerability; {
	case strings.HasPrefix(id, "CKV_SECRET") || checkType == "secrets":
		return finding.Secret
	case v != nil && v.ID != "":
		return finding.Vulnerability
	case v != nil && v.License != "":
		return finding.Licence
	case strings.HasPrefix(checkType, "sast"), strings.HasPrefix(id, "CKV3_SAST"):
		return finding.Code
	}
	return finding.Misconfiguration
}

func (rec *record) location() finding.Location {
	return finding.Location{
		Path:      rec.path(),
		StartLine: rec.LineRange.start,
		EndLine:   rec.LineRange.end,
		Snippet:   string(rec.CodeBlock),
		Resource:  either(rec.ResourceAddress, rec.Resource),
		Commit:    rec.Commit.String(),
		Author:    rec.Author.String(),
		Date:      rec.Date.String(),
	}
}

// path chooses between two relative paths: file_path counts from the scanned
// folder, repo_file_path from the working directory, which is the repository
// in a pipeline. Where the latter is only the absolute path again (a container
// that works in "/"), it says nothing of the repository.
func (rec *record) path() string {
	repo := rec.RepoFilePath.String()
	if repo == "" || repo == rec.FileAbsPath.String() {
		return rec.FilePath.String()
	}
	return repo
}

// secret fills in what a leak has. Checkov masks the value in the code block
// and gives a hash of it as the resource.
func (rec *record) secret(o *finding.Observation) {
	o.CWEs = []int{798}
	o.Secret = &finding.SecretValue{Detector: rec.CheckName.String()}
	if rec.Resource != "" {
		o.Location.Resource = ""
		o.Fingerprints = map[string]string{"secret_hash": rec.Resource.String()}
	}
}

// codeBlock is the text of a list of [number, line] pairs.
type codeBlock string

// UnmarshalJSONFrom implements json.UnmarshalerFrom. Anything that is no such
// list gives no text: the snippet is not worth losing the record for.
func (c *codeBlock) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var text []byte
	err := eachElement(d, func(int) error {
		return eachElement(d, func(i int) error {
			if i != 1 || d.PeekKind() != '"' {
				return d.SkipValue()
			}
			t, err := d.ReadToken()
			text = append(text, t.String()...)
			return err
		})
	})
	*c = codeBlock(text)
	return err
}

// eachElement calls fn for the elements of an array and skips anything else.
func eachElement(d *jsontext.Decoder, fn func(i int) error) error {
	if d.PeekKind() != '[' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for i := 0; d.PeekKind() != ']'; i++ {
		if err := fn(i); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// lineRange is a [first, last] pair.
type lineRange struct{ start, end int }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *lineRange) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	return eachElement(d, func(i int) error {
		var n jsondoc.Int
		err := n.UnmarshalJSONFrom(d)
		if n = max(n, 0); i == 0 {
			l.start = int(n)
		} else {
			l.end = int(n)
		}
		return err
	})
}

// severityWord is a word, or in some 2.x releases an object with the name.
type severityWord string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (s *severityWord) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var t jsondoc.Text
	if err := t.UnmarshalJSONFrom(d); err != nil {
		return err
	}
	if strings.HasPrefix(string(t), "{") {
		var named struct {
			Name jsondoc.Text `json:"name"`
		}
		if err := jsondoc.Unmarshal([]byte(t), &named); err != nil {
			return err
		}
		t = named.Name
	}
	*s = severityWord(t)
	return nil
}

func names(m map[string]jsontext.Value) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
