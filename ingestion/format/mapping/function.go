package mapping

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/itchyny/gojq"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format/htmldoc"
	"github.com/stance-aspm/stance/ingestion/format/ident"
)

// functions are what expressions have besides jq's own. docs/mappings.md
// lists them.
func functions() []gojq.CompilerOption {
	return []gojq.CompilerOption{
		// text: what people would read of a value; "" of null.
		gojq.WithFunction("text", 0, 0, func(v any, _ []any) any { return textOf(v) }),
		// plain: HTML as plain text.
		gojq.WithFunction("plain", 0, 0, func(v any, _ []any) any { return htmldoc.Text(textOf(v)) }),
		// list: null is no element, a value that is no list the only one.
		gojq.WithFunction("list", 0, 0, func(v any, _ []any) any { return listOf(v) }),
		// before(sep), after(sep): the text up to or after the first sep;
		// before gives all of it where sep is not, after nothing.
		gojq.WithFunction("before", 1, 1, func(v any, args []any) any {
			s, _, _ := strings.Cut(textOf(v), textOf(args[0]))
			return s
		}),
		gojq.WithFunction("after", 1, 1, func(v any, args []any) any {
			_, s, _ := strings.Cut(textOf(v), textOf(args[0]))
			return s
		}),
		// basename: the last segment of a path.
		gojq.WithFunction("basename", 0, 0, func(v any, _ []any) any {
			s := strings.TrimRight(textOf(v), `/\`)
			return s[strings.LastIndexAny(s, `/\`)+1:]
		}),
		// host: the host of a URL or of host:port.
		gojq.WithFunction("host", 0, 0, func(v any, _ []any) any { return hostOf(textOf(v)) }),
		// cwes: the weakness numbers that a text or a list of texts names.
		gojq.WithFunction("cwes", 0, 0, func(v any, _ []any) any {
			var out []any
			for _, n := range ident.CWEs(texts(v)...) {
				out = append(out, n)
			}
			return out
		}),
		// advisories: the advisory ids that stand in a text or a list of texts.
		gojq.WithFunction("advisories", 0, 0, func(v any, _ []any) any {
			out := []any{}
			for _, t := range texts(v) {
				for _, id := range advisoryInText.FindAllString(t, -1) {
					out = append(out, id)
				}
			}
			return out
		}),
		// cvss_severity: the word for a CVSS score.
		gojq.WithFunction("cvss_severity", 0, 0, func(v any, _ []any) any {
			f, ok := floatOf(v)
			if !ok {
				return nil
			}
			return finding.SeverityOfCVSS(f).String()
		}),
		// purl(type; name; version): a package URL, null where ambiguous.
		gojq.WithFunction("purl", 3, 3, func(_ any, args []any) any {
			t, ns := ident.Ecosystem(textOf(args[0]))
			if p := ident.PURL(t, ns, textOf(args[1]), textOf(args[2])); p != "" {
				return p
			}
			return nil
		}),
		// table(object): the member of an object by this text, without
		// regard to case; null when there is none.
		gojq.WithFunction("table", 1, 1, func(v any, args []any) any {
			m, ok := args[0].(map[string]any)
			if !ok {
				return fmt.Errorf("table wants an object, not %s", gojq.TypeOf(args[0]))
			}
			for k, e := range m {
				if fold(k) == fold(textOf(v)) {
					return e
				}
			}
			return nil
		}),
	}
}

// advisoryInText finds ids in prose.
var advisoryInText = regexp.MustCompile(`(?i)\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[23456789cfghjmpqrvwx]{4}){3}|RUSTSEC-\d{4}-\d{4}|PYSEC-\d{4}-\d+|GO-\d{4}-\d{4,}|RH[SBE]A-\d{4}:\d+|DSA-\d+(?:-\d+)?|USN-\d+-\d+)\b`)

func hostOf(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		return u.Hostname()
	}
	s, _, _ = strings.Cut(s, "/")
	if at := strings.LastIndexByte(s, ':'); at > 0 && !strings.Contains(s[:at], ":") {
		s = s[:at]
	}
	return s
}
