package httpapi

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

// TestOpenAPI holds the checked-in document against the types.
func TestOpenAPI(t *testing.T) {
	const path = "../../docs/openapi.json"
	got, err := OpenAPI("1")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("docs/openapi.json is not what the types say; write it with: make openapi")
	}
}
