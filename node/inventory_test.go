package node

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/face/httpapi"
)

// Two SBOMs in which nothing is known to be wrong, written by the formats'
// specifications: CycloneDX 1.6 of a shop, SPDX 2.3 of a bank.
const (
	shopBOM = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
"metadata":{"timestamp":"2026-03-01T10:00:00Z","tools":{"components":[{"type":"application","name":"bomwright","version":"3.1"}]},
 "component":{"type":"application","bom-ref":"shop","name":"shop","version":"5.0"}},
"components":[
 {"type":"library","bom-ref":"web","group":"org.example","name":"webkit","version":"4.2.0","purl":"pkg:maven/org.example/webkit@4.2.0"},
 {"type":"library","bom-ref":"log","group":"org.apache.logging.log4j","name":"log4j-core","version":"2.14.1","purl":"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar","licenses":[{"license":{"id":"Apache-2.0"}}],"scope":"required"}],
"dependencies":[{"ref":"shop","dependsOn":["web"]},{"ref":"web","dependsOn":["log"]},{"ref":"log","dependsOn":[]}]}`
	bankBOM = `{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"bank","documentNamespace":"https://bank.example/sbom/1",
"creationInfo":{"created":"2026-03-02T10:00:00Z","creators":["Tool: papermill-2.0"]},
"packages":[
 {"SPDXID":"SPDXRef-bank","name":"bank","versionInfo":"1.0","downloadLocation":"NOASSERTION"},
 {"SPDXID":"SPDXRef-log","name":"log4j-core","versionInfo":"2.17.1","downloadLocation":"NOASSERTION","licenseConcluded":"Apache-2.0",
  "externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:maven/org.apache.logging.log4j/log4j-core@2.17.1"}]}],
"relationships":[
 {"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-bank"},
 {"spdxElementId":"SPDXRef-bank","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-log"}]}`
)

// send imports a report and waits until it is applied.
func (w *world) send(query, token, report string) {
	w.Helper()
	code, body := w.do("POST", "/api/v1/reports?"+query, token, report)
	var l httpapi.ReportList
	if err := json.Unmarshal([]byte(body), &l); err != nil || code != http.StatusAccepted {
		w.Fatalf("%d: %s", code, body)
	}
	if _, events := w.do("GET", "/api/v1/reports/"+l.Items[0].ID+"/events", token, ""); !strings.Contains(events, `"state":"applied"`) {
		w.Fatalf("not applied: %s", events)
	}
}

// components asks for components.
func (w *world) components(token string, query ...string) httpapi.InventoryList {
	w.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		v.Set(query[i], query[i+1])
	}
	code, body := w.do("GET", "/api/v1/components?"+v.Encode(), token, "")
	var l httpapi.InventoryList
	if err := json.Unmarshal([]byte(body), &l); err != nil || code != http.StatusOK {
		w.Fatalf("%s: %d %s", v.Encode(), code, body)
	}
	return l
}

// TestWhereIsLog4j asks over the wire what the inventory is for.
func TestWhereIsLog4j(t *testing.T) {
	w := newWorld(t)
	token := w.token("import", "read")
	w.send("application=shop&asset=shop-repo&ref=main&name=shop.cdx.json", token, shopBOM)
	w.send("application=bank&asset=bank-repo&ref=main&name=bank.spdx.json", token, bankBOM)

	both := w.components(token, "q", "log4j-core")
	if len(both.Items) != 2 {
		t.Fatalf("%d components, want 2: %+v", len(both.Items), both.Items)
	}
	for _, query := range [][]string{
		{"q", "log4j-core < 2.17.1"}, {"q", "log4j-core", "version", "<2.17.1"}, {"name", "org.apache.logging.log4j:log4j-core", "version", "[2.0,2.17.1)"},
		{"q", "log4j-core", "application", "shop"}, {"q", "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"},
		{"licence", "apache", "version", "2.14.1", "ecosystem", "maven"}, {"asset", both.Items[0].AssetID, "name", "log4j-core"},
	} {
		if l := w.components(token, query...); len(l.Items) != 1 || l.Items[0].Application != "shop" || l.Items[0].Version != "2.14.1" {
			t.Errorf("%v: %+v, want the shop's 2.14.1", query, l.Items)
		}
	}
	r := w.components(token, "q", "log4j-core < 2.17.1").Items[0]
	if r.Asset != "shop-repo" || r.Ref != "main" || r.Tool != "bomwright" || r.Direct == nil || *r.Direct || len(r.Licences) != 1 || r.Seen.Format("2006-01-02") != "2026-03-01" || r.Open != 0 {
		t.Errorf("row %+v", r)
	}

	code, body := w.do("GET", "/api/v1/components/paths?asset="+r.AssetID+"&component="+url.QueryEscape(r.PURL), token, "")
	var uses httpapi.ComponentUses
	if err := json.Unmarshal([]byte(body), &uses); err != nil || code != http.StatusOK || len(uses.Items) != 1 || len(uses.Items[0].Paths) != 1 {
		t.Fatalf("paths: %d %s", code, body)
	}
	var names []string
	for _, n := range uses.Items[0].Paths[0] {
		names = append(names, n.Name)
	}
	if got := strings.Join(names, " > "); got != "shop > org.example/webkit > org.apache.logging.log4j/log4j-core" {
		t.Errorf("path %q", got)
	}
	if by := uses.Items[0].Dependents; len(by) != 1 || by[0].Reference != "web" {
		t.Errorf("dependents %+v", by)
	}
}

func TestBadComponentQuestions(t *testing.T) {
	w := newWorld(t)
	token := w.token("read")
	for query, want := range map[string]int{
		"q=log4j+%3C":                        http.StatusUnprocessableEntity,
		"q=a+%3C+1&version=%3C2":             http.StatusUnprocessableEntity,
		"version=1+2":                        http.StatusUnprocessableEntity,
		"cursor=nonsense%21":                 http.StatusUnprocessableEntity,
		"asset=7":                            http.StatusUnprocessableEntity,
		"limit=0":                            http.StatusUnprocessableEntity,
		"q=nothing+%3C+1&ref=*&ecosystem=no": http.StatusOK,
	} {
		if code, body := w.do("GET", "/api/v1/components?"+query, token, ""); code != want {
			t.Errorf("%s: %d %s, want %d", query, code, body, want)
		}
	}
	if code, _ := w.do("GET", "/api/v1/components/paths?asset=01a20ab0-7202-729c-8121-5f2ad40b50b0&component=x", token, ""); code != http.StatusNotFound {
		t.Errorf("paths of nothing: %d, want 404", code)
	}
}
