package scanner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/logging"
	"github.com/zricethezav/gitleaks/v8/report"
	"github.com/zricethezav/gitleaks/v8/sources"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

// maxSecretFile is the largest file that is searched for secrets, in bytes;
// larger ones are data.
const maxSecretFile = 5 << 20

// findSecrets searches the files of a tree with the rules and the detector of
// Gitleaks and writes a report in its format. Allow comments in the code and
// .gitleaksignore hold; a configuration of the tree's own is not read, and
// neither is the history: for both install Gitleaks. The report holds the
// secrets, because the same secret seen by another tool is recognised by its
// keyed hash; the file is private, and the import masks them.
func findSecrets(ctx context.Context, o sensor.Order, name string) error {
	// What the library logs holds the secrets that it passes over.
	logging.Logger = logging.Logger.Output(io.Discard)
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return fmt.Errorf("load the rules of Gitleaks: %w", err)
	}
	if err := d.AddGitleaksIgnore(filepath.Join(o.Root, ".gitleaksignore")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	found, err := d.DetectSource(ctx, texts(o))
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // the library stops within a file and says nothing
	}
	findings := make([]report.Finding, 0, len(found)) // an array, even of none
	for _, f := range found {
		f.Fragment = nil // the whole file
		findings = append(findings, f)
	}
	return writeJSON(name, findings)
}

// texts are the files of a tree as a source of the library.
type texts sensor.Order

// Fragments implements sources.Source: each file whole, its lines counted
// from 1.
func (t texts) Fragments(ctx context.Context, yield sources.FragmentsFunc) error {
	return walk(ctx, t.Root, t.Except, func(file, rel string, e fs.DirEntry) error {
		text, err := searchable(file, e)
		if err != nil || text == "" {
			return err
		}
		return yield(sources.Fragment{Raw: text, FilePath: rel, StartLine: 1}, nil)
	})
}

// searchable returns a file's text, and nothing for what is too large, not
// text or gone.
func searchable(file string, e fs.DirEntry) (string, error) {
	info, err := e.Info()
	if err != nil || info.Size() == 0 || info.Size() > maxSecretFile {
		return "", nil
	}
	b, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return "", nil
	case err != nil:
		return "", err
	case bytes.IndexByte(b[:min(len(b), 8000)], 0) >= 0: // binary, by Git's own rule
		return "", nil
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), nil
}

// writeJSON writes a report that only its owner reads.
func writeJSON(name string, v any) error {
	f, err := private(name)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(v), f.Close())
}

// detect runs a detector inside this program.
func (r *run) detect(ctx context.Context, s sensor.Step) sensor.Result {
	find := r.inside[s.Scanner.Name]
	if find == nil {
		return failed(fmt.Errorf("this program has no detector %q", s.Scanner.Name))
	}
	folder := filepath.Join(r.order.Folder, s.Base)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return failed(err)
	}
	name := filepath.Join(folder, s.Base+s.Scanner.Suffix)
	if err := find(ctx, r.order, name); err != nil {
		return failed(err)
	}
	return sensor.Result{Outcome: sensor.Done, Report: name}
}
