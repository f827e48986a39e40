package awsdoc

import (
	"testing"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
)

func TestImage(t *testing.T) {
	const arn = "arn:aws:ecr:eu-north-1:111122223333:repository/shop/web/sha256:abc"
	for _, c := range []struct {
		tags               []string
		registry, arn      string
		repo, want, digest string
	}{
		{[]string{"1.2", "latest"}, "", arn, "", "111122223333.dkr.ecr.eu-north-1.amazonaws.com/shop/web:1.2", "sha256:abc"},
		{nil, "", arn, "", "111122223333.dkr.ecr.eu-north-1.amazonaws.com/shop/web@sha256:abc", "sha256:abc"},
		{nil, "", "i-1", "shop", "shop", ""},
		{nil, "", "i-1", "", "", ""},
	} {
		if name, digest := Image(c.arn, c.registry, c.repo, "", c.tags); name != c.want || digest != c.digest {
			t.Errorf("Image(%s, %v) = %q, %q", c.arn, c.tags, name, digest)
		}
	}
}

func TestWords(t *testing.T) {
	if typ, ns := Ecosystem("OS", "UBUNTU_20_04"); typ != "deb" || ns != "ubuntu" {
		t.Errorf("Ecosystem = %s, %s", typ, ns)
	}
	if typ, _ := Ecosystem("NODEPKG", ""); typ != "npm" {
		t.Errorf("Ecosystem = %s", typ)
	}
	if got := Version("1", "2.3", "4.el9"); got != "1:2.3-4.el9" {
		t.Errorf("Version = %s", got)
	}
	if got := FixVersion("0:1.1"); got != "1.1" || FixVersion("NotAvailable") != "" {
		t.Errorf("FixVersion = %s", got)
	}
	for score, want := range map[float64]finding.Severity{0: finding.SeverityInfo, 1: finding.SeverityLow, 40: finding.SeverityMedium, 70: finding.SeverityHigh, 90: finding.SeverityCritical} {
		if Grade(score) != want {
			t.Errorf("Grade(%v) = %v", score, Grade(score))
		}
	}
	want := time.Date(2025, 12, 26, 13, 21, 44, 742e6, time.UTC)
	for _, s := range []string{"2025-12-26 14:21:44.742000+01:00", "2025-12-26T13:21:44.742Z", "2025-12-26T13:21:44.742"} {
		if got := Time(s); !got.Equal(want) {
			t.Errorf("Time(%s) = %v", s, got)
		}
	}
}
