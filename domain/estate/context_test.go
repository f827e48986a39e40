package estate

import (
	"encoding"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every named value reads back from its own text, in any case, and a word
// outside the list is an error that names the list.
func TestNamesRoundTrip(t *testing.T) {
	check := func(what string, n int, value func(int) encoding.TextMarshaler, parse func(string) (encoding.TextMarshaler, error)) {
		t.Helper()
		for i := range n {
			text, err := value(i).MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			got, err := parse(" " + strings.ToUpper(string(text)) + " ")
			if err != nil || got != value(i) {
				t.Errorf("%s %d: %q reads back as %v, %v", what, i, text, got, err)
			}
		}
		if _, err := parse("nonsense"); err == nil {
			t.Errorf("%s: nonsense was accepted", what)
		}
		if got, err := parse(""); err != nil || got != value(0) {
			t.Errorf("%s: empty text gives %v, %v; want unknown", what, got, err)
		}
	}
	check("criticality", len(criticalityNames), func(i int) encoding.TextMarshaler { return Criticality(i) },
		func(s string) (encoding.TextMarshaler, error) { return ParseCriticality(s) })
	check("exposure", len(exposureNames), func(i int) encoding.TextMarshaler { return Exposure(i) },
		func(s string) (encoding.TextMarshaler, error) { return ParseExposure(s) })
	check("environment", len(environmentNames), func(i int) encoding.TextMarshaler { return Environment(i) },
		func(s string) (encoding.TextMarshaler, error) { return ParseEnvironment(s) })
}

func TestParseEnvironmentShortForms(t *testing.T) {
	for in, want := range map[string]Environment{"prod": EnvironmentProduction, "PROD": EnvironmentProduction, "stage": EnvironmentStaging, "dev": EnvironmentDevelopment, "Sandbox": EnvironmentSandbox} {
		if got, err := ParseEnvironment(in); got != want || err != nil {
			t.Errorf("ParseEnvironment(%q) = %v, %v", in, got, err)
		}
	}
}

func TestDataClasses(t *testing.T) {
	s, err := ParseDataClasses("PHI, pci public")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]DataClass{PCI, PHI, Public}, s.List()); diff != "" {
		t.Error(diff)
	}
	if s != Data(Public, PHI, PCI) || s.String() != "pci,phi,public" || !s.Has(PHI) || s.Has(PII) {
		t.Errorf("set is %v", s)
	}
	var back DataClasses
	text, _ := s.MarshalText()
	if err := back.UnmarshalText(text); err != nil || back != s {
		t.Errorf("%q reads back as %v, %v", text, back, err)
	}
	var none DataClasses
	if text, _ := none.MarshalText(); none.Known() || none.String() != "unknown" || len(text) != 0 {
		t.Errorf("the empty set is %v, text %q", none, text)
	}
	for _, bad := range []string{"pci,secret", "pci,unknown"} {
		if got, err := ParseDataClasses(bad); err == nil {
			t.Errorf("ParseDataClasses(%q) = %v", bad, got)
		}
	}
	if got, err := ParseDataClasses("Unknown"); err != nil || got.Known() {
		t.Errorf("unknown gives %v, %v", got, err)
	}
	if _, err := ParseDataClass(" "); err == nil {
		t.Error("a blank data class was accepted")
	}
}

func TestUnmarshalText(t *testing.T) {
	var c Context
	for _, err := range []error{c.Criticality.UnmarshalText([]byte("high")), c.Exposure.UnmarshalText([]byte("internet")), c.Environment.UnmarshalText([]byte("staging"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if want := (Context{CriticalityHigh, 0, ExposureInternet, EnvironmentStaging}); c != want {
		t.Errorf("got %+v", c)
	}
	if err := c.Exposure.UnmarshalText([]byte("moon")); err == nil || c.Exposure != ExposureUnknown {
		t.Errorf("moon gave %v, %v", c.Exposure, err)
	}
	if got := Criticality(200).String(); got != "unknown" {
		t.Errorf("a value out of range prints %q", got)
	}
}
