// Package all lists the report formats that Stance reads.
package all

import (
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/checkov"
	"github.com/stance-aspm/stance/ingestion/format/cyclonedx"
	"github.com/stance-aspm/stance/ingestion/format/dependencycheck"
	"github.com/stance-aspm/stance/ingestion/format/generic"
	"github.com/stance-aspm/stance/ingestion/format/gitlab"
	"github.com/stance-aspm/stance/ingestion/format/gitleaks"
	"github.com/stance-aspm/stance/ingestion/format/grype"
	"github.com/stance-aspm/stance/ingestion/format/npmaudit"
	"github.com/stance-aspm/stance/ingestion/format/nuclei"
	"github.com/stance-aspm/stance/ingestion/format/sarif"
	"github.com/stance-aspm/stance/ingestion/format/semgrep"
	"github.com/stance-aspm/stance/ingestion/format/snyk"
	"github.com/stance-aspm/stance/ingestion/format/sonarqube"
	"github.com/stance-aspm/stance/ingestion/format/trivy"
	"github.com/stance-aspm/stance/ingestion/format/trufflehog"
	"github.com/stance-aspm/stance/ingestion/format/zap"
)

// Formats returns every format in the order in which detection asks them:
// sorted by name, one line each.
func Formats() []format.Format {
	return []format.Format{
		checkov.Format,
		cyclonedx.Format,
		dependencycheck.Format,
		generic.Format,
		gitlab.Format,
		gitleaks.Format,
		grype.Format,
		npmaudit.Format,
		nuclei.Format,
		sarif.Format,
		semgrep.Format,
		snyk.Format,
		sonarqube.Format,
		trivy.Format,
		trufflehog.Format,
		zap.Format,
	}
}
