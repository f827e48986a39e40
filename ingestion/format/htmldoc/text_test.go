package htmldoc

import "testing"

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"  plain text ":                  "plain text",
		"<p>One.</p><p>Two\n words.</p>": "One.\n\nTwo words.",
		"a<br>b<br/>c":                   "a\nb\nc",
		"<ul><li>first</li><li>second <b>bold</b> end</li></ul>after": "- first\n- second bold end\nafter",
		"<pre>if x {\n  y\n}</pre>tail":                               "if x {\n  y\n}\n\ntail",
		"5 &lt; 6 &amp;&amp; &#39;x&#39;":                             "5 < 6 && 'x'",
		"<script>alert(1)</script>shown<style>p{}</style>":            "shown",
		"see <a href=\"https://example.org\">the page</a>.":           "see the page.",
		"<table><tr><td>a</td><td>b</td></tr></table>":                "a b",
		"</li></script></pre>odd":                                     "odd",
		"broken <p":                                                   "broken",
		"":                                                            "",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}
