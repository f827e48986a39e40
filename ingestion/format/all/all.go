// Package all lists the report formats that Stance reads.
package all

import (
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/dependencycheck"
	"github.com/stance-aspm/stance/ingestion/format/grype"
	"github.com/stance-aspm/stance/ingestion/format/npmaudit"
	"github.com/stance-aspm/stance/ingestion/format/semgrep"
	"github.com/stance-aspm/stance/ingestion/format/snyk"
	"github.com/stance-aspm/stance/ingestion/format/trivy"
)

// Formats returns every format in the order in which detection asks them:
// sorted by name, one line each.
func Formats() []format.Format {
	return []format.Format{
		dependencycheck.Format,
		grype.Format,
		npmaudit.Format,
		semgrep.Format,
		snyk.Format,
		trivy.Format,
	}
}
