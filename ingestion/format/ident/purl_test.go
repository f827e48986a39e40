package ident

import (
	"testing"
	"time"
)

func TestOfPURL(t *testing.T) {
	c := OfPURL("pkg:maven/org.example/lib@1.2?type=jar")
	if c.Ecosystem != "maven" || c.Group != "org.example" || c.Name != "lib" || c.Version != "1.2" {
		t.Errorf("%+v", c)
	}
	for _, text := range []string{"nginx", "pkg:broken"} {
		if c := OfPURL(text); c.Name != text {
			t.Errorf("OfPURL(%q) loses the text: %+v", text, c)
		}
	}
}

func TestImageOfPURL(t *testing.T) {
	for _, c := range []struct{ purl, reference, digest string }{
		{"pkg:oci/shop@sha256%3Aabc?repository_url=reg.example/team/shop&tag=2", "reg.example/team/shop:2", "sha256:abc"},
		{"pkg:oci/shop?repository_url=reg.example/team", "reg.example/team/shop", ""},
		{"pkg:docker/team/shop@1.4", "team/shop:1.4", ""},
		{"pkg:npm/shop@1", "", ""},
		{"shop", "", ""},
	} {
		if r, d := ImageOfPURL(c.purl); r != c.reference || d != c.digest {
			t.Errorf("ImageOfPURL(%q) = %q, %q", c.purl, r, d)
		}
	}
}

func TestTime(t *testing.T) {
	want := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, s := range []string{"2024-05-06T07:08:09Z", "2024-05-06T09:08:09+02:00", "2024-05-06T07:08:09", "2024-05-06 09:08:09 +0200"} {
		if got := Time(s); !got.Equal(want) {
			t.Errorf("Time(%q) = %v", s, got)
		}
	}
	if !Time("soon").IsZero() || Time("2024-05-06").Day() != 6 {
		t.Error("a date alone is read, a word is not")
	}
}
