package csaf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzCSAF(f *testing.F) { formattest.Fuzz(f, Format) }

func collect(t *testing.T, doc string) *format.Document {
	t.Helper()
	in, err := format.NewBytesInput("csaf.json", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return format.Collect(t.Context(), Format, in)
}

// Other versions and other documents are refused by name.
func TestRefuses(t *testing.T) {
	for doc, want := range map[string]string{
		`{"document":{"csaf_version":"1.2"}}`:        `version "1.2" is not supported`,
		`{"document":{"title":"x"}}`:                 "csaf_version is missing",
		`{"vulnerabilities":[{"cve":"CVE-2025-1"}]}`: "csaf_version is missing",
		`[]`: "csaf_version is missing",
	} {
		if d := collect(t, doc); d.Err == nil || !strings.Contains(d.Err.Error(), want) {
			t.Errorf("%s: %v", doc, d.Err)
		}
	}
}

// Relationships that lead in a circle end.
func TestCircle(t *testing.T) {
	d := collect(t, `{"document":{"csaf_version":"2.0"},"product_tree":{"relationships":[
		{"category":"installed_on","product_reference":"a","relates_to_product_reference":"a","full_product_name":{"product_id":"a","name":"A"}}]},
		"vulnerabilities":[{"cve":"CVE-2025-1","product_status":{"fixed":["b"]}}]}`)
	if d.Err != nil || len(d.Observations) != 1 {
		t.Errorf("%d observations, %v", len(d.Observations), d.Err)
	}
}

// A large record of many products does not keep itself once a product.
func TestExcerpt(t *testing.T) {
	ids := make([]string, 3000)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"product-%d"`, i)
	}
	d := collect(t, `{"document":{"csaf_version":"2.0"},"product_tree":{},"vulnerabilities":[{"cve":"CVE-2025-1","product_status":{"fixed":[`+strings.Join(ids, ",")+`]}}]}`)
	if d.Err != nil || len(d.Observations) != len(ids) {
		t.Fatalf("%d observations, %v", len(d.Observations), d.Err)
	}
	if raw := string(d.Observations[7].Raw); !strings.Contains(raw, `"fixed":["product-7"]`) || len(raw) > 200 {
		t.Errorf("raw is %s", raw)
	}
}
