package posture

import (
	"errors"
	"testing"
)

func TestParseComponentQuestion(t *testing.T) {
	for _, c := range []struct{ q, text, ecosystem, version string }{
		{"log4j-core", "log4j-core", "", ""},
		{" log4j-core < 2.17.1 ", "log4j-core", "", "< 2.17.1"},
		{"log4j-core<2.17.1", "log4j-core", "", "< 2.17.1"},
		{"org.apache.logging.log4j:log4j-core >= 2, < 2.17.1", "org.apache.logging.log4j/log4j-core", "", ">= 2, < 2.17.1"},
		{"log4j-core [2.0,2.17.1)", "log4j-core", "", ">= 2.0, < 2.17.1"},
		{"lodash@4.17.20", "lodash", "", "= 4.17.20"},
		{"@angular/core", "@angular/core", "", ""},
		{"@angular/core@17.0.0", "@angular/core", "", "= 17.0.0"},
		{"@angular/core != 17.0.0", "@angular/core", "", "!= 17.0.0"},
		{"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1?type=jar", "org.apache.logging.log4j/log4j-core", "maven", "= 2.14.1"},
		{"pkg:npm/%40angular/core < 17", "@angular/core", "npm", "< 17"},
		{"pkg:deb/debian/openssl?arch=amd64 < 3", "openssl", "deb", "< 3"},
		{"< 2", "", "", "< 2"},
		{"", "", "", ""},
	} {
		f, err := ParseComponentQuestion(c.q)
		if err != nil || f.Text != c.text || f.Ecosystem != c.ecosystem || f.Version.String() != c.version {
			t.Errorf("%q: text %q, ecosystem %q, version %q (%v), want %q, %q, %q", c.q, f.Text, f.Ecosystem, f.Version, err, c.text, c.ecosystem, c.version)
		}
	}
	for _, q := range []string{"log4j <", "log4j [1", "pkg:", "pkg:npm/a 1 2"} {
		var bad *BadQuery
		if f, err := ParseComponentQuestion(q); !errors.As(err, &bad) {
			t.Errorf("%q reads as %+v (%v), want a BadQuery", q, f, err)
		}
	}
}
