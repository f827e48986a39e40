package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// headSize is how much of a document detection sees.
const headSize = 256 << 10

// ErrEmpty says that a document has no content at all. What that means is the
// importer's to decide: some tools write nothing when they find nothing, and
// so does a tool that crashed.
var ErrEmpty = errors.New("the document is empty")

// Input is one document: the decompressed report in UTF-8. It can be opened
// several times, so a decoder may make two passes instead of holding much.
type Input struct {
	name string
	enc  encoding.Encoding // nil for UTF-8
	open func() (io.ReadCloser, error)
	head Head
}

// NewInput reads the head of a document and finds out its encoding. Name is
// the file's name, used only as a weak hint; open gives the bytes from the
// start each time it is called.
func NewInput(name string, open func() (io.ReadCloser, error)) (*Input, error) {
	in := &Input{name: name, open: open}
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	raw := make([]byte, headSize)
	n, err := io.ReadFull(r, raw)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read the head of %q: %w", name, err)
	}
	raw = raw[:n]
	in.enc = guessEncoding(raw)
	if in.enc != nil {
		raw, _, _ = transform.Bytes(in.enc.NewDecoder(), raw)
	}
	in.head = newHead(name, bytes.TrimPrefix(raw, bom), n == headSize)
	return in, nil
}

// NewBytesInput makes an input of bytes in memory.
func NewBytesInput(name string, b []byte) (*Input, error) {
	return NewInput(name, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil })
}

// Name is the file name that the document came with; it may be empty.
func (in *Input) Name() string { return in.name }

// Head is the beginning of the document.
func (in *Input) Head() Head { return in.head }

// Open returns the document from the start as UTF-8 without a byte order
// mark. The caller closes it.
func (in *Input) Open() (io.ReadCloser, error) {
	r, err := in.open()
	if err != nil {
		return nil, err
	}
	if in.enc != nil {
		return readCloser{transform.NewReader(r, in.enc.NewDecoder()), r}, nil
	}
	return readCloser{&bomSkipper{r: r}, r}, nil
}

type readCloser struct {
	io.Reader
	io.Closer
}

var bom = []byte{0xEF, 0xBB, 0xBF}

// bomSkipper drops a UTF-8 byte order mark at the start of a stream.
type bomSkipper struct {
	r       io.Reader
	started bool
	rest    []byte
}

func (b *bomSkipper) Read(p []byte) (int, error) {
	if !b.started {
		b.started = true
		first := make([]byte, len(bom))
		n, err := io.ReadFull(b.r, first)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
		b.rest = bytes.TrimPrefix(first[:n], bom)
	}
	if len(b.rest) > 0 {
		n := copy(p, b.rest)
		b.rest = b.rest[n:]
		return n, nil
	}
	return b.r.Read(p)
}

// guessEncoding returns nil for UTF-8. UTF-16 is told by its byte order mark
// or, without one, by the zero bytes that ASCII has in it; anything that is
// not valid UTF-8 is read as Windows-1252, the superset of Latin-1 in which
// every byte means something.
func guessEncoding(head []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil // a document that is a zip archive has no text to translate
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case len(head) >= 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case len(head) >= 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	if len(head) == headSize { // a rune may be cut at the end
		for i := 0; i < utf8.UTFMax && len(head) > 0; i++ {
			if r, _ := utf8.DecodeLastRune(head); r != utf8.RuneError {
				break
			}
			head = head[:len(head)-1]
		}
	}
	if utf8.Valid(head) || mostlyUTF8(head) {
		return nil
	}
	return charmap.Windows1252
}

// mostlyUTF8 tells a UTF-8 document with a few broken bytes (kept, and shown
// as U+FFFD) from one in an eight-bit encoding, where each letter beyond
// ASCII is invalid.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else {
			good++
		}
		b = b[n:]
	}
	return good > bad
}
