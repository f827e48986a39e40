package feed

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// HeadSize is how many bytes of a file [Detect] needs at most.
const HeadSize = 64 << 10

// Detect tells the kind of a feed from the first bytes of the file,
// compressed or not. The name is only for the message: content decides.
func Detect(head []byte, name string) (Kind, error) {
	text := headText(head)
	text = bytes.TrimLeft(bytes.TrimPrefix(text, []byte(byteOrderMark)), " \t\r\n")
	var kind Kind
	switch {
	case len(text) == 0:
		return "", fmt.Errorf("detect feed %q: %w", name, ErrEmpty)
	case text[0] == '<':
		return "", fmt.Errorf("detect feed %q: %w: it is a web page or XML", name, ErrNotFeed)
	case text[0] == '{':
		kind = detectDocument(text)
	default:
		kind = detectTable(text)
	}
	if kind == "" {
		return "", fmt.Errorf("detect feed %q: %w: it begins with %q; known kinds are %v", name, ErrNotFeed, clip(text), Kinds())
	}
	return kind, nil
}

// headText decompresses as much as the head allows.
func headText(head []byte) []byte {
	if !bytes.HasPrefix(head, []byte(gzipMagic)) {
		return head
	}
	z, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return head
	}
	text, _ := io.ReadAll(io.LimitReader(z, HeadSize)) // the head ends in the middle of the stream
	return text
}

func detectDocument(text []byte) Kind {
	has := func(names ...string) bool {
		for _, n := range names {
			if !bytes.Contains(text, []byte(`"`+n+`"`)) {
				return false
			}
		}
		return true
	}
	switch {
	case has("catalogVersion"), has("cveID", "dateAdded"):
		return KEV
	case has("fullname", "disclosure_date"):
		return Metasploit
	case has("ID", "Info", "file_path"):
		return Nuclei
	}
	return ""
}

// detectTable goes by the columns of the header, the first line that is no
// comment.
func detectTable(text []byte) Kind {
	var header string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			header = strings.ToLower(line)
			break
		}
	}
	columns := map[string]bool{}
	for c := range strings.SplitSeq(header, ",") {
		columns[strings.Trim(c, ` "`)] = true
	}
	for _, t := range [...]struct {
		kind    Kind
		columns []string
	}{
		{EPSS, []string{"cve", "epss"}},
		{ExploitDB, []string{"id", "codes", "verified"}},
		{Evidence, []string{"cve", "maturity"}},
		{SSVC, []string{"cve", "exploitation", "automatable"}},
		{CVSS, []string{"cve", "cvss3"}},
		{Aliases, []string{"cve", "ghsa"}},
	} {
		all := true
		for _, c := range t.columns {
			all = all && columns[c]
		}
		if all {
			return t.kind
		}
	}
	return ""
}

// DateInName finds the date that archives put into file names
// ("epss_scores-2026-08-16.csv.gz"), for feeds that do not carry their own.
func DateInName(name string) (time.Time, bool) {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	for i := 0; i+len(time.DateOnly) <= len(base); i++ {
		if t, err := dateOf(base[i : i+len(time.DateOnly)]); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
