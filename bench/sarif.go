package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"
)

// reportSpec describes a made-up report. Equal specs make equal results, so
// that a report with another time is the re-import of an unchanged scan.
type reportSpec struct {
	seed    uint64
	bytes   int64 // stop once so long; 0: count decides
	results int
	at      time.Time
}

// The shapes below are the part of SARIF 2.1.0 that static analysers fill in.
type (
	text struct {
		Text string `json:"text"`
	}
	artifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId"`
	}
	region struct {
		StartLine   int   `json:"startLine"`
		StartColumn int   `json:"startColumn,omitempty"`
		EndLine     int   `json:"endLine,omitempty"`
		EndColumn   int   `json:"endColumn,omitempty"`
		Snippet     *text `json:"snippet,omitempty"`
	}
	physical struct {
		Artifact artifact `json:"artifactLocation"`
		Region   region   `json:"region"`
		Context  *region  `json:"contextRegion,omitempty"`
	}
	location struct {
		Physical physical `json:"physicalLocation"`
		Message  *text    `json:"message,omitempty"`
	}
	flowStep struct {
		Location location `json:"location"`
	}
	threadFlow struct {
		Locations []flowStep `json:"locations"`
	}
	codeFlow struct {
		Threads []threadFlow `json:"threadFlows"`
	}
	result struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      text              `json:"message"`
		Locations    []location        `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Flows        []codeFlow        `json:"codeFlows,omitempty"`
		Properties   map[string]any    `json:"properties"`
	}
	help struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	rule struct {
		ID         string         `json:"id"`
		Name       string         `json:"name"`
		Short      text           `json:"shortDescription"`
		Full       text           `json:"fullDescription"`
		Help       help           `json:"help"`
		HelpURI    string         `json:"helpUri"`
		Properties map[string]any `json:"properties"`
	}
)

// ruleCount is how many checks the made-up analyser has.
const ruleCount = 50

// weaknesses are real CWE numbers and the words that the made-up checks use.
var weaknesses = [...]struct {
	cwe  int
	what string
}{
	{79, "cross-site scripting"}, {89, "SQL injection"}, {78, "command injection"}, {22, "path traversal"}, {502, "unsafe deserialization"},
	{918, "server-side request forgery"}, {327, "weak cipher"}, {611, "XML external entity"}, {601, "open redirect"}, {94, "code injection"},
}

var words = [...]string{"account", "billing", "cart", "customer", "export", "gateway", "invoice", "ledger", "mailer", "order", "payment", "profile", "refund", "search", "session", "tariff"}

func levelOf(rule int) string { return [...]string{"error", "warning", "note"}[rule%3] }

// writeReport writes a report to a file and returns how many results and
// bytes it has.
func writeReport(path string, s reportSpec) (results int, size int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	counted := &counter{w: f}
	w := bufio.NewWriterSize(counted, 1<<18)
	if results, err = s.write(w, counted); err != nil {
		return 0, 0, fmt.Errorf("write report %q: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		return 0, 0, fmt.Errorf("write report %q: %w", path, err)
	}
	return results, counted.n, f.Close()
}

// counter counts what has reached the file.
type counter struct {
	w io.Writer
	n int64
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (s reportSpec) write(w *bufio.Writer, written *counter) (int, error) {
	rules := make([]rule, ruleCount)
	for i := range rules {
		rules[i] = makeRule(i)
	}
	driver, err := json.Marshal(map[string]any{"driver": map[string]any{"name": "Fathom", "semanticVersion": "4.2.0", "informationUri": "https://fathom.example", "rules": rules}})
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(w, `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":%s,"invocations":[{"executionSuccessful":true,"startTimeUtc":%q}],"results":[`,
		driver, s.at.UTC().Format(time.RFC3339))
	rng := rand.New(rand.NewPCG(s.seed, 1))
	n := 0
	for ; s.results > n || s.bytes > written.n+int64(w.Buffered()); n++ {
		b, err := json.Marshal(makeResult(rng, s.seed, n))
		if err != nil {
			return n, err
		}
		if n > 0 {
			w.WriteByte(',')
		}
		w.Write(b)
	}
	_, err = w.WriteString("]}]}\n") // a failed write before this one shows here again
	return n, err
}

func makeRule(i int) rule {
	weak, at := weaknesses[i%len(weaknesses)], words[i%len(words)]
	id := fmt.Sprintf("FA%03d/%s", i, at)
	why := fmt.Sprintf("Data that a caller controls reaches a place where it leads to %s. The %s layer passes it on without checking it against what is expected there, so whoever sends the request decides what happens next. ", weak.what, at)
	fix := "Check the value against a list of what is allowed, as close to where it enters as can be, and use an interface that keeps code and data apart. Do not rely on removing characters: encodings differ between layers. "
	return rule{
		ID: id, Name: fmt.Sprintf("Possible %s in %s code", weak.what, at), Short: text{fmt.Sprintf("Possible %s in %s code", weak.what, at)}, Full: text{why},
		Help:    help{why + fix + why + fix, "# What is wrong\n\n" + why + "\n\n# How to mend it\n\n" + fix + "\n\n```go\nvalue, err := allowed.Parse(input)\n```\n"},
		HelpURI: "https://fathom.example/rules/" + id,
		Properties: map[string]any{"tags": []string{"security", fmt.Sprintf("external/cwe/cwe-%03d", weak.cwe)}, "precision": "high",
			"security-severity": fmt.Sprintf("%.1f", 3.5+float64(i%13)/2)},
	}
}

// makeResult makes the nth result: three or so in a file, each on a line and
// with code of its own, every third with the way that the data takes.
func makeResult(rng *rand.Rand, seed uint64, n int) result {
	r := rng.IntN(ruleCount)
	weak, at := weaknesses[r%len(weaknesses)], words[r%len(words)]
	file := artifact{fmt.Sprintf("service/%s/internal/%s/handler_%d_%d.go", words[n/3%len(words)], words[n/48%len(words)], seed, n/3), "%SRCROOT%"}
	line := 20 + n%3*60 + rng.IntN(40)
	code := fmt.Sprintf("\tresult%d, err := %s.Query(ctx, base+request.Field%d)", n%997, at, rng.IntN(100_000))
	around := fmt.Sprintf("func (h *%sHandler) serve%d(ctx context.Context, request *Request) error {\n%s\n\tif err != nil {\n\t\treturn fmt.Errorf(\"serve: %%w\", err)\n\t}\n", at, n%997, code)
	out := result{
		RuleID: fmt.Sprintf("FA%03d/%s", r, at), RuleIndex: r, Level: levelOf(r),
		Message:      text{fmt.Sprintf("The value of request.Field%d comes from a caller and reaches %s.Query as it is: %s is possible.", n%997, at, weak.what)},
		Locations:    []location{{Physical: physical{file, region{line, 2, line, 2 + len(code), &text{code}}, &region{StartLine: line - 1, EndLine: line + 4, Snippet: &text{around}}}}},
		Fingerprints: map[string]string{"primaryLocationLineHash": fmt.Sprintf("%016x:1", rng.Uint64())},
		Properties:   map[string]any{"confidence": "high", "reviewState": "none"},
	}
	if n%3 == 0 {
		var steps []flowStep
		for i := range 4 {
			steps = append(steps, flowStep{location{physical{Artifact: file, Region: region{StartLine: line - 8 + 2*i, StartColumn: 5, EndColumn: 40}}, &text{fmt.Sprintf("request.Field%d is passed on", n%997)}}})
		}
		out.Flows = []codeFlow{{[]threadFlow{{steps}}}}
	}
	return out
}
