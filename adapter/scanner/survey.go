package scanner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/stance-aspm/stance/ingestion/sensor"
)

// Survey walks a tree and records its traits. Folders that hold what was
// installed or built, and the paths in except, are left out; links are not
// followed. A folder that may not be read is passed over, as scanners do.
func (*Sensor) Survey(ctx context.Context, root string, except []string) (*sensor.Tree, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is no folder: scan wants the folder of a source tree, import takes reports", root)
	}
	t := &sensor.Tree{}
	if _, err := os.Stat(filepath.Join(root, ".git")); err == nil {
		t.Files = map[sensor.Trait][]string{sensor.Git: {".git"}}
	}
	err = walk(ctx, root, except, func(file, rel string, _ fs.DirEntry) error {
		var head []byte
		if sensor.NeedsHead(rel) {
			head = beginning(file)
		}
		t.Add(rel, head)
		return nil
	})
	return t, err
}

// walk calls do for each regular file of the tree's own with its path and its
// slash-separated path below the root.
func walk(ctx context.Context, root string, except []string, do func(file, rel string, d fs.DirEntry) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case err != nil && path == root:
			return err
		case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist): // gone since it was listed
			return nil
		case err != nil:
			return err
		case d.IsDir() && path != root && (sensor.Passed(d.Name()) || slices.Contains(except, path)):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return do(path, filepath.ToSlash(rel), d)
	})
}

// beginning returns the first bytes of a file, none when it cannot be read.
func beginning(file string) []byte {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, sensor.HeadSize))
	if err != nil {
		return nil
	}
	return b
}
