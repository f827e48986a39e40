package fact

import (
	"slices"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/domain/weakness"
	"github.com/stance-aspm/stance/intelligence/enrich"
)

// OfApplication says what policies may know of an application.
func OfApplication(a estate.Application) App {
	out := App{Name: a.Key, Owner: Word(a.Owner), Unit: Word(a.Unit)}
	if c := a.Context.Criticality; c != estate.CriticalityUnknown {
		out.Criticality = Word(c.String())
	}
	if e := a.Context.Exposure; e != estate.ExposureUnknown {
		out.Exposure = Word(e.String())
	}
	if e := a.Context.Environment; e != estate.EnvironmentUnknown {
		out.Environment = Word(e.String())
	}
	for _, c := range a.Context.Data.List() {
		out.DataClasses = append(out.DataClasses, c.String())
	}
	return out
}

// OfFlaw says what policies may know of every finding of a flaw. Signals whose
// feed was never imported stay unknown.
func OfFlaw(fl *finding.Flaw, e enrich.Evidence) Finding {
	out := Finding{
		Title: fl.Title, Kind: fl.Kind, Check: fl.Check.ID, CWEs: fl.CWEs, FixVersions: fl.FixVersions, Fix: fl.Fix,
		FixAvailable: FlagOf(fl.Fixable()), Confidence: Word(fl.Confidence),
	}
	if fl.Advisory != "" {
		out.Advisories = append(out.Advisories, fl.Advisory)
	}
	for _, a := range fl.Advisories {
		if !slices.Contains(out.Advisories, a) {
			out.Advisories = append(out.Advisories, a)
		}
	}
	if c := fl.Component; c != nil {
		out.Component, out.ComponentVersion, out.PURL, out.Ecosystem, out.Licences = c.Name, c.Version, c.PURL, c.Ecosystem, c.Licences
		if c.Group != "" {
			out.Component = c.Group + "/" + c.Name
		}
	}
	if fl.Verified != nil {
		out.Verified = FlagOf(*fl.Verified)
	}
	out.signals(fl, e)
	return out
}

// signals adds what the feeds say; without a feed it stays unknown.
func (f *Finding) signals(fl *finding.Flaw, e enrich.Evidence) {
	for _, c := range fl.CVSS {
		if c.Score > f.CVSS.Value {
			f.CVSS = Number(c.Score)
		}
	}
	for _, c := range e.CVSS {
		if !f.CVSS.Known && c.Value.Score > 0 {
			f.CVSS = Number(c.Value.Score)
		}
	}
	if e.EPSS != nil {
		f.EPSS, f.EPSSPercentile = Number(e.EPSS.Value.Probability), Number(e.EPSS.Value.Percentile)
	}
	switch {
	case e.KEV != nil:
		f.KEV = Yes
	case e.Feeds.Loaded(enrich.FeedKEV) || len(f.Advisories) == 0:
		f.KEV = No
	}
	if e.Exploit != nil {
		switch {
		case e.Exploit.Value.Maturity >= enrich.MaturityActive:
			f.Exploit = "attacked"
		case e.Exploit.Value.Maturity >= enrich.MaturityPoC:
			f.Exploit = "poc"
		}
	} else if e.Feeds.Loaded(enrich.FeedExploit) {
		f.Exploit = "unreported"
	}
	cwes := make([]weakness.CWE, len(fl.CWEs))
	for i, c := range fl.CWEs {
		cwes[i] = weakness.CWE(c)
	}
	f.Weakness = Word(weakness.ClassOf(cwes))
}
