package all

import (
	"os"
	"slices"
	"testing"
)

// helpers are folders beside the formats that are none.
var helpers = []string{"all", "awsdoc", "csvdoc", "formattest", "guess", "htmldoc", "ident", "jsondoc", "mapping", "xmldoc"}

// TestListIsComplete compares the list with the folders, so that no format is
// forgotten, and holds what users rely on: unique names, in order.
func TestListIsComplete(t *testing.T) {
	var listed, folders []string
	for _, f := range Coded() {
		listed = append(listed, f.Name)
		if f.Title == "" || f.Doc == "" || f.Detect == nil || f.Decode == nil {
			t.Errorf("format %q is not whole", f.Name)
		}
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(helpers, e.Name()) {
			folders = append(folders, e.Name())
		}
	}
	if !slices.Equal(listed, folders) {
		t.Errorf("the list has %v\nthe folders are %v", listed, folders)
	}
}
