package scanner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	cpb "github.com/google/osv-scalibr/binary/proto/config_go_proto"
	"github.com/google/osv-scalibr/extractor"
	"github.com/google/osv-scalibr/extractor/filesystem"
	"github.com/google/osv-scalibr/extractor/filesystem/language/cpp/conanlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dart/pubspec"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/packagesconfig"
	"github.com/google/osv-scalibr/extractor/filesystem/language/dotnet/packageslockjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/elixir/mixlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/golang/gomod"
	"github.com/google/osv-scalibr/extractor/filesystem/language/java/gradlelockfile"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/bunlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/packagelockjson"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/pnpmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/javascript/yarnlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/php/composerlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pdmlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pipfilelock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/poetrylock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/pylock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/requirements"
	"github.com/google/osv-scalibr/extractor/filesystem/language/python/uvlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/r/renvlock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/ruby/gemfilelock"
	"github.com/google/osv-scalibr/extractor/filesystem/language/rust/cargolock"
	"github.com/google/osv-scalibr/extractor/filesystem/simplefileapi"
	scalibrfs "github.com/google/osv-scalibr/fs"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

// extractors are the readers of lock files. Those of OSV-SCALIBR that resolve
// versions over the network, run programs or look at what is installed are
// left out; the one for pom.xml because it links a gRPC client.
var extractors = []func(*cpb.PluginConfig) (filesystem.Extractor, error){
	gomod.New, packagelockjson.New, yarnlock.New, pnpmlock.New, bunlock.New,
	requirements.New, poetrylock.New, pipfilelock.New, pdmlock.New, uvlock.New, pylock.New,
	cargolock.New, gemfilelock.New, composerlock.New, gradlelockfile.New,
	packageslockjson.New, packagesconfig.New, mixlock.New, pubspec.New, conanlock.New, renvlock.New,
}

// pkg is a component in a version, as a lock file names it.
type pkg struct {
	ecosystem, name, version, purl, file string
}

// findComponents reads the lock files of a tree, holds the components against
// the advisories of a snapshot where there is one, and writes both as a
// CycloneDX document.
func findComponents(ctx context.Context, o sensor.Order, name string) error {
	list, notes, err := components(ctx, o)
	if err != nil {
		return err
	}
	if len(list) == 0 && len(notes) > 0 {
		return errors.New(strings.Join(notes, "; "))
	}
	var hits []hit
	if o.OSV != "" {
		if hits, err = known(ctx, o.OSV, list); err != nil {
			return fmt.Errorf("advisories in %s: %w", o.OSV, err)
		}
	}
	return writeJSON(name, bill(list, hits, notes))
}

// components reads all lock files. Notes name those that cannot be read.
func components(ctx context.Context, o sensor.Order) (list []pkg, notes []string, err error) {
	readers := make([]filesystem.Extractor, 0, len(extractors))
	for _, make := range extractors {
		x, err := make(&cpb.PluginConfig{})
		if err != nil {
			return nil, nil, err
		}
		readers = append(readers, x)
	}
	seen := map[pkg]bool{}
	err = walk(ctx, o.Root, o.Except, func(file, rel string, e fs.DirEntry) error {
		info, err := e.Info()
		if err != nil {
			return nil // gone since it was listed
		}
		api := simplefileapi.New(rel, info)
		for _, x := range readers {
			if !x.FileRequired(api) {
				continue
			}
			found, err := extract(ctx, x, o.Root, file, rel, info)
			if err != nil {
				notes = append(notes, fmt.Sprintf("%s: %v", rel, err))
				continue
			}
			for _, p := range found {
				c := component(p, rel)
				if c.name != "" && !seen[c] {
					seen[c] = true
					list = append(list, c)
				}
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b pkg) int { return strings.Compare(a.ref(), b.ref()) })
	return list, notes, err
}

// extract reads one lock file. A file is anybody's text: what makes a reader
// panic costs that file, not the scan.
func extract(ctx context.Context, x filesystem.Extractor, root, file, rel string, info fs.FileInfo) (found []*extractor.Package, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be read as %s: %v", x.Name(), p)
		}
	}()
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	inv, err := x.Extract(ctx, &filesystem.ScanInput{FS: scalibrfs.DirFS(root), Path: rel, Root: root, Info: info, Reader: f})
	return inv.Packages, err
}

// component reduces a package to what is kept of it.
func component(p *extractor.Package, file string) pkg {
	c := pkg{ecosystem: p.Ecosystem().String(), name: p.Name, version: p.Version, file: file}
	if u := p.PURL(); u != nil {
		u.Qualifiers = nil // notes of the reader's own
		if c.ecosystem == "Go" && c.name != "stdlib" && u.Version != "" && !strings.HasPrefix(u.Version, "v") {
			u.Version = "v" + u.Version // modules carry it; the reader takes it off
		}
		c.purl = u.String()
	}
	return c
}

// ref names the component within its document.
func (p pkg) ref() string { return p.file + "#" + p.ecosystem + ":" + p.name + "@" + p.version }
