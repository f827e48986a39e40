package feed

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func zip(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// samples are small files of every kind, written by the publishers' formats
// with invented names.
var samples = map[Kind]string{
	EPSS: "#model_version:v2025.03.14,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\nCVE-2024-0001,0.94358,0.99912\nCVE-2024-0002,0.00047,0\n",
	KEV: `{"title":"Catalog","catalogVersion":"2026.08.07","dateReleased":"2026-08-07T16:45:47.0648Z","count":2,"vulnerabilities":[
 {"cveID":"CVE-2024-0001","vendorProject":"Acme","product":"Gate","vulnerabilityName":"Acme Gate Command Injection","dateAdded":"2024-02-01","shortDescription":"…","requiredAction":"Update.","dueDate":"2024-02-22","knownRansomwareCampaignUse":"Known","notes":"","cwes":["CWE-78"]},
 {"cveID":"CVE-2024-0002","vendorProject":"Acme","product":"Wall","vulnerabilityName":"Acme Wall","dateAdded":"2024-03-01","dueDate":"","knownRansomwareCampaignUse":"Unknown","cwes":[]}]}`,
	ExploitDB: "id,file,description,date_published,author,type,platform,port,date_added,date_updated,verified,codes,tags,aliases,screenshot_url,application_url,source_url\n" +
		"50001,exploits/multi/remote/50001.py,\"Acme Gate 1.0 - \"\"Remote\"\" Code Execution\",2024-02-10,someone,remote,multi,443,2024-02-12,2024-02-12,1,CVE-2024-0001;OSVDB-1,,,,,\n" +
		"50002,exploits/php/webapps/50002.txt,Acme Wall - XSS,2024-03-05,someone,webapps,php,,2024-03-05,,0,CVE-2024-0002;CVE-2024-0003,,,,,\n" +
		"50003,exploits/linux/dos/50003.c,Nameless,2024-03-06,someone,dos,linux,,2024-03-06,,0,,,,,,\n",
	Metasploit: `{"exploit_multi/http/acme_gate":{"name":"Acme Gate","fullname":"exploit/multi/http/acme_gate","rank":600,"disclosure_date":"2024-02-01","type":"exploit","references":["CVE-2024-0001","URL-https://example.org"],"mod_time":"2026-01-01 10:00:00 +0000","ref_name":"multi/http/acme_gate","targets":null},
 "auxiliary_scanner/x":{"name":"X","fullname":"auxiliary/scanner/x","rank":300,"disclosure_date":null,"type":"auxiliary","references":[]},
 "post_linux/y":{"name":"Y","fullname":"post/linux/y","rank":300,"disclosure_date":null,"type":"post","references":["CVE-2024-0009"]}}`,
	Nuclei: `{"ID":"CVE-2024-0001","Info":{"Name":"Acme Gate - Command Injection","Severity":"critical","Description":"…","Classification":{"CVSSScore":"9.8"}},"file_path":"http/cves/2024/CVE-2024-0001.yaml"}` + "\n" +
		`{"ID":"CNVD-2024-1","Info":{"Name":"Other","Severity":"low","Classification":{"CVSSScore":"N/A"}},"file_path":"http/cnvd/CNVD-2024-1.yaml"}` + "\n",
	Evidence: "cve,first_seen,edb_first,edb_count,edb_verified,msf_first,msf_modules,msf_rank,nuclei,nuclei_first,github_poc_first,github_poc_count,poc_links_github,poc_links_reference,maturity\n" +
		"CVE-2024-0001,2024-02-10,2024-02-12,1,1,2024-02-20,1,excellent,1,2024-02-11,2024-02-10,3,20,1,weaponized\n" +
		"CVE-2024-0002,,,0,0,,0,,0,,,0,0,1,reference\n",
	CVSS: "cve,published,cvss3,cvss3_score,cvss3_src,cvss2,cvss2_score,cvss4,cwe\n" +
		"CVE-2024-0001,2024-01-30,CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H,9.8,nvd,AV:N/AC:L/Au:N/C:C/I:C/A:C,10.0,,78;77\n" +
		"CVE-2024-0002,2024-02-01,,,,,,,\n",
	SSVC: "cve,timestamp,exploitation,automatable,technical_impact\nCVE-2024-0001,2024-02-03,Active,Yes,Total\nCVE-2024-0002,2024-02-01,none,no,partial\n",
	Aliases: "cve,ghsa,other_id,ecosystem,packages,source\n" +
		"CVE-2024-0001,GHSA-jjjj-2222-3333,GO-2024-1,Go,example.org/gate,golang/vulndb\n" +
		",GHSA-cccc-2222-3333,RUSTSEC-2024-1,crates.io,gate,rustsec\n" +
		"CVE-2024-0004,,RHSA-2024:1,,,x\n",
}

var wantRows = map[Kind][]Row{
	EPSS: {
		{Kind: EPSS, CVE: "CVE-2024-0001", EPSS: enrich.EPSS{Probability: 0.94358, Percentile: 0.99912, AsOf: day("2026-08-16")}},
		{Kind: EPSS, CVE: "CVE-2024-0002", EPSS: enrich.EPSS{Probability: 0.00047, AsOf: day("2026-08-16")}},
	},
	KEV: {
		{Kind: KEV, CVE: "CVE-2024-0001", CWEs: []int{78}, KEV: enrich.KEV{DateAdded: day("2024-02-01"), DueDate: day("2024-02-22"), Ransomware: true, Name: "Acme Gate Command Injection"}},
		{Kind: KEV, CVE: "CVE-2024-0002", KEV: enrich.KEV{DateAdded: day("2024-03-01"), Name: "Acme Wall"}},
	},
	ExploitDB: {
		{Kind: ExploitDB, CVE: "CVE-2024-0001", Exploit: enrich.Exploit{Maturity: enrich.MaturityFunctional, FirstSeen: day("2024-02-12"), Sources: []string{"Exploit-DB"}}},
		{Kind: ExploitDB, CVE: "CVE-2024-0002", Exploit: enrich.Exploit{Maturity: enrich.MaturityPoC, FirstSeen: day("2024-03-05"), Sources: []string{"Exploit-DB"}}},
		{Kind: ExploitDB, CVE: "CVE-2024-0003", Exploit: enrich.Exploit{Maturity: enrich.MaturityPoC, FirstSeen: day("2024-03-05"), Sources: []string{"Exploit-DB"}}},
	},
	Metasploit: {{Kind: Metasploit, CVE: "CVE-2024-0001", Exploit: enrich.Exploit{Maturity: enrich.MaturityWeaponised, Sources: []string{"Metasploit"}}}},
	Nuclei:     {{Kind: Nuclei, CVE: "CVE-2024-0001", Exploit: enrich.Exploit{Maturity: enrich.MaturityFunctional, Sources: []string{"Nuclei"}}}},
	Evidence: {
		{Kind: Evidence, CVE: "CVE-2024-0001", Exploit: enrich.Exploit{Maturity: enrich.MaturityWeaponised, FirstSeen: day("2024-02-10"), Sources: []string{"Exploit-DB", "Metasploit", "Nuclei", "GitHub", "GitHub links", "reference links"}}},
		{Kind: Evidence, CVE: "CVE-2024-0002", Exploit: enrich.Exploit{Maturity: enrich.MaturityReference, Sources: []string{"reference links"}}},
	},
	CVSS: {{Kind: CVSS, CVE: "CVE-2024-0001", Published: day("2024-01-30"), CWEs: []int{78, 77}, CVSS: []finding.CVSS{
		{Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8, Version: "3.1", Source: "nvd"},
		{Vector: "AV:N/AC:L/Au:N/C:C/I:C/A:C", Score: 10, Version: "2.0"},
	}}},
	SSVC: {
		{Kind: SSVC, CVE: "CVE-2024-0001", SSVC: enrich.SSVC{Exploitation: enrich.ExploitationActive, Automatable: enrich.Yes, Total: enrich.Yes, AsOf: day("2024-02-03")}},
		{Kind: SSVC, CVE: "CVE-2024-0002", SSVC: enrich.SSVC{Exploitation: enrich.ExploitationNone, Automatable: enrich.No, Total: enrich.No, AsOf: day("2024-02-01")}},
	},
	Aliases: {
		{Kind: Aliases, CVE: "CVE-2024-0001", Aliases: []advisory.ID{"CVE-2024-0001", "GHSA-jjjj-2222-3333", "GO-2024-1"}},
		{Kind: Aliases, Aliases: []advisory.ID{"GHSA-cccc-2222-3333", "RUSTSEC-2024-1"}},
	},
}

func parse(b []byte, kind Kind) ([]Row, Meta, error) {
	var rows []Row
	m, err := Parse(bytes.NewReader(b), kind, func(r Row) error { rows = append(rows, r); return nil })
	return rows, m, err
}

func TestParse(t *testing.T) {
	wantMeta := map[Kind]Meta{
		EPSS: {AsOf: day("2026-08-16"), Version: "v2025.03.14", Rows: 2}, KEV: {AsOf: day("2026-08-07").Add(16*time.Hour + 45*time.Minute + 47064800*time.Microsecond), Version: "2026.08.07", Rows: 2},
		ExploitDB: {AsOf: day("2024-03-06"), Rows: 3, Empty: 1}, Metasploit: {Rows: 1, Empty: 2}, Nuclei: {Rows: 1, Empty: 1},
		Evidence: {AsOf: day("2024-02-10"), Rows: 2}, CVSS: {AsOf: day("2024-02-01"), Rows: 1, Empty: 1}, SSVC: {AsOf: day("2024-02-03"), Rows: 2}, Aliases: {Rows: 2, Empty: 1},
	}
	for _, kind := range Kinds() {
		forms := map[string][]byte{
			"plain": []byte(samples[kind]), "gzip": zip(samples[kind]), "byte order mark": []byte(byteOrderMark + samples[kind]),
			"CRLF": []byte(strings.ReplaceAll(samples[kind], "\n", "\r\n")),
		}
		for form, b := range forms {
			t.Run(string(kind)+" "+form, func(t *testing.T) {
				if got, err := Detect(b, "file"); err != nil || got != kind {
					t.Errorf("detected as %q, %v", got, err)
				}
				rows, m, err := parse(b, kind)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(wantRows[kind], rows); diff != "" {
					t.Error(diff)
				}
				want := wantMeta[kind]
				want.Kind = kind
				if kind == KEV { // the catalogue's clock has a fraction of a second
					want.AsOf = m.AsOf
					if m.AsOf.Format(time.DateOnly) != "2026-08-07" {
						t.Errorf("as of %v", m.AsOf)
					}
				}
				if diff := cmp.Diff(want, m); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// Every cut of every sample is either refused or, where the cut falls behind
// a whole row of a plain table, gives nothing but true rows.
func TestTruncatedFilesAreRefused(t *testing.T) {
	for _, kind := range Kinds() {
		packed := zip(samples[kind])
		for i := range packed {
			if _, _, err := parse(packed[:i], kind); err == nil {
				t.Errorf("%s: %d of %d compressed bytes are accepted", kind, i, len(packed))
			}
		}
		for i := range samples[kind] {
			rows, _, err := parse([]byte(samples[kind][:i]), kind)
			if err != nil {
				continue
			}
			if kind == KEV || kind == Metasploit {
				t.Errorf("%s: a document cut after %d bytes is accepted", kind, i)
			}
			if len(rows) > len(wantRows[kind]) {
				t.Errorf("%s: %d bytes give %d rows", kind, i, len(rows))
			}
		}
	}
	if _, _, err := parse(zip(samples[EPSS])[:40], EPSS); !errors.Is(err, ErrTruncated) {
		t.Errorf("a cut gzip file gives %v", err)
	}
	cut := samples[EPSS][:len(samples[EPSS])-12]
	if _, _, err := parse([]byte(cut), EPSS); !errors.Is(err, ErrTruncated) {
		t.Errorf("a table cut in its last line gives %v", err)
	}
	mended := strings.Replace(samples[KEV], `"count":2`, `"count":1662`, 1)
	if _, _, err := parse([]byte(mended), KEV); !errors.Is(err, ErrTruncated) {
		t.Errorf("a catalogue with two of 1662 entries gives %v", err)
	}
}

func TestWrongFilesAreRefused(t *testing.T) {
	page := "<!DOCTYPE html><html><body>503 Service Unavailable</body></html>"
	for _, kind := range Kinds() {
		for why, c := range map[string]struct {
			body string
			want error
		}{
			"a web page":       {page, ErrNotFeed},
			"nothing":          {"", ErrEmpty},
			"only space":       {" \n\n", ErrEmpty},
			"an error message": {`{"error":"rate limited"}`, nil},
			"another table":    {"a,b\n1,2\n", nil},
			"only a header":    {strings.SplitAfter(samples[kind], "\n")[0], nil},
		} {
			if why == "only a header" && (kind == Nuclei || kind == Metasploit) {
				continue // these have none
			}
			if _, _, err := parse([]byte(c.body), kind); err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s from %s gives %v; want %v", kind, why, err, c.want)
			}
		}
		if _, err := Detect([]byte(page), "x"); !errors.Is(err, ErrNotFeed) {
			t.Errorf("a web page is detected: %v", err)
		}
	}
	if _, err := Parse(strings.NewReader(page), "nvd", nil); err == nil {
		t.Error("an unknown kind is accepted")
	}
	for _, head := range []string{"", "cve;epss\n", "[1,2]", `{"runs":[]}`, "\x1f\x8b", "just text"} {
		if kind, err := Detect([]byte(head), "x"); err == nil {
			t.Errorf("%q is detected as %s", head, kind)
		}
	}
}

// bulk is a table with n good lines after the header and then the given ones.
func bulk(header, line string, n int, then ...string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		fmt.Fprintf(&b, line+"\n", fmt.Sprintf("CVE-2024-%05d", 10000+i))
	}
	for _, l := range then {
		b.WriteString(l + "\n")
	}
	return b.String()
}

func TestBadRowsAreCounted(t *testing.T) {
	for _, tt := range []struct {
		kind   Kind
		header string
		line   string
		bad    []string
	}{
		{EPSS, "cve,epss,percentile", "%s,0.1,0.5", []string{"CVE-2024-1,0.1,0.5", "CVE-2024-0001,1.5,0.5", "CVE-2024-0001,NaN,0.5", "CVE-2024-0001,-0.1,0.5", "CVE-2024-0001,0.1,7", "CVE-2024-0001,,0.5", ",0.1,0.5", "CVE-2024-0001,0.1", "CVE-2024-0001,0.1,0.5,9", "CVE-2024-0001,0.1,0.5"}},
		{CVSS, "cve,published,cvss3,cvss3_score", "%s,2024-01-01,,5.0", []string{"CVE-2024-0001,2024-01-01,,11", "CVE-2024-0001,2024-01-01,,NaN", "CVE-2024-0001,0001-01-01,,5", "CVE-2024-0001,soon,,5", "CVE-2024-0001,2024-01-01," + strings.Repeat("x", 500) + ",5", "CVE-2024-0001,2024-01-01,,5"}},
		{SSVC, "cve,timestamp,exploitation,automatable", "%s,2024-01-01,none,no", []string{"CVE-2024-0001,2024-01-01,maybe,no", "CVE-2024-0001,2024-01-01,none,perhaps", "CVE-2024-0001,20240101,none,no", "CVE-2024-0001,2024-01-01,none,no"}},
		{Evidence, "cve,first_seen,edb_count,maturity", "%s,2024-01-01,1,poc", []string{"CVE-0000-0000,2024-01-01,1,poc", "CVE-2024-0001,2024-01-01,-1,poc", "CVE-2024-0001,2024-01-01,1,huge", "CVE-2024-0001,2024-01-01,1,poc"}},
		{ExploitDB, "id,date_published,verified,codes", "1,2024-01-01,0,%s", []string{"2,2024-01-01,yes,CVE-2024-0001", "3,2024-01-01,2,CVE-2024-0001", "4,2024-01-01,0,CVE-2024-0001"}},
		{Aliases, "cve,ghsa,other_id", "%s,GHSA-jjjj-2222-3333,", []string{"nonsense,GHSA-jjjj-2222-3333,", "CVE-2024-0001,nonsense,", "CVE-2024-0001,GHSA-jjjj-2222-3333,"}},
	} {
		const good = 1000
		rows, m, err := parse([]byte(bulk(tt.header, tt.line, good, tt.bad...)), tt.kind)
		wrong := len(tt.bad) - 1 // the last is good, so that the file does not end in a bad line
		if err != nil || len(rows) != good+1 || m.Rows != good+1 || m.Bad != wrong || len(m.BadRows) != wrong {
			t.Errorf("%s: %d rows, %d bad, %v, %v; want %d and %d", tt.kind, len(rows), m.Bad, m.BadRows, err, good+1, wrong)
			continue
		}
		for i, b := range m.BadRows {
			if b.Line != good+2+i || b.Reason == "" {
				t.Errorf("%s: bad row %d is told as %+v", tt.kind, i, b)
			}
		}
		if _, _, err := parse([]byte(bulk(tt.header, tt.line, 10, tt.bad...)), tt.kind); !errors.Is(err, ErrTooManyBad) {
			t.Errorf("%s: %d bad of %d gives %v", tt.kind, wrong, wrong+11, err)
		}
	}
}

// An exploit with an absurd date is still an exploit.
func TestAbsurdDatesAreMended(t *testing.T) {
	for kind, text := range map[Kind]string{
		Evidence:  "cve,first_seen,maturity\nCVE-2024-0001,1970-01-01,poc\n",
		ExploitDB: "id,date_published,date_added,verified,codes\n1,2024-13-01,,0,CVE-2024-0001\n",
	} {
		rows, m, err := parse([]byte(text), kind)
		if err != nil || len(rows) != 1 || !rows[0].Exploit.FirstSeen.IsZero() || rows[0].Exploit.Maturity != enrich.MaturityPoC || m.Mended != 1 || m.Bad != 0 || len(m.BadRows) != 1 {
			t.Errorf("%s: %+v, %+v, %v", kind, rows, m, err)
		}
	}
}

func TestBadEntriesOfDocuments(t *testing.T) {
	var kev, msf []string
	for i := range 100 {
		kev = append(kev, fmt.Sprintf(`{"cveID":"CVE-2024-%d","dateAdded":"2024-01-01"}`, 10000+i))
		msf = append(msf, fmt.Sprintf(`"m%d":{"fullname":"exploit/m%d","type":"exploit","references":["CVE-2024-%d"]}`, i, i, 10000+i))
	}
	kev = append(kev, `{"cveID":"x","dateAdded":"2024-01-01"}`, `{"cveID":"CVE-2024-0001","dateAdded":"never"}`, `{"cveID":"CVE-2024-0001","dateAdded":"2024-01-01","dueDate":"1024-01-01"}`, `7`)
	_, m, err := parse([]byte(`{"vulnerabilities":[`+strings.Join(kev, ",")+`]}`), KEV)
	if err != nil || m.Rows != 100 || m.Bad != 4 || m.BadRows[0].Line != 101 {
		t.Errorf("KEV: %+v, %v", m, err)
	}
	msf = append(msf, `"a":{}`, `"b":[]`, `"c":{"fullname":"c","references":"CVE-2024-1"}`)
	_, m, err = parse([]byte(`{`+strings.Join(msf, ",")+`}`), Metasploit)
	if err != nil || m.Rows != 100 || m.Bad != 3 {
		t.Errorf("Metasploit: %+v, %v", m, err)
	}
	if _, _, err = parse([]byte(`{"vulnerabilities":[`+kev[0]+`]}{"x":1}`), KEV); !errors.Is(err, ErrNotFeed) {
		t.Errorf("two documents in one: %v", err)
	}
	lines := strings.Repeat(strings.SplitAfter(samples[Nuclei], "\n")[0], 50)
	_, m, err = parse([]byte(lines+"not json\n"), Nuclei)
	if err != nil || m.Rows != 50 || m.Bad != 1 || m.BadRows[0].Line != 51 {
		t.Errorf("Nuclei: %+v, %v", m, err)
	}
}

func TestCallbackStopsParsing(t *testing.T) {
	full := errors.New("the disk is full")
	for _, kind := range Kinds() {
		n := 0
		_, err := Parse(strings.NewReader(samples[kind]), kind, func(Row) error { n++; return full })
		if err != full || n != 1 {
			t.Errorf("%s: %d calls, error %v", kind, n, err)
		}
	}
}

func TestDateInName(t *testing.T) {
	for name, want := range map[string]string{"epss_scores-2026-08-16.csv.gz": "2026-08-16", `C:\feeds\epss-2026-08-16.csv`: "2026-08-16", "dir-2020-01-01/kev.json": "", "kev.json": "", "x-9999-99-99": ""} {
		got, ok := DateInName(name)
		if ok != (want != "") || ok && got.Format(time.DateOnly) != want {
			t.Errorf("DateInName(%q) = %v, %v", name, got, ok)
		}
	}
}

func TestReplace(t *testing.T) {
	have := enrich.Status{Feed: enrich.FeedEPSS, AsOf: day("2026-08-16"), Rows: 1000}
	for why, c := range map[string]struct {
		fresh enrich.Status
		ok    bool
	}{
		"newer and larger": {enrich.Status{AsOf: day("2026-08-17"), Rows: 1001}, true},
		"the same again":   {enrich.Status{AsOf: day("2026-08-16"), Rows: 1000}, true},
		"without a date":   {enrich.Status{Rows: 1000}, true},
		"slightly smaller": {enrich.Status{AsOf: day("2026-08-17"), Rows: 801}, true},
		"much smaller":     {enrich.Status{AsOf: day("2026-08-17"), Rows: 799}, false},
		"older":            {enrich.Status{AsOf: day("2026-08-15"), Rows: 2000}, false},
	} {
		if err := Replace(have, c.fresh); (err == nil) != c.ok {
			t.Errorf("%s: %v", why, err)
		}
	}
	if err := Replace(enrich.Status{}, enrich.Status{Rows: 1}); err != nil {
		t.Errorf("the first feed is refused: %v", err)
	}
}

// TestRealFeeds reads whole feeds of the shared data folder.
func TestRealFeeds(t *testing.T) {
	dir := sharedDir(t)
	for name, c := range map[string]struct {
		kind    Kind
		atLeast int
	}{
		"epss.csv.gz": {EPSS, 300_000}, "kev.json": {KEV, 1_500}, "cvss.csv.gz": {CVSS, 190_000}, "ssvc.csv.gz": {SSVC, 60_000},
		"exploit_evidence.csv.gz": {Evidence, 180_000}, "aliases.csv.gz": {Aliases, 15_000},
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if kind, err := Detect(b[:min(len(b), HeadSize)], name); err != nil || kind != c.kind {
			t.Errorf("%s is detected as %q, %v", name, kind, err)
		}
		m, err := Parse(bytes.NewReader(b), c.kind, func(Row) error { return nil })
		if err != nil || m.Rows < c.atLeast || m.AsOf.IsZero() && c.kind != Aliases {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
		t.Logf("%s: %d rows as of %s, %d without content, %d bad: %v", name, m.Rows, m.AsOf.Format(time.DateOnly), m.Empty, m.Bad, m.BadRows)
	}
}

// sharedDir finds the folder of real data that is not part of the repository.
func sharedDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("STANCE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "intel")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the shared data folder is not here: %v", err)
	}
	return dir
}

func FuzzParse(f *testing.F) {
	kinds := Kinds()
	for i, k := range kinds {
		f.Add(i, []byte(samples[k]))
		f.Add(i, zip(samples[k]))
	}
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		kind := kinds[((i%len(kinds))+len(kinds))%len(kinds)]
		if _, err := Detect(b, "fuzz"); err == nil && len(b) == 0 {
			t.Error("nothing was detected as something")
		}
		rows, m, err := parse(b, kind)
		if err == nil && (m.Rows != len(rows) || m.Rows == 0) {
			t.Errorf("%d rows handed out, %d told", len(rows), m.Rows)
		}
		for _, r := range rows {
			if r.Kind != kind || kind != Aliases && r.CVE.Kind() != advisory.CVE || kind == Aliases && len(r.Aliases) < 2 {
				t.Errorf("row %+v of kind %s", r, kind)
			}
			if p := r.EPSS.Probability; !(p >= 0 && p <= 1) {
				t.Errorf("probability %v", p)
			}
		}
	})
}

func BenchmarkParseEPSS(b *testing.B) {
	text := []byte(bulk("cve,epss,percentile", "%s,0.00123,0.45678", 50_000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Parse(bytes.NewReader(text), EPSS, func(Row) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
