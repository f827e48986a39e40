package mapping

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// read decodes a document by a mapping whose head (name, detect) is given
// here and whose rest is the test's.
func read(t *testing.T, input, rest, document string) *format.Document {
	t.Helper()
	head := "name: tidewatch\ntitle: Tidewatch\ndoc: a test\nkind: code\ninput: " + input + "\n"
	if !strings.Contains(rest, "detect:") {
		head += "detect: [{text: '.'}]\n"
	}
	m, err := Load("tidewatch.yaml", []byte(head+rest))
	if err != nil {
		t.Fatal(err)
	}
	in, err := format.NewBytesInput("report", []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	d := format.Collect(t.Context(), m.Format(), in)
	if d.Err != nil {
		t.Fatal(d.Err)
	}
	return d
}

func titles(d *format.Document) (out []string) {
	for _, o := range d.Observations {
		out = append(out, o.Title)
	}
	return out
}

// TestPaths walks every sort of path to the records.
func TestPaths(t *testing.T) {
	for name, c := range map[string]struct{ input, path, title, doc, want string }{
		"list":              {"json", "results[]", ".t", `{"results":[{"t":"a"},null,{"t":"b"}],"x":1}`, "a b"},
		"top level":         {"json", `"[]"`, ".t", `[{"t":"a"},{"t":"b"}]`, "a b"},
		"one for a list":    {"json", "results[]", ".t", `{"results":{"t":"a"}}`, "a"},
		"members":           {"json", "vulns{}", `"\($key)=\(.t)"`, `{"vulns":{"k":{"t":"a"},"l":{"t":"b"}}}`, "k=a l=b"},
		"members of lists":  {"json", `"{}[]"`, `"\($key)=\(.t)"`, `{"f.py":[{"t":"a"},{"t":"b"}],"g.py":[]}`, "f.py=a f.py=b"},
		"nested":            {"json", "files[].issues[]", `"\($up.name)/\(.t)"`, `{"files":[{"issues":[{"t":"a"},{"t":"b"}],"name":"f"},{"name":"g","issues":[]}]}`, "f/a f/b"},
		"outermost":         {"json", "a[].b.c[]", `"\($top.n)\($up.n)\(.t)"`, `{"a":[{"b":{"c":[{"t":"x"}]},"n":"1"}]}`, "11x"},
		"lines":             {"json", ".", ".t", "{\"t\":\"a\"}\n{\"t\":\"b\"}\n", "a b"},
		"appended":          {"json", "r[]", ".t", `{"r":[{"t":"a"}]}{"r":[{"t":"b"}]}`, "a b"},
		"two versions":      {"json", `["r[].v[]", "[].v[]"]`, `"\($top.n)\(.t)"`, `{"n":"x","r":[{"n":"1","v":[{"t":"a"}]}]}`, "1a"},
		"script":            {"json", "r[]", ".t", "var results =\n{\"r\":[{\"t\":\"a\"}]}", "a"},
		"quoted":            {"json", `'"a.b"[]'`, `."t t"`, `{"a.b":[{"t t":"a"}]}`, "a"},
		"element":           {"xml", "r.f[].e[]", `"\($up._n)/\(._m)/\(text)"`, `<r><f n="1"><e m="x">a</e><e m="y">b</e></f><f n="2"><g/></f></r>`, "1/x/a 1/y/b"},
		"single element":    {"xml", "r.e[]", ".t", `<r><e><t>a</t></e></r>`, "a"},
		"several of a name": {"xml", "r.e[]", ".t", `<r><e><t>a</t><t>b</t></e></r>`, "a\nb"},
		"table":             {"csv", "", `."Full name"`, "x;Full name\n1;a\n2;b\n", "a b"},
	} {
		t.Run(name, func(t *testing.T) {
			records := "records:\n- path: " + c.path + "\n  fields:\n    title: '" + c.title + "'\n"
			if c.input == "csv" {
				records = "records: [{fields: {title: '" + c.title + "'}}]\n"
			}
			d := read(t, c.input, records, c.doc)
			if got := strings.Join(titles(d), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for i, o := range d.Observations {
				if o.Position.Record != i || len(o.Raw) == 0 {
					t.Errorf("observation %d is record %d with raw %q", i, o.Position.Record, o.Raw)
				}
			}
		})
	}
}

// TestWhatStandsAround reads values before and behind the records, and a list
// to look things up in.
func TestWhatStandsAround(t *testing.T) {
	d := read(t, "json", `
context: {version: meta.version, rules: {path: "rules[]", key: .id}}
run: {version: $version, started: .none}
records: [{path: "results[]", fields: {title: '$rules[.rule].name'}}]
`, `{"results":[{"rule":"R2"},{"rule":"R1"}],"rules":[{"id":"R1","name":"one"},{"id":"R2","name":"two"}],"meta":{"version":3.1}}`)
	if diff := cmp.Diff([]string{"two", "one"}, titles(d)); diff != "" || d.Runs[0].Version != "3.1" {
		t.Errorf("%s, version %q", diff, d.Runs[0].Version)
	}
	d = read(t, "xml", `
context: {version: r._version, rules: {path: "r.rules.rule[]", key: ._id}}
run: {version: $version}
records: [{path: "r.hit[]", fields: {title: '$rules[._rule].name'}}]
`, `<r version="7"><hit rule="b"/><rules><rule id="a"><name>A</name></rule><rule id="b"><name>B</name></rule></rules></r>`)
	if diff := cmp.Diff([]string{"B"}, titles(d)); diff != "" || d.Runs[0].Version != "7" {
		t.Errorf("%s, version %q", diff, d.Runs[0].Version)
	}
}

// TestTargets opens a run for each host and comes back to one.
func TestTargets(t *testing.T) {
	d := read(t, "json", `
records: [{path: "[]", target: {kind: '"host"', name: .host}, fields: {title: .t}}]
`, `[{"host":"a","t":"1"},{"host":"a","t":"2"},{"host":"b","t":"3"},{"host":"a","t":"4"}]`)
	var got []string
	for _, r := range d.Runs {
		got = append(got, r.Target.Name)
	}
	if diff := cmp.Diff([]string{"a", "b", "a"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestFields fills fields of every sort from odd spellings.
func TestFields(t *testing.T) {
	d := read(t, "json", `
tables: {how: {"ON FIRE": critical}}
records:
  - path: "[]"
    when: .passed | not
    fields:
      check.id: .id
      severity: {value: .sev, table: how, default: low}
      cwe: [.cwe, .cwes]
      advisory: .ids
      cvss: ['{vector: .vec, score: .score}']
      component.name: .pkg
      component.ecosystem: '"npm"'
      component.version: .ver
      location.path: .file
      location.line: .line
      reference: .refs
      tag: {value: .tags, split: ","}
      message: {value: .html, html: true}
      claim.state: {value: .state, table: {muted: suppressed}}
      fingerprint.tool: .hash
      first_seen: .seen
`, `[{"passed":true},{"id":7,"sev":"On Fire","cwe":"CWE-79","cwes":[89,"CWE-79"],"ids":"CVE-2021-44228, GHSA-jfh8-c2jp-5v3q","vec":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","score":"9.8",
"pkg":"@tide/watch","ver":"1.0","file":"a.js","line":"12-14","refs":"see https://example.org/a and https://example.org/b","tags":"x, y","html":"<p>hi &amp; bye</p>","state":"MUTED","hash":"h1","seen":1700000000000},
{"id":"8","sev":"unheard of"}]`)
	if len(d.Observations) != 2 || len(d.Faults) != 0 {
		t.Fatalf("%d observations, faults %v", len(d.Observations), d.Faults)
	}
	got := *d.Observations[0]
	got.Raw, got.Position = nil, finding.Position{}
	want := finding.Observation{
		Kind: finding.Code, Check: finding.Check{ID: "7"}, Severity: finding.SeverityCritical, SeverityWord: "On Fire",
		CWEs: []int{79, 89}, Advisories: []string{"CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"},
		CVSS:      []finding.CVSS{{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8, Version: "3.1"}},
		Component: &finding.Component{PURL: "pkg:npm/%40tide/watch@1.0", Ecosystem: "npm", Name: "@tide/watch", Version: "1.0"},
		Location:  finding.Location{Path: "a.js", StartLine: 12}, References: []string{"https://example.org/a", "https://example.org/b"},
		Tags: []string{"x", "y"}, Message: "hi & bye", Claim: finding.Claim{State: finding.ClaimSuppressedByTool},
		Fingerprints: map[string]string{"tool": "h1"}, FirstSeen: time.UnixMilli(1700000000000).UTC(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if o := d.Observations[1]; o.Severity != finding.SeverityLow || o.SeverityWord != "unheard of" {
		t.Errorf("an unknown word is %v (%s), want the default", o.Severity, o.SeverityWord)
	}
}

// TestOddRecords sets aside what names no flaw and reads on.
func TestOddRecords(t *testing.T) {
	d := read(t, "json", `
records: [{path: "r[]", each: ".places | if type == \"object\" then error(\"odd\") else . end", fields: {title: .t, location.path: $item}}]
`, `{"r":[{"t":"a","places":["x","y"]},{"places":[]},"text",{"t":"b","places":{}},{"t":"c"}]}`)
	var got []string
	for _, o := range d.Observations {
		got = append(got, o.Title+"@"+o.Location.Path)
	}
	if diff := cmp.Diff([]string{"a@x", "a@y", "c@"}, got); diff != "" {
		t.Error(diff)
	}
	if d.Records() != 5 || len(d.Faults) != 3 {
		t.Errorf("%d records, faults %v", d.Records(), d.Faults)
	}
}

// TestRefusal refuses a document that is forced on the mapping and has no
// records where they are expected.
func TestRefusal(t *testing.T) {
	m, err := Load("m.yaml", []byte("name: m\nkind: code\ninput: json\ndetect: [{keys: [results]}]\nrecords: [{path: 'results[]', fields: {title: .t}}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	in, err := format.NewBytesInput("report", []byte(`{"error":"no licence"}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := format.Collect(t.Context(), m.Format(), in); d.Err == nil {
		t.Error("a document of another sort is read as an empty report")
	}
}

// TestCheck names what is wrong with a mapping, all of it.
func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		"name: m\n": "input",
		"name: m\nkind: code\ninput: json\nsurprise: 1\ndetect: [{keys: [a]}]\nrecords: []\n":                                                            "surprise",
		"name: m\nkind: code\ninput: json\ndetect: [{}]\nrecords: [{path: 'a[]', fields: {title: .t}}]\n":                                                "says nothing of the content",
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {titel: .t}}]\n":                                       `no field "titel"`,
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {title: '.a |'}}]\n":                                   "expression",
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {title: $nobody}}]\n":                                  "$nobody",
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {severity: {value: .s, table: {x: dreadful}}}}]\n":     "dreadful",
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a]}]\nrecords: [{path: 'a..b', fields: {title: .t}}]\nrun: {speed: .x}\n":                    `no "speed"`,
		"name: m\nkind: fruit\ninput: json\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {title: .t}}]\n":                                      "fruit",
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a], sure: very}]\nrecords: [{path: 'a[]', fields: {title: .t}}]\n":                           "very",
		"name: m\nkind: code\ninput: json\ncontext: {v: x}\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {title: .t, location.path: .p}}]\n":   "no expression uses $v",
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a]}]\nrecords: [{path: 'a[]', fields: {title: .t, severity: .s, location.path: .p}}]\n":      "neither check.id nor advisory",
		"name: m\nkind: code\ninput: json\ndetect: [{keys: [a]}]\ntables: {t: {a: b}}\nrecords: [{path: 'a[]', fields: {check.id: .t, severity: .s}}]\n": "no field uses",
	} {
		_, problems := Check("m.yaml", []byte(text))
		all := ""
		for _, p := range problems {
			all += p.Message + "\n"
		}
		if !strings.Contains(all, want) {
			t.Errorf("%s\nwant a problem about %q, got:\n%s", text, want, all)
		}
	}
}

// FuzzMapping reads mutations of documents by a mapping that uses all that
// mappings can do.
func FuzzMapping(f *testing.F) {
	var mappings []*Mapping
	for _, src := range []string{
		"name: j\nkind: code\ninput: json\ndetect: [{keys: [r]}]\ncontext: {c: x.y, l: {path: 'q[]', key: .id}}\nrun: {version: $c}\nrecords:\n- {path: ['r[].s[]', '{}[]', '[]'], each: .e, target: {name: .h}, fields: {title: .t, message: '$l[.k].m', location.line: .l, cvss: .v, first_seen: .d, check.id: $up.id, tag: '[.. | strings]'}}\n",
		"name: x\nkind: code\ninput: xml\ndetect: [{root: r}]\ncontext: {c: r._v, l: {path: 'r.q[]', key: ._id}}\nrecords:\n- {path: ['r.s[].t[]', 'r.u'], fields: {title: ._t, message: '$l[._k]', component.purl: .p, check.id: $up._id}}\n",
		"name: c\nkind: code\ninput: csv\ndetect: [{columns: [a, b]}]\nrecords: [{fields: {title: .a, severity: .b, cwe: .c}}]\n",
	} {
		m, err := Load("fuzz.yaml", []byte(src))
		if err != nil {
			f.Fatal(err)
		}
		mappings = append(mappings, m)
	}
	for _, seed := range []string{
		`{"x":{"y":1},"r":[{"id":1,"s":[{"t":"a","e":[1,{"a":[]}],"k":"z","l":"3-4","v":[{"vector":"AV:N"}],"d":"2024-01-01"}]}],"q":[{"id":"z","m":{}}]}`,
		`[{"t":1},[],"x",null]`, `{"a":[{"t":"b"}]}`, `<r v="1"><q id="k">m</q><s id="9"><t t="a" k="k"><p>pkg:npm/a@1</p></t></s><u/></r>`, "a,b,c\n1,high,CWE-79\n\"x", "{\"a\":1}\n{\"a\":2}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range mappings {
			in, err := format.NewBytesInput("fuzz", b)
			if err != nil {
				t.Fatal(err)
			}
			m.detect(in.Head())
			d := format.Collect(t.Context(), m.Format(), in)
			last := -1
			for _, o := range d.Observations {
				if o.Position.Record < last {
					t.Errorf("record %d follows record %d", o.Position.Record, last)
				}
				last = o.Position.Record
			}
		}
	})
}
