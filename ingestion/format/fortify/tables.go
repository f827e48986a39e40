package fortify

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// tables are the parts of an FVDL that its vulnerabilities refer to.
type tables struct {
	created      struct{ date, time string }
	project      string
	buildID      string
	root         string
	version      string
	notes        []string
	descriptions map[string]description // by class
	rules        map[string]ratings     // by rule, which is the class
	nodes        map[string]node        // by id
	contexts     map[string]string      // function by id
	snippets     map[string]snippet
	snippetBytes int
}

// maxSnippets bounds the source text that is held; what comes later is left
// out.
const maxSnippets = 128 << 20

// description explains a class of flaws. Its texts are HTML as text.
type description struct {
	ClassID         string `xml:"classID,attr"`
	Abstract        string
	Explanation     string
	Recommendations string
	Tips            []string `xml:"Tips>Tip"`
	References      []struct {
		Title, Author, Source string
	} `xml:"References>Reference"`
}

// ratings are the values of a rule's or an instance's MetaInfo by their name.
type ratings map[string]string

type metaInfo struct {
	Groups []struct {
		Name  string `xml:"name,attr"`
		Value string `xml:",chardata"`
	} `xml:"Group"`
}

func (m metaInfo) ratings() ratings {
	out := ratings{}
	for _, g := range m.Groups {
		if v := strings.TrimSpace(g.Value); v != "" && v != "None" {
			out[g.Name] = v
		}
	}
	return out
}

type snippet struct {
	ID    string `xml:"id,attr"`
	Start int    `xml:"StartLine"`
	End   int    `xml:"EndLine"`
	Text  string
}

// node is a stop of a trace.
type node struct {
	ID       string `xml:"id,attr"`
	Label    string `xml:"label,attr"`
	Default  bool   `xml:"isDefault,attr"`
	Location struct {
		Path      string `xml:"path,attr"`
		Line      int    `xml:"line,attr"`
		LineEnd   int    `xml:"lineEnd,attr"`
		Column    int    `xml:"colStart,attr"`
		ColumnEnd int    `xml:"colEnd,attr"`
		Context   string `xml:"contextId,attr"`
		Snippet   string `xml:"snippet,attr"`
	} `xml:"SourceLocation"`
	Action string
}

type function struct {
	Name      string `xml:"name,attr"`
	Namespace string `xml:"namespace,attr"`
	Class     string `xml:"enclosingClass,attr"`
}

// symbol joins the names that are there with dots.
func (f function) symbol() string {
	return strings.Join(ident.Add(nil, f.Namespace, f.Class, f.Name), ".")
}

// readTables makes the first pass. When the document ends too early it returns
// what came before together with the error.
func readTables(ctx context.Context, in *format.Input) (*tables, error) {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t := &tables{descriptions: map[string]description{}, rules: map[string]ratings{}, nodes: map[string]node{}, contexts: map[string]string{}, snippets: map[string]snippet{}}
	for {
		start, err := r.Next()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err == nil {
			err = t.element(r, start)
		}
		if err != nil {
			return t, err
		}
	}
}

// element keeps one element of the tables, goes into those that hold some,
// and passes over all others.
func (t *tables) element(r *xmldoc.Reader, start xml.StartElement) (err error) {
	name := start.Name.Local
	switch {
	case r.Depth() == 1:
	case r.At([]string{"FVDL", "CreatedTS"}):
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "date":
				t.created.date = a.Value
			case "time":
				t.created.time = a.Value
			}
		}
	case r.At([]string{"FVDL", "Build", name}):
		return t.build(r, start)
	case r.At([]string{"FVDL", "ContextPool", "Context"}):
		var c struct {
			ID       string   `xml:"id,attr"`
			Function function `xml:"Function"`
		}
		err = r.Decode(&start, &c)
		t.contexts[c.ID] = c.Function.symbol()
	case r.At([]string{"FVDL", "UnifiedNodePool", "Node"}):
		var n node
		err = r.Decode(&start, &n)
		t.nodes[n.ID] = n
	case r.At([]string{"FVDL", "Description"}):
		var d description
		err = r.Decode(&start, &d)
		t.descriptions[d.ClassID] = d
	case r.At([]string{"FVDL", "Snippets", "Snippet"}):
		var s snippet
		err = r.Decode(&start, &s)
		if t.snippetBytes += len(s.Text); t.snippetBytes <= maxSnippets {
			t.snippets[s.ID] = s
		}
	case r.At([]string{"FVDL", "EngineData", "EngineVersion"}):
		t.version, err = r.Text(&start)
	case r.At([]string{"FVDL", "EngineData", "Errors", "Error"}):
		var note string
		if note, err = r.Text(&start); note != "" && len(t.notes) < 5 {
			t.notes = append(t.notes, note)
		}
	case r.At([]string{"FVDL", "EngineData", "RuleInfo", "Rule"}):
		var rule struct {
			ID   string   `xml:"id,attr"`
			Meta metaInfo `xml:"MetaInfo"`
		}
		err = r.Decode(&start, &rule)
		t.rules[rule.ID] = rule.Meta.ratings()
	case t.holds(name) && r.Depth() <= 3:
	default:
		return r.Skip()
	}
	return err
}

// holds names the elements around those of the tables.
func (t *tables) holds(name string) bool {
	switch name {
	case "Build", "ContextPool", "UnifiedNodePool", "Snippets", "EngineData", "Errors", "RuleInfo":
		return true
	}
	return false
}

func (t *tables) build(r *xmldoc.Reader, start xml.StartElement) (err error) {
	switch start.Name.Local {
	case "Project":
		t.project, err = r.Text(&start)
	case "BuildID":
		t.buildID, err = r.Text(&start)
	case "SourceBasePath":
		t.root, err = r.Text(&start)
	default:
		return r.Skip()
	}
	return err
}

func (t *tables) run() format.Run {
	run := format.Run{Tool: "Fortify", Version: t.version, Notes: t.notes, Target: format.Target{Name: t.project, Root: t.root}}
	if run.Target.Name == "" {
		run.Target.Name = t.buildID
	}
	if at, err := time.Parse("2006-01-02 15:04:05", t.created.date+" "+t.created.time); err == nil {
		run.Started = at // the zone is not told
	}
	return run
}

// audit is what people made of an issue.
type audit struct {
	claim finding.Claim
}

// analysis is the tag of that name: the verdict of an auditor.
const analysis = "87f2364f-dcd4-49e6-861d-f8d3f351686b"

// readAudit reads audit.xml: issues by their instance.
func readAudit(ctx context.Context, in *format.Input) (map[string]audit, error) {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	out := map[string]audit{}
	for {
		start, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if start.Name.Local != "Issue" || !r.Within("IssueList") {
			continue
		}
		var i auditIssue
		if err := r.Decode(&start, &i); err != nil {
			return nil, err
		}
		out[i.ID] = audit{i.claim()}
	}
}

type auditIssue struct {
	ID         string `xml:"instanceId,attr"`
	Suppressed bool   `xml:"suppressed,attr"`
	Tags       []struct {
		ID    string `xml:"id,attr"`
		Value string
	} `xml:"Tag"`
	History []struct {
		Tag struct {
			ID string `xml:"id,attr"`
		}
		EditTime, Username string
	} `xml:"ClientAuditTrail>TagHistory"`
	Comments []struct {
		Content, Username, Timestamp string
	} `xml:"ThreadedComments>Comment"`
}

// claim is the verdict. That an issue is suppressed counts less than why: an
// auditor hides what is no issue and what is accepted alike.
func (i *auditIssue) claim() finding.Claim {
	c := finding.Claim{Source: "audit"}
	for _, t := range i.Tags {
		if strings.EqualFold(t.ID, analysis) {
			c.Justification = t.Value
		}
	}
	switch word := strings.ToLower(c.Justification); {
	case strings.Contains(word, "not an issue"), strings.Contains(word, "false positive"):
		c.State = finding.ClaimFalsePositive
	case i.Suppressed:
		c.State = finding.ClaimSuppressedByTool
	case strings.Contains(word, "suspicious"):
		c.State = finding.ClaimUnderReview
	case word != "":
		c.State = finding.ClaimAffected // Exploitable, Bad Practice, Reliability Issue, and a house's own grades
	}
	if i.Suppressed && c.Justification == "" {
		c.Justification = "suppressed"
	}
	var said []string
	for _, m := range i.Comments {
		if text := strings.TrimSpace(m.Content); text != "" {
			said = append(said, text)
		}
		c.By, c.At = m.Username, ident.Time(m.Timestamp)
	}
	c.Detail = strings.Join(said, "\n")
	if n := len(i.History); c.By == "" && n > 0 {
		c.By, c.At = i.History[n-1].Username, ident.Time(i.History[n-1].EditTime)
	}
	if c.State == finding.ClaimNone && c.Detail == "" {
		return finding.Claim{}
	}
	return c
}
