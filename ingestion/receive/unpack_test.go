package receive

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func opener(b []byte) Opener {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b) // a buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

func zst(t testing.TB, b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// zipped makes an archive of names and contents, in order.
func zipped(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func unpack(b []byte, member string) (string, error) {
	rc, err := Unpack(opener(b), int64(len(b)), member)()
	if err != nil {
		return "", err
	}
	out, err := io.ReadAll(rc)
	return string(out), errors.Join(err, rc.Close())
}

func TestUnpack(t *testing.T) {
	const doc = `{"version":"2.1.0"}`
	for name, b := range map[string][]byte{
		"plain": []byte(doc), "gzip": gz([]byte(doc)), "zstd": zst(t, []byte(doc)),
		"gzip in zstd": zst(t, gz([]byte(doc))), "three deep": gz(gz(zst(t, []byte(doc)))),
		"two gzip parts": append(gz([]byte(doc[:5])), gz([]byte(doc[5:]))...),
	} {
		members, err := Members("r", opener(b), int64(len(b)))
		if err != nil || !slices.Equal(members, []string{""}) {
			t.Errorf("%s: members %q, %v", name, members, err)
		}
		if got, err := unpack(b, ""); got != doc || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got, err := unpack(nil, ""); got != "" || err != nil {
		t.Errorf("empty: %q, %v", got, err)
	}
}

func TestUnpackZip(t *testing.T) {
	names := []string{"a.json", "dir/b.json", "../../etc/passwd", "/abs.json", "./dot.json", `back\slash.json`, "a.json", "c.json.gz"}
	files := []string{"dir/", ""}
	for i, n := range names {
		body := fmt.Sprint("body ", i)
		if strings.HasSuffix(n, ".gz") {
			body = string(gz([]byte(body)))
		}
		files = append(files, n, body)
	}
	b := zipped(t, append(files, "__MACOSX/._a.json", "junk", ".DS_Store", "junk")...)
	members, err := Members("r.zip", opener(b), int64(len(b)))
	if err != nil || len(members) != len(names) {
		t.Fatalf("members %q, %v", members, err)
	}
	for i, m := range members {
		if got, err := unpack(b, m); got != fmt.Sprint("body ", i) || err != nil {
			t.Errorf("member %q: %q, %v", m, got, err)
		}
	}
}

// What an auditor said stands in another file of an FPR than the findings.
func TestArchiveThatIsADocument(t *testing.T) {
	b := zipped(t, "VERSION", "1.3", "audit.xml", "<Audit/>", "audit.fvdl", "<FVDL/>")
	members, err := Members("r.fpr", opener(b), int64(len(b)))
	if err != nil || !slices.Equal(members, []string{""}) {
		t.Errorf("members %q, %v, want the archive as one", members, err)
	}
	if got, err := unpack(b, ""); got != string(b) || err != nil {
		t.Errorf("unpacked to %d bytes, %v, want the archive's own %d", len(got), err, len(b))
	}
}

// refused expects a refusal of one class.
func refused(t *testing.T, name string, err error, want Why) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) || r.Reason != want || r.Text == "" {
		t.Errorf("%s: %v, want a refusal of class %d", name, err, want)
	}
}

func TestRefusals(t *testing.T) {
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	packed := gz(noise)
	_, err := unpack(packed[:12], "")
	refused(t, "gzip cut at once", err, Unreadable)
	_, err = unpack([]byte("\x1f\x8b junk that is no gzip"), "")
	refused(t, "no gzip", err, Unreadable)
	_, err = unpack([]byte("\x28\xb5\x2f\xfd junk that is no zstd"), "")
	refused(t, "no zstd", err, Unreadable)
	_, err = unpack(gz(gz(gz(gz([]byte("x"))))), "")
	refused(t, "four deep", err, Unreadable)
	if _, err = unpack(packed[:len(packed)-6], ""); err == nil {
		t.Error("a truncated stream ends without an error")
	}
	blanks := bytes.Repeat([]byte(" "), ratioFree+1<<20)
	bomb := gz(blanks)
	_, err = unpack(bomb, "")
	refused(t, "bomb", err, TooLarge)
	_, err = unpack(gz(bomb), "")
	refused(t, "bomb in gzip", err, TooLarge)
	nested := zipped(t, "bomb.gz", string(bomb))
	_, err = unpack(nested, "bomb.gz")
	refused(t, "bomb in zip", err, TooLarge)

	list := func(b []byte) error { _, err := Members("r.zip", opener(b), int64(len(b))); return err }
	refused(t, "empty zip", list(zipped(t)), Unreadable)
	refused(t, "only junk", list(zipped(t, "dir/", "", ".DS_Store", "x")), Unreadable)
	good := zipped(t, "a.json", strings.Repeat("x", 500), "b.json", "y")
	refused(t, "cut zip", list(good[:len(good)-10]), Unreadable)
	refused(t, "head alone", list([]byte("PK\x03\x04")), Unreadable)
	if _, err := unpack(good, "none.json"); err == nil {
		t.Error("a member that is not there opens")
	}
	var many []string
	for i := range maxMembers + 1 {
		many = append(many, fmt.Sprint(i), "x")
	}
	refused(t, "many members", list(zipped(t, many...)), TooLarge)
	_, err = Members("r.zip", opener(good), maxZip+1)
	refused(t, "large zip", err, TooLarge)
}

// TestLyingZip changes what an archive's directory says of its members.
func TestLyingZip(t *testing.T) {
	b := zipped(t, "a.json", "aaaa", "b.json", strings.Repeat("b", 5000))
	directory := func(fn func(entry []byte)) []byte {
		out := bytes.Clone(b)
		for at := 0; ; {
			i := bytes.Index(out[at:], []byte("PK\x01\x02"))
			if i < 0 {
				return out
			}
			at += i + 4
			fn(out[at-4:])
		}
	}
	huge := directory(func(e []byte) { binary.LittleEndian.PutUint32(e[24:], 0xFFFFFFF0) })
	_, err := Members("r.zip", opener(huge), int64(len(huge)))
	if err == nil { // two of almost 4 GiB stay within the limit; what comes out does not lie
		if _, err = unpack(huge, "b.json"); err == nil {
			t.Error("a member that lies about its size unpacks")
		}
	}
	small := directory(func(e []byte) { binary.LittleEndian.PutUint32(e[24:], 1) })
	if got, err := unpack(small, "b.json"); err == nil && len(got) != 5000 {
		t.Errorf("%d bytes without an error", len(got))
	}
	locked := directory(func(e []byte) { e[8] |= 1 })
	_, err = Members("r.zip", opener(locked), int64(len(locked)))
	refused(t, "encrypted", err, Unreadable)
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte(`{"a":1}`), "")
	f.Add(gz([]byte("x")), "")
	f.Add(zipped(f, "a.json", "x", "../b", "y"), "a.json")
	f.Add(zst(f, gz([]byte("x"))), "")
	f.Fuzz(func(t *testing.T, b []byte, member string) {
		ms, err := Members("r", opener(b), int64(len(b)))
		if err == nil && len(ms) == 0 {
			t.Error("no members and no error")
		}
		for _, m := range append(ms, member) {
			rc, err := Unpack(opener(b), int64(len(b)), m)()
			if err != nil {
				continue
			}
			n, _ := io.Copy(io.Discard, io.LimitReader(rc, ratioFree*2)) // errors are expected, endless streams are not
			if n >= ratioFree*2 {
				t.Errorf("%d bytes unpack to more than %d", len(b), n)
			}
			_ = rc.Close()
		}
	})
}
