package zap

import (
	"strings"
	"testing"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/formattest"
)

func TestGolden(t *testing.T) { formattest.Golden(t, Format) }

func FuzzDecode(f *testing.F) { formattest.Fuzz(f, Format) }

// An alert with many instances gives each observation a raw record with its
// own instance only.
func TestRawHoldsOneInstance(t *testing.T) {
	for name, doc := range map[string]string{
		"a.xml":  `<OWASPZAPReport><site name="http://s"><alerts><alertitem><name>n</name><instances><instance><uri>http://s/1</uri></instance><instance><uri>http://s/2</uri></instance></instances><cweid>1</cweid></alertitem></alerts></site></OWASPZAPReport>`,
		"a.json": `{"site":[{"@name":"http://s","alerts":[{"name":"n","instances":[{"uri":"http://s/1"},{"uri":"http://s/2"}],"cweid":"1"}]}]}`,
	} {
		in, err := format.NewBytesInput(name, []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		d := format.Collect(t.Context(), Format, in)
		if d.Err != nil || len(d.Observations) != 2 || d.Records() != 1 {
			t.Fatalf("%s: %d observations, %d records, error %v", name, len(d.Observations), d.Records(), d.Err)
		}
		for i, o := range d.Observations {
			mine, others := []string{"http://s/1", "http://s/2"}[i], []string{"http://s/2", "http://s/1"}[i]
			if raw := string(o.Raw); !strings.Contains(raw, mine) || strings.Contains(raw, others) || !strings.Contains(raw, "cweid") {
				t.Errorf("%s: raw record of %s: %s", name, mine, raw)
			}
		}
	}
}
