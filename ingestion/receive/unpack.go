package receive

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// What unpacking may come to. A report is text that compresses well; more
// than maxRatio is a bomb. The ratio counts only beyond ratioFree bytes,
// because a small file of blanks compresses without limit.
const (
	maxUnpacked = 8 << 30
	maxRatio    = 400
	ratioFree   = 64 << 20
	maxMembers  = 1000
	maxNesting  = 3 // archives in archives
)

// Opener opens bytes from their start.
type Opener func() (io.ReadCloser, error)

// Members lists the reports in an upload: [""] for a single one, plain or
// compressed, and the paths of the files of a zip archive. An archive that is
// a document of its own counts as one.
func Members(name string, open Opener, size int64) ([]string, error) {
	magic, err := peek(open)
	if err != nil {
		return nil, err
	}
	if !isZip(magic) {
		return []string{""}, nil
	}
	z, done, err := openZip(open, size)
	if err != nil {
		return nil, err
	}
	defer done()
	if len(z.File) > maxMembers {
		return nil, &Refusal{TooLarge, fmt.Sprintf("%s holds %d files; at most %d are taken at a time", orReport(name), len(z.File), maxMembers)}
	}
	var out []string
	var total uint64
	all := members(z)
	if slices.ContainsFunc(all, func(m member) bool { return m.name == fortifyResults }) {
		return []string{""}, nil
	}
	for _, m := range all {
		if m.f.Flags&encrypted != 0 {
			return nil, &Refusal{Unreadable, fmt.Sprintf("%s in %s is encrypted with a password; send it without", m.name, orReport(name))}
		}
		if total += min(m.f.UncompressedSize64, maxUnpacked+1); total > maxUnpacked {
			return nil, &Refusal{TooLarge, fmt.Sprintf("%s unpacks to more than %d GiB", orReport(name), maxUnpacked>>30)}
		}
		out = append(out, m.name)
	}
	if len(out) == 0 {
		return nil, &Refusal{Unreadable, orReport(name) + " is an archive without files"}
	}
	return out, nil
}

// fortifyResults is the file by which an archive is told to be an FPR of
// Fortify: what an auditor said of the findings in it stands in another file
// of the archive, so its decoder needs both.
const fortifyResults = "audit.fvdl"

// encrypted is the bit of a member's flags that says so (APPNOTE 4.4.4).
const encrypted = 1

// member is a file of an archive under the name that it has here. Names are
// what the archive says, even if they lead out of it: nothing is written by
// them. One that occurs again gets a number.
type member struct {
	name string
	f    *zip.File
}

func members(z *zip.Reader) []member {
	var out []member
	seen := map[string]int{}
	for _, f := range z.File {
		if !f.Mode().IsRegular() || junk(f.Name) {
			continue
		}
		name := f.Name
		if seen[f.Name]++; seen[f.Name] > 1 {
			name = fmt.Sprintf("%s (%d)", f.Name, seen[f.Name])
		}
		out = append(out, member{name, f})
	}
	return out
}

func orReport(name string) string {
	if name == "" {
		return "the upload"
	}
	return name
}

// junk are files that archivers add and no tool wrote.
func junk(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || base == ".DS_Store" || base == "Thumbs.db"
}

// Unpack returns an opener for one member with all compression undone.
func Unpack(open Opener, size int64, member string) Opener {
	return func() (io.ReadCloser, error) {
		rc, err := open()
		if err != nil {
			return nil, err
		}
		if member != "" {
			rc.Close()
			if rc, err = openMember(open, size, member); err != nil {
				return nil, err
			}
		}
		return inflate(rc, size, 0)
	}
}

func openMember(open Opener, size int64, member string) (io.ReadCloser, error) {
	z, done, err := openZip(open, size)
	if err != nil {
		return nil, err
	}
	for _, m := range members(z) {
		if m.name != member {
			continue
		}
		f, err := m.f.Open()
		if err != nil {
			done()
			return nil, &Refusal{Unreadable, fmt.Sprintf("unpack %s: %v", member, err)}
		}
		return closers{&bound{r: f, packed: size}, []func() error{f.Close, done}}, nil
	}
	done()
	return nil, &Refusal{Unreadable, fmt.Sprintf("%s is not in the archive", member)}
}

// inflate undoes gzip and zstd, one in the other too, within the limits.
func inflate(rc io.ReadCloser, packed int64, depth int) (io.ReadCloser, error) {
	br := bufio.NewReaderSize(rc, 64<<10)
	magic, err := br.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		rc.Close()
		if broken(err) {
			return nil, &Refusal{Unreadable, "unpack the report: " + err.Error()}
		}
		return nil, fmt.Errorf("read the report: %w", err)
	}
	if depth >= maxNesting && (isGzip(magic) || isZstd(magic)) {
		rc.Close()
		return nil, &Refusal{Unreadable, fmt.Sprintf("compressed more than %d times over", maxNesting)}
	}
	switch {
	case isGzip(magic):
		z, err := gzip.NewReader(br)
		if err != nil {
			rc.Close()
			return nil, &Refusal{Unreadable, "not valid gzip: " + err.Error()}
		}
		return inflate(closers{&bound{r: z, packed: packed}, []func() error{z.Close, rc.Close}}, packed, depth+1)
	case isZstd(magic):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			rc.Close()
			return nil, &Refusal{Unreadable, "not valid zstd: " + err.Error()}
		}
		return inflate(closers{&bound{r: z, packed: packed}, []func() error{func() error { z.Close(); return nil }, rc.Close}}, packed, depth+1)
	}
	return closers{br, []func() error{rc.Close}}, nil
}

// broken reports whether the compressed data themselves are at fault, not the
// reading of them: then trying again will not help.
func broken(err error) bool {
	var corrupt flate.CorruptInputError
	for _, e := range []error{io.ErrUnexpectedEOF, gzip.ErrChecksum, gzip.ErrHeader, zip.ErrChecksum, zip.ErrFormat,
		zstd.ErrCRCMismatch, zstd.ErrMagicMismatch, zstd.ErrUnknownDictionary, zstd.ErrReservedBlockType, zstd.ErrBlockTooSmall,
		zstd.ErrWindowSizeExceeded, zstd.ErrWindowSizeTooSmall, zstd.ErrCompressedSizeTooBig, zstd.ErrUnexpectedBlockSize} {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.As(err, &corrupt)
}

// bound ends a stream that grows beyond all measure.
type bound struct {
	r      io.Reader
	packed int64
	n      int64
}

func (b *bound) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	switch {
	case b.n > maxUnpacked:
		return 0, &Refusal{TooLarge, fmt.Sprintf("unpacks to more than %d GiB", maxUnpacked>>30)}
	case b.n > ratioFree && b.n > maxRatio*max(b.packed, 1):
		return 0, &Refusal{TooLarge, fmt.Sprintf("unpacks to more than %d times its size: this is no report", maxRatio)}
	}
	return n, err
}

type closers struct {
	io.Reader
	close []func() error
}

func (c closers) Close() error {
	var first error
	for _, f := range c.close {
		if err := f(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func peek(open Opener) ([]byte, error) {
	rc, err := open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	b := make([]byte, 4)
	n, err := io.ReadFull(rc, b)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	return b[:n], nil
}

func isGzip(b []byte) bool { return bytes.HasPrefix(b, []byte{0x1f, 0x8b}) }
func isZstd(b []byte) bool { return bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}) }
func isZip(b []byte) bool {
	return bytes.HasPrefix(b, []byte("PK\x03\x04")) || bytes.HasPrefix(b, []byte("PK\x05\x06"))
}

// maxZip bounds an archive: its directory stands at its end, so it is held in
// memory while it is read.
const maxZip = 256 << 20

func openZip(open Opener, size int64) (*zip.Reader, func() error, error) {
	if size > maxZip {
		return nil, nil, &Refusal{TooLarge, fmt.Sprintf("a zip archive may be %d MiB at most; send larger reports as gzip or zstd", maxZip>>20)}
	}
	rc, err := open()
	if err != nil {
		return nil, nil, err
	}
	defer rc.Close()
	b, err := io.ReadAll(io.LimitReader(rc, maxZip+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the archive: %w", err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, nil, &Refusal{Unreadable, "not a valid zip archive: " + err.Error()}
	}
	return z, func() error { return nil }, nil
}
