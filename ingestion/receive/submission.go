// Package receive takes reports in: it unpacks them safely, stores their
// bytes before anything else, and commits the report together with the job
// that will apply it. When Accept returns, a crash loses nothing.
package receive

import (
	"fmt"
	"time"

	"github.com/stance-aspm/stance/domain/estate"
)

// Submission is what a person or a pipeline says about a report. All fields
// but Application may be empty: then the report or Git tells.
type Submission struct {
	Name        string // file name
	Application string // as people write it; its key is made of it
	Asset       string
	AssetKind   estate.AssetKind
	Ref         string
	Commit      string
	Digest      string // of an image
	Format      string // forced format
	Tool        string // overrides the tool's name in the report
	// Category keeps scans of one tool over one target apart that do not
	// replace each other: the step of a pipeline, a test of another product.
	Category  string
	Part      bool // not the whole of the target: closes nothing
	ScannedAt time.Time
	By        string // who sends it
	// Scheduled says that nobody waits for the report: a folder or a bucket
	// was watched. Reports that a person waits for go before it.
	Scheduled bool
}

// maxWord bounds every text that a submission carries.
const maxWord = 500

// Validate reports what is wrong with a submission. now bounds the time of
// the scan: a clock may be a day ahead, not more.
func (s *Submission) Validate(now time.Time) error {
	for name, v := range map[string]string{"name": s.Name, "application": s.Application, "asset": s.Asset, "ref": s.Ref, "commit": s.Commit, "digest": s.Digest, "format": s.Format, "tool": s.Tool, "category": s.Category} {
		if len(v) > maxWord {
			return fmt.Errorf("%s is longer than %d bytes", name, maxWord)
		}
	}
	if s.Application != "" {
		if _, err := estate.Key(s.Application); err != nil {
			return err
		}
	}
	if s.AssetKind != "" {
		if _, err := estate.ParseAssetKind(string(s.AssetKind)); err != nil {
			return err
		}
	}
	if !s.ScannedAt.IsZero() && (s.ScannedAt.Year() < 1990 || s.ScannedAt.After(now.Add(24*time.Hour))) {
		return fmt.Errorf("the scan time %s is absurd: want a time between 1990 and now", s.ScannedAt.Format(time.RFC3339))
	}
	return nil
}
