// Package feed reads and fetches vulnerability intelligence: FIRST's EPSS,
// CISA's KEV catalogue, the indexes of Exploit-DB, Metasploit and Nuclei, and
// Stance's own tables of exploit evidence, CVSS ratings, SSVC decision points
// and advisory aliases for places without a network.
//
// [Detect] tells what a file is, so that nobody has to name its type;
// [Parse] streams its rows; [Client.Fetch] downloads it. Nothing here stores
// anything.
//
// A feed is taken whole or not at all. Parse calls back while it reads, so
// the caller collects rows where they can be thrown away (a transaction) and
// keeps them only when Parse returns no error: a truncated download, a web
// page in place of the file or a file of mostly unreadable rows is an error,
// and the feed on hand stays.
package feed

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stance-aspm/stance/domain/advisory"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// Kind is a file format of a feed. Several kinds can bring the same sort of
// intelligence, see [Kind.Feed].
type Kind string

// The kinds.
const (
	EPSS       Kind = "epss"       // FIRST, CSV
	KEV        Kind = "kev"        // CISA, JSON
	ExploitDB  Kind = "exploit-db" // files_exploits.csv
	Metasploit Kind = "metasploit" // modules_metadata_base.json
	Nuclei     Kind = "nuclei"     // cves.json, one JSON value a line
	Evidence   Kind = "evidence"   // Stance's table of exploit evidence, CSV
	CVSS       Kind = "cvss"       // Stance's table of ratings, CSV
	SSVC       Kind = "ssvc"       // Stance's table of CISA's decision points, CSV
	Aliases    Kind = "aliases"    // Stance's table of aliases, CSV
)

// Kinds lists all kinds.
func Kinds() []Kind {
	return []Kind{EPSS, KEV, ExploitDB, Metasploit, Nuclei, Evidence, CVSS, SSVC, Aliases}
}

// Feed returns the sort of intelligence that the kind brings.
func (k Kind) Feed() enrich.Feed {
	switch k {
	case EPSS:
		return enrich.FeedEPSS
	case KEV:
		return enrich.FeedKEV
	case CVSS:
		return enrich.FeedCVSS
	case SSVC:
		return enrich.FeedSSVC
	case Aliases:
		return enrich.FeedAliases
	}
	return enrich.FeedExploit
}

// Row is one fact of a feed. Kind says which of the fields below it is set.
type Row struct {
	Kind Kind
	// CVE is what the fact is about; empty only for aliases.
	CVE  advisory.ID
	EPSS enrich.EPSS
	KEV  enrich.KEV
	// Exploit comes once for every exploit, so several rows may share a CVE:
	// join them with [enrich.JoinExploits].
	Exploit enrich.Exploit
	// CVSS, CWEs and Published are set for kind CVSS; CWEs also for KEV.
	CVSS      []finding.CVSS
	CWEs      []int
	Published time.Time
	SSVC      enrich.SSVC
	// Aliases are at least two ids of one flaw.
	Aliases []advisory.ID
}

// Meta describes a feed that was read to its end.
type Meta struct {
	Kind Kind
	// AsOf is the publisher's date of the snapshot; zero when the file does
	// not carry one.
	AsOf time.Time
	// Version is the publisher's version of the data or model, if it says.
	Version string
	// Rows were handed out.
	Rows int
	// Empty entries are well-formed but say nothing of any CVE: a Metasploit
	// module without a CVE, an exploit known by its own number only.
	Empty int
	// Bad entries were unreadable or absurd and left out. Mended ones were
	// handed out without a date that is absurd: that an exploit exists counts
	// for more than since when. BadRows tells of the first of both.
	Bad, Mended int
	BadRows     []BadRow
}

// BadRow is an entry that was left out or mended.
type BadRow struct {
	// Line is the line of the decompressed file for CSV and line-wise JSON,
	// the number of the entry, from 1, for other JSON.
	Line   int
	Reason string
}

// maxBadRows bounds how many bad rows are told of one by one.
const maxBadRows = 20

// badShare is the share of bad entries from which on the file as a whole is
// not believed.
const badShare = 0.05

// maxDecompressed bounds what a compressed file may expand to. The largest
// feed, the Metasploit index, has about 11 MB.
const maxDecompressed = 1 << 30

// The errors of a file that is refused as a whole. Parse wraps them with
// what was found.
var (
	// ErrTruncated means that the file ends before its end.
	ErrTruncated = errors.New("the file is truncated")
	// ErrNotFeed means that the content is something else: a web page, an
	// error message, another format.
	ErrNotFeed = errors.New("not a feed")
	// ErrTooManyBad means that more than one entry in twenty is unreadable.
	ErrTooManyBad = errors.New("too many unreadable entries")
	// ErrEmpty means that the file holds no entry at all.
	ErrEmpty = errors.New("the feed holds nothing")
	// ErrTooLarge means that the file exceeds a size no feed comes near to.
	ErrTooLarge = errors.New("the file is too large")
)

// Parse reads a feed, compressed with gzip or not, and hands out its rows in
// the order of the file. It stops at the first error of the callback and
// returns it unwrapped. Any other error means that the file is refused as a
// whole, though rows may have been handed out before it was seen.
func Parse(r io.Reader, kind Kind, row func(Row) error) (Meta, error) {
	in, err := open(r)
	if err != nil {
		return Meta{Kind: kind}, fmt.Errorf("read %s feed: %w", kind, err)
	}
	p := &parser{Meta: Meta{Kind: kind}, in: in, emit: row}
	switch kind {
	case EPSS:
		err = p.epss()
	case KEV:
		err = p.kev()
	case ExploitDB:
		err = p.exploitDB()
	case Metasploit:
		err = p.metasploit()
	case Nuclei:
		err = p.nuclei()
	case Evidence:
		err = p.evidence()
	case CVSS:
		err = p.cvss()
	case SSVC:
		err = p.ssvc()
	case Aliases:
		err = p.aliases()
	default:
		err = fmt.Errorf("unknown kind, want one of %v", Kinds())
	}
	if p.stopped != nil {
		return p.Meta, p.stopped
	}
	if err == nil {
		err = p.judge()
	}
	if err != nil {
		return p.Meta, fmt.Errorf("read %s feed: %w", kind, err)
	}
	return p.Meta, nil
}

// parser is the state of one Parse.
type parser struct {
	Meta
	in      *bufio.Reader
	emit    func(Row) error
	stopped error // the callback's error
}

// add hands out a row; false means stop.
func (p *parser) add(r Row) bool {
	r.Kind = p.Kind
	if err := p.emit(r); err != nil {
		p.stopped = err
		return false
	}
	p.Rows++
	return true
}

func (p *parser) bad(line int, format string, args ...any) {
	p.Bad++
	p.note(line, format, args...)
}

func (p *parser) mended(line int, format string, args ...any) {
	p.Mended++
	p.note(line, format, args...)
}

func (p *parser) note(line int, format string, args ...any) {
	if len(p.BadRows) < maxBadRows {
		p.BadRows = append(p.BadRows, BadRow{line, fmt.Sprintf(format, args...)})
	}
}

// judge decides whether the file as a whole is to be believed.
func (p *parser) judge() error {
	switch all := p.Rows + p.Empty + p.Bad; {
	case all == 0:
		return ErrEmpty
	case float64(p.Bad) > badShare*float64(all) && p.Bad > 1 || p.Rows+p.Empty == 0:
		return fmt.Errorf("%w: %d of %d, first in line %d: %s", ErrTooManyBad, p.Bad, all, p.BadRows[0].Line, p.BadRows[0].Reason)
	case p.Rows == 0:
		return ErrEmpty
	}
	return nil
}

// open decompresses, drops a byte order mark and refuses web pages.
func open(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if head, _ := in.Peek(2); string(head) == gzipMagic {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, truncated(err)
		}
		in = bufio.NewReaderSize(&limited{z, maxDecompressed}, 64<<10)
	}
	if head, _ := in.Peek(3); string(head) == byteOrderMark {
		if _, err := in.Discard(3); err != nil {
			return nil, err
		}
	}
	head, err := in.Peek(512)
	head = bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(head) == 0 && err != nil && err != io.EOF:
		return nil, truncated(err)
	case len(head) == 0:
		return nil, ErrEmpty
	case head[0] == '<':
		return nil, fmt.Errorf("%w: it is a web page or XML that begins with %q", ErrNotFeed, clip(head))
	}
	return in, nil
}

const (
	gzipMagic     = "\x1f\x8b"
	byteOrderMark = "\xef\xbb\xbf"
)

// limited is io.LimitedReader with an error in place of a silent end.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := l.r.Read(b[:min(int64(len(b)), l.left)])
	l.left -= int64(n)
	return n, err
}

// truncated names the errors of a file that was cut off.
func truncated(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w (%v)", ErrTruncated, err)
	}
	return err
}

func clip(b []byte) string {
	if len(b) > 60 {
		b = b[:60]
	}
	return string(bytes.ToValidUTF8(b, nil))
}

// Replace says whether a freshly read feed may take the place of the one on
// hand, and if not why: it is older, or it lost more than a fifth of its rows
// although feeds only grow. The caller lets a person overrule it.
func Replace(have, fresh enrich.Status) error {
	switch {
	case have.Rows == 0:
		return nil
	case !fresh.AsOf.IsZero() && fresh.AsOf.Before(have.AsOf):
		return fmt.Errorf("replace %s feed of %s: the new one is of %s", have.Feed, have.AsOf.Format(time.DateOnly), fresh.AsOf.Format(time.DateOnly))
	case fresh.Rows < have.Rows-have.Rows/5:
		return fmt.Errorf("replace %s feed of %d rows: the new one has only %d", have.Feed, have.Rows, fresh.Rows)
	}
	return nil
}
