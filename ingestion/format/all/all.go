// Package all lists the report formats that Stance reads.
package all

import (
	"io/fs"
	"slices"
	"sync"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/asff"
	"github.com/stance-aspm/stance/ingestion/format/awsinspector"
	"github.com/stance-aspm/stance/ingestion/format/bundleraudit"
	"github.com/stance-aspm/stance/ingestion/format/cargoaudit"
	"github.com/stance-aspm/stance/ingestion/format/checkov"
	"github.com/stance-aspm/stance/ingestion/format/csaf"
	"github.com/stance-aspm/stance/ingestion/format/cyclonedx"
	"github.com/stance-aspm/stance/ingestion/format/dependencycheck"
	"github.com/stance-aspm/stance/ingestion/format/fortify"
	"github.com/stance-aspm/stance/ingestion/format/generic"
	"github.com/stance-aspm/stance/ingestion/format/gitlab"
	"github.com/stance-aspm/stance/ingestion/format/gitleaks"
	"github.com/stance-aspm/stance/ingestion/format/govulncheck"
	"github.com/stance-aspm/stance/ingestion/format/grype"
	"github.com/stance-aspm/stance/ingestion/format/mapping"
	"github.com/stance-aspm/stance/ingestion/format/npmaudit"
	"github.com/stance-aspm/stance/ingestion/format/nuclei"
	"github.com/stance-aspm/stance/ingestion/format/ocsf"
	"github.com/stance-aspm/stance/ingestion/format/openscap"
	"github.com/stance-aspm/stance/ingestion/format/openvex"
	"github.com/stance-aspm/stance/ingestion/format/osv"
	"github.com/stance-aspm/stance/ingestion/format/osvscanner"
	"github.com/stance-aspm/stance/ingestion/format/pipaudit"
	"github.com/stance-aspm/stance/ingestion/format/sarif"
	"github.com/stance-aspm/stance/ingestion/format/semgrep"
	"github.com/stance-aspm/stance/ingestion/format/snyk"
	"github.com/stance-aspm/stance/ingestion/format/sonarqube"
	"github.com/stance-aspm/stance/ingestion/format/spdx"
	"github.com/stance-aspm/stance/ingestion/format/trivy"
	"github.com/stance-aspm/stance/ingestion/format/trufflehog"
	"github.com/stance-aspm/stance/ingestion/format/zap"
	pack "github.com/stance-aspm/stance/pack/format"
)

// Formats returns every format that Stance comes with in the order in which
// detection asks them: those written in Go, then those described by mappings.
func Formats() []format.Format {
	return slices.Concat(Coded(), mapped())
}

// With returns Formats with mappings of a user's own before them: of two that
// are equally sure of a document the user's is taken, and one by the name of
// a format that Stance comes with stands in its place.
func With(own []*mapping.Mapping) []format.Format {
	var out []format.Format
	taken := map[string]bool{}
	for _, m := range own {
		out = append(out, m.Format())
		taken[m.Name()] = true
	}
	for _, f := range Formats() {
		if !taken[f.Name] {
			out = append(out, f)
		}
	}
	return out
}

// mapped are the formats of pack/format. They are read once: a process asks
// for the list with every document. A broken one is left out; a test holds
// that there is none.
var mapped = sync.OnceValue(func() []format.Format {
	var out []format.Format
	for _, m := range Mappings() {
		out = append(out, m.Format())
	}
	return out
})

// Mappings reads the mappings of pack/format, sorted by name.
func Mappings() []*mapping.Mapping {
	files := pack.Files()
	paths, _ := fs.Glob(files, "*/mapping.yaml") // fails for a bad pattern alone
	var out []*mapping.Mapping
	for _, p := range paths {
		src, err := files.ReadFile(p)
		if err != nil {
			continue
		}
		if m, err := mapping.Parse(p, src); err == nil {
			out = append(out, m)
		}
	}
	return out
}

// Coded returns the formats written in Go, sorted by name, one line each.
func Coded() []format.Format {
	return []format.Format{
		asff.Format,
		awsinspector.Format,
		bundleraudit.Format,
		cargoaudit.Format,
		checkov.Format,
		csaf.Format,
		cyclonedx.Format,
		dependencycheck.Format,
		fortify.Format,
		generic.Format,
		gitlab.Format,
		gitleaks.Format,
		govulncheck.Format,
		grype.Format,
		npmaudit.Format,
		nuclei.Format,
		ocsf.Format,
		openscap.Format,
		openvex.Format,
		osv.Format,
		osvscanner.Format,
		pipaudit.Format,
		sarif.Format,
		semgrep.Format,
		snyk.Format,
		sonarqube.Format,
		spdx.Format,
		trivy.Format,
		trufflehog.Format,
		zap.Format,
	}
}
