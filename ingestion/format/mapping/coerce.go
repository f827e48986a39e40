package mapping

import (
	"encoding/json"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// textMember holds the text of an XML element that also has attributes or
// children.
const textMember = "_text"

// textOf is what people would read of a value.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case *big.Int:
		return v.String()
	case json.Number:
		return v.String()
	case []any:
		var parts []string
		for _, e := range v {
			if t := textOf(e); t != "" {
				parts = append(parts, t)
			}
		}
		return strings.Join(parts, "\n")
	case map[string]any:
		if t, ok := v[textMember]; ok {
			return textOf(t)
		}
		if onlyAttributes(v) {
			return "" // an XML element without text
		}
		b, err := gojq.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
	return ""
}

func onlyAttributes(m map[string]any) bool {
	for k := range m {
		if !strings.HasPrefix(k, "_") {
			return false
		}
	}
	return true
}

// texts is a value as a list of texts, empty ones left out.
func texts(v any) []string {
	var out []string
	for _, e := range listOf(v) {
		if t := strings.TrimSpace(textOf(e)); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// listOf is a value as a list: nothing of null, else the value itself.
func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return []any{}
	case []any:
		return v
	}
	return []any{v}
}

func floatOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	s := strings.TrimSuffix(strings.TrimSpace(textOf(v)), "%")
	if s != "" && !strings.Contains(s, ".") && strings.Count(s, ",") == 1 {
		s = strings.Replace(s, ",", ".", 1) // 7,5 as some locales write it
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

var firstNumber = regexp.MustCompile(`\d+`)

// intOf reads a line or column: a number, or the first one in a text
// ("12-14", "line 12").
func intOf(v any) int {
	if f, ok := floatOf(v); ok {
		if f < 0 || f > 1<<31-1 {
			return 0
		}
		return int(f)
	}
	n, err := strconv.Atoi(firstNumber.FindString(textOf(v)))
	if err != nil || n > 1<<31-1 {
		return 0
	}
	return n
}

// boolOf reads a yes or no; ok is false when it says neither.
func boolOf(v any) (yes, ok bool) {
	switch fold(textOf(v)) {
	case "true", "t", "yes", "y", "1", "on":
		return true, true
	case "false", "f", "no", "n", "0", "off":
		return false, true
	}
	return false, false
}

// layouts are how tools write dates, most common first. Of the two with
// slashes the American one is tried first; a day beyond 12 tells them apart.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05", "2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05.999999999 -0700 MST",
	"2006-01-02 15:04", "2006-01-02T15:04Z07:00", "2006-01-02T15:04", "2006-01-02",
	time.RFC1123, time.RFC1123Z, time.ANSIC, time.UnixDate, time.RubyDate, time.RFC850, time.RFC822,
	"Mon Jan _2 15:04:05 2006 MST", "Mon, 2 Jan 2006 15:04:05 MST", "Mon 2 Jan 2006 15:04:05",
	"Mon, 02 Jan 2006 15:04:05", "January 2, 2006 15:04:05", "Jan 2, 2006 15:04:05", "Jan 2, 2006 3:04:05 PM", "Jan 2, 2006 15:04", "2 Jan 2006 3:04PM", "Jan 02, 2006, 15:04:05",
	"Jan 2, 2006", "January 2, 2006", "2 Jan 2006", "02 Jan 2006 15:04:05", "02-Jan-2006", "2 January 2006",
	"01/02/2006 15:04:05", "02/01/2006 15:04:05", "01/02/2006 03:04:05 PM", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "2/1/2006 3:04 PM", "1/2/2006 15:04", "2/1/2006 15:04", "1/2/06 15:04", "2/1/06 15:04",
	"01/02/2006", "02/01/2006", "1/2/2006", "2/1/2006", "01/02/06", "2006/01/02 15:04:05", "2006/01/02", "2006/1/2",
	"Monday, January 2, 2006 3:04:05 PM", "2 Jan 2006 15:04PM MST", "02/01/06", "1/2/06", "Jan _2, 2006 @ 15:04:05.000",
	"02.01.2006 15:04:05", "02.01.2006", "20060102150405", "20060102T150405Z", "20060102",
}

// timeOf reads a date in the ways that tools write it; numbers are seconds,
// milliseconds, micro- or nanoseconds since 1970, told apart by their size.
// What says no date gives the zero time.
func timeOf(v any) time.Time {
	s := strings.TrimSpace(textOf(v))
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	f, ok := floatOf(v)
	for _, unit := range []float64{1, 1e3, 1e6, 1e9} {
		if n := f / unit; ok && n > 1e8 && n < 1e10 {
			return time.UnixMilli(int64(math.Round(n * 1e3))).UTC()
		}
	}
	return time.Time{}
}
