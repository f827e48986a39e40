package dependencytrack

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// read runs readBody and returns what it kept.
func read(r io.Reader) (fields, []byte, error) {
	var kept []byte
	f, err := readBody(r, "bom", func(r io.Reader) (err error) {
		kept, err = io.ReadAll(r)
		return err
	})
	return f, kept, err
}

func TestReadBody(t *testing.T) {
	document := strings.Repeat("a document / of some size\n", 5000)
	encoded := base64.StdEncoding.EncodeToString([]byte(document))
	for name, body := range map[string]string{
		"first":   `{"bom":"` + encoded + `","projectName":"x","n":[1,{"bom":"no"}],"yes":true}`,
		"last":    `{ "projectName" : "x" , "yes" : true,"bom":"` + encoded + `" } `,
		"escaped": `{"projectName":"\u0078","yes":true,"bom":"` + strings.ReplaceAll(encoded, "/", `\/`) + `"}`,
		"wrapped": `{"projectName":"x","yes":true,"bom":"` + encoded[:76] + `\r\n` + encoded[76:] + `"}`,
		"unicode": `{"projectName":"x","yes":true,"bom":"` + strings.ReplaceAll(encoded, "+", `\u002b`) + `"}`,
	} {
		for _, r := range []io.Reader{strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body))} {
			f, kept, err := read(r)
			if err != nil || string(kept) != document || f.text("projectName") != "x" || !f.yes("yes") {
				t.Errorf("%s: %v, %d bytes of %d, %v", name, err, len(kept), len(document), f)
			}
		}
	}
}

// FuzzReadBody compares with the standard library on whatever it takes.
func FuzzReadBody(f *testing.F) {
	for _, s := range []string{`{"bom":"YQ==","projectName":"x"}`, `{"projectName":"x","bom":"YWI="}`, `{}`, `{"bom":"\u0059Q\u003d="}`, `{"bom":null}`, `[`, `{"a":{"bom":"x"}}`, `{"bom":"YQ`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, kept, err := read(bytes.NewReader(b))
		if err != nil {
			return
		}
		var want map[string]any
		if json.NewDecoder(bytes.NewReader(b)).Decode(&want) != nil {
			return // a base64 decoder stops at what follows the padding; only the store sees less
		}
		if s, ok := want["bom"].(string); ok && strings.Count(string(b), "bom") == 1 {
			plain, err := base64.StdEncoding.DecodeString(s)
			if err == nil && !bytes.Equal(plain, kept) {
				t.Errorf("kept %q, want %q", kept, plain)
			}
		}
		for name := range got {
			if _, ok := want[name]; !ok {
				t.Errorf("a member %q that is not there", name)
			}
		}
	})
}
