package scanner

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/google/osv-scalibr/semantic"
)

// advisory is what is read of an advisory in OSV form (ossf.github.io/osv-schema).
type advisory struct {
	ID         string        `json:"id"`
	Aliases    []string      `json:"aliases"`
	Summary    string        `json:"summary"`
	Details    string        `json:"details"`
	Withdrawn  string        `json:"withdrawn"`
	Severity   []osvSeverity `json:"severity"`
	Affected   []osvAffected `json:"affected"`
	References []struct {
		URL string `json:"url"`
	} `json:"references"`
	Specific struct {
		Severity string   `json:"severity"`
		CWEs     []string `json:"cwe_ids"`
	} `json:"database_specific"`
}

type osvSeverity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type osvAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Severity []osvSeverity `json:"severity"`
	Versions []string      `json:"versions"`
	Ranges   []osvRange    `json:"ranges"`
}

type osvRange struct {
	Type   string              `json:"type"`
	Events []map[string]string `json:"events"`
}

func (a *advisory) cwes() []int {
	var out []int
	for _, c := range a.Specific.CWEs {
		if n, err := strconv.Atoi(strings.TrimPrefix(c, "CWE-")); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// hit is an advisory that holds for a component.
type hit struct {
	advisory *advisory
	pkg      pkg
	severity []osvSeverity // of this package, where the advisory grades each
	fixed    []string      // versions that fix it
}

// known holds components against a snapshot: a folder with advisories (*.json)
// or with zips of them, at any depth, as osv.dev publishes them, or one zip.
func known(ctx context.Context, snapshot string, list []pkg) ([]hit, error) {
	wanted := map[string][]pkg{}
	for _, p := range list {
		k := osvKey(p.ecosystem, p.name)
		wanted[k] = append(wanted[k], p)
	}
	var hits []hit
	seen := map[string]bool{} // an advisory may lie in the zip of each ecosystem and in that of all
	judge := func(name string, r io.Reader) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		a := &advisory{}
		if err := json.UnmarshalRead(io.LimitReader(r, maxAdvisory), a); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if a.Withdrawn != "" || seen[a.ID] {
			return nil
		}
		found := match(a, wanted)
		seen[a.ID] = len(found) > 0
		hits = append(hits, found...)
		return nil
	}
	err := filepath.WalkDir(snapshot, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.Type().IsRegular():
			return nil
		}
		switch strings.ToLower(filepath.Ext(name)) {
		case ".json":
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			defer f.Close()
			return judge(name, f)
		case ".zip":
			return unzip(name, judge)
		}
		return nil
	})
	return hits, err
}

// maxAdvisory bounds one advisory; the largest of osv.dev have a few MB.
const maxAdvisory = 64 << 20

func unzip(name string, judge func(string, io.Reader) error) error {
	z, err := zip.OpenReader(name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer z.Close()
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, ".json") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", name, f.Name, err)
		}
		err = judge(name+": "+f.Name, r)
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// match finds the components that an advisory is about, each once.
func match(a *advisory, wanted map[string][]pkg) []hit {
	var out []hit
	for i := range a.Affected {
		f := &a.Affected[i]
		for _, p := range wanted[osvKey(f.Package.Ecosystem, f.Package.Name)] {
			affected, fixed := f.covers(p)
			if !affected {
				continue
			}
			if j := slices.IndexFunc(out, func(h hit) bool { return h.pkg == p }); j >= 0 {
				out[j].fixed = append(out[j].fixed, fixed...)
				continue
			}
			out = append(out, hit{advisory: a, pkg: p, severity: f.Severity, fixed: fixed})
		}
	}
	return out
}

// covers reports whether a component's version is affected, and the versions
// that fix it. The rule is OSV's: it is listed, or some range holds it.
func (f *osvAffected) covers(p pkg) (affected bool, fixed []string) {
	if p.version == "" {
		return false, nil
	}
	affected = slices.Contains(f.Versions, p.version)
	for _, r := range f.Ranges {
		if r.Type == "GIT" {
			continue // commits, not versions
		}
		in, fix := r.holds(p)
		affected = affected || in
		if in && fix != "" {
			fixed = append(fixed, fix)
		}
	}
	return affected, fixed
}

// event is a bound of a range.
type event struct {
	kind, version string
}

// holds evaluates the events of a range in the order of the ecosystem's
// versions, as the OSV schema's "evaluation" says. Where a version cannot be
// compared the range says nothing.
func (r *osvRange) holds(p pkg) (in bool, fix string) {
	var events []event
	for _, m := range r.Events {
		for kind, version := range m {
			if kind != "limit" {
				events = append(events, event{kind, version})
			}
		}
	}
	slices.SortStableFunc(events, func(a, b event) int {
		if n, err := compare(a.version, b.version, p.ecosystem); err == nil && n != 0 {
			return n
		}
		return rank[a.kind] - rank[b.kind]
	})
	for _, e := range events {
		n, err := compare(p.version, e.version, p.ecosystem)
		if err != nil {
			return false, ""
		}
		switch e.kind {
		case "introduced":
			in = in || n >= 0
		case "fixed":
			if in && n < 0 {
				return true, e.version // this interval holds it: the next bound ends it
			}
			in = in && n < 0
		case "last_affected":
			if in && n <= 0 {
				return true, ""
			}
			in = in && n <= 0
		}
	}
	return in, ""
}

// rank orders bounds at the same version: what ends an interval comes before
// what begins one, except that a version affected last was affected first.
var rank = map[string]int{"fixed": 0, "introduced": 1, "last_affected": 2}

// compare orders two versions of an ecosystem; "0" is before all.
func compare(a, b, ecosystem string) (int, error) {
	switch {
	case a == b:
		return 0, nil
	case b == "0":
		return 1, nil
	case a == "0":
		return -1, nil
	}
	v, err := semantic.Parse(a, ecosystem)
	if err != nil {
		return 0, err
	}
	return v.CompareStr(b)
}

// osvKey names a package the way that both sides write it. PyPI's names are
// equal up to case and runs of -, _ and . (PEP 503); NuGet's and Packagist's
// up to case.
func osvKey(ecosystem, name string) string {
	ecosystem, _, _ = strings.Cut(ecosystem, ":")
	switch ecosystem {
	case "PyPI":
		parts := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return c == '-' || c == '_' || c == '.' })
		name = strings.Join(parts, "-")
	case "NuGet", "Packagist":
		name = strings.Map(unicode.ToLower, name)
	}
	return ecosystem + "\x00" + name
}
