package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/stance-aspm/stance/domain/tenant"
	"github.com/stance-aspm/stance/ingestion/receive"
)

// The names that mean something in a watched folder.
const (
	watchDone    = "done"         // what was accepted
	watchRefused = "refused"      // what was not, with the reason beside it
	watchFields  = "stance.yaml"  // what is said of all reports of the folder
	watchBeside  = ".stance.yaml" // behind a report's name: what is said of it
)

// maxWatchFields bounds a file of fields, in bytes.
const maxWatchFields = 64 << 10

// watch takes the reports that come into one folder. It looks again and again
// instead of being told, because network file systems don't tell. Every look
// opens the folder anew: it may be unmounted and come back.
type watch struct {
	dir     string
	tenant  tenant.ID
	receive *receive.Receiver
	log     *slog.Logger
	seen    map[string]look   // by name: how a file looked the last time
	told    map[string]string // by name: the trouble that the log has
}

// look is what two looks at a file have to agree on. A file that is being
// written changes; so does one whose description is.
type look struct{ size, changed, fieldsSize, fieldsChanged int64 }

// errMoving says that a file changed while it was read.
var errMoving = errors.New("it is still being written")

// badFields is a description beside a report that can't be used.
type badFields struct{ error }

// newWatch opens a folder to watch and makes its folders for what is done and
// what is refused. A description that can't be read is an error here, so that
// a typing error shows when the server starts.
func newWatch(dir string, t tenant.ID, r *receive.Receiver, log *slog.Logger) (*watch, error) {
	w := &watch{dir: dir, tenant: t, receive: r, log: log.With("folder", dir), seen: map[string]look{}, told: map[string]string{}}
	root, err := w.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if _, err := w.common(root); err != nil {
		return nil, fmt.Errorf("watched folder %q: %w", dir, err)
	}
	return w, nil
}

// open opens the folder. What is in it can't lead out of it.
func (w *watch) open() (*os.Root, error) {
	root, err := os.OpenRoot(w.dir)
	if err != nil {
		return nil, fmt.Errorf("watched folder %q: %w: make it, or take --watch away", w.dir, err)
	}
	for _, sub := range []string{watchDone, watchRefused} {
		if err := root.Mkdir(sub, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, errors.Join(fmt.Errorf("watched folder %q: make %s: %w", w.dir, sub, err), root.Close())
		}
	}
	return root, nil
}

// run looks into the folder until the context ends.
func (w *watch) run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		w.tell(ctx, "", w.look(ctx))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tell logs a trouble with a file ("" is the folder) once for as long as it
// lasts.
func (w *watch) tell(ctx context.Context, name string, err error) {
	switch {
	case ctx.Err() != nil:
	case err == nil:
		delete(w.told, name)
	case w.told[name] != err.Error():
		w.told[name] = err.Error()
		w.log.Error("can't take reports from a watched folder; it will be tried again", "file", name, "error", err)
	}
}

// look takes all files that have come to rest, the oldest first: what a
// pipeline wrote later is to be applied later.
func (w *watch) look(ctx context.Context) error {
	root, err := w.open()
	if err != nil {
		return err
	}
	defer root.Close()
	common, err := w.common(root)
	if err != nil {
		return err
	}
	files, err := w.rested(root)
	if err != nil {
		return err
	}
	for _, f := range files {
		err := w.take(ctx, root, f, common)
		w.tell(ctx, f.Name(), err)
		var refused *receive.Refusal
		if ctx.Err() != nil || errors.As(err, &refused) && refused.Reason == receive.Busy {
			return nil // the others wait too
		}
	}
	return nil
}

// common reads what is said of all reports of the folder.
func (w *watch) common(root *os.Root) (receive.Fields, error) {
	fields, err := readFields(root, watchFields)
	if err != nil {
		return nil, err
	}
	if _, err := receive.Describe(fields, "", w.receive.Now()); err != nil {
		return nil, fmt.Errorf("%s: %w", watchFields, err)
	}
	return fields, nil
}

// rested returns the files that look as they did the last time.
func (w *watch) rested(root *os.Root) ([]fs.FileInfo, error) {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	now, out := make(map[string]look, len(entries)), []fs.FileInfo(nil)
	for _, e := range entries {
		if !reportName(e.Name()) {
			continue
		}
		info, err := root.Lstat(e.Name())
		if err != nil || !info.Mode().IsRegular() {
			continue // gone since, or not a file
		}
		l := look{size: info.Size(), changed: info.ModTime().UnixNano()}
		if beside, err := root.Lstat(e.Name() + watchBeside); err == nil {
			l.fieldsSize, l.fieldsChanged = beside.Size(), beside.ModTime().UnixNano()
		}
		now[e.Name()] = l
		if last, ok := w.seen[e.Name()]; ok && last == l {
			out = append(out, info)
		}
	}
	w.seen = now
	maps.DeleteFunc(w.told, func(name, _ string) bool { _, ok := now[name]; return name != "" && !ok })
	slices.SortFunc(out, func(a, b fs.FileInfo) int {
		if c := a.ModTime().Compare(b.ModTime()); c != 0 {
			return c
		}
		return strings.Compare(a.Name(), b.Name())
	})
	return out, nil
}

// reportName reports whether a file of that name may be a report: it is not
// hidden, not on its way, and no description of one.
func reportName(name string) bool {
	lower := strings.ToLower(name)
	for _, end := range []string{".part", ".tmp", watchBeside} {
		if strings.HasSuffix(lower, end) {
			return false
		}
	}
	return !strings.HasPrefix(name, ".") && name != watchFields
}

// take accepts one file and moves it. When the process dies between the two,
// the next one finds the file again and, by its key, the same report.
func (w *watch) take(ctx context.Context, root *os.Root, f fs.FileInfo, common receive.Fields) error {
	err := w.accept(ctx, root, f, common)
	var refused *receive.Refusal
	var bad badFields
	switch {
	case err == nil:
		return w.move(root, f.Name(), watchDone, "")
	case errors.Is(err, errMoving):
		return nil // the next look sees it changed
	case errors.As(err, &refused) && refused.Reason != receive.Busy, errors.As(err, &bad):
		w.log.Warn("report refused", "file", f.Name(), "reason", err)
		return w.move(root, f.Name(), watchRefused, err.Error()+"\n")
	}
	return err
}

// accept makes the report of one file durable.
func (w *watch) accept(ctx context.Context, root *os.Root, f fs.FileInfo, common receive.Fields) error {
	own, err := readFields(root, f.Name()+watchBeside)
	if err != nil {
		return err
	}
	fields := receive.Fields{"name": f.Name()}.Over(common).Over(own)
	s, err := receive.Describe(fields, "watched folder "+w.dir, w.receive.Now())
	if err != nil {
		return badFields{fmt.Errorf("%s or %s: %w", f.Name()+watchBeside, watchFields, err)}
	}
	s.Scheduled = true
	file, err := root.Open(f.Name())
	if err != nil {
		return err
	}
	defer file.Close()
	stored, err := w.receive.Store(ctx, w.tenant, until{ctx, file})
	if err != nil {
		return err
	}
	if after, err := file.Stat(); err != nil {
		return err
	} else if !os.SameFile(f, after) || after.Size() != f.Size() || !after.ModTime().Equal(f.ModTime()) {
		return errMoving
	}
	key := takenKey("watch", w.dir, f.Name(), fmt.Sprint(f.Size()), fmt.Sprint(f.ModTime().UnixNano()), stored.Digest, fmt.Sprint(fields))
	_, err = w.receive.Commit(ctx, w.tenant, s, key, stored)
	return err
}

// takenKey is the idempotency key of what a watched place holds. It covers
// all that tells one arrival from another, the bytes too: the same name and
// times with other bytes is another report.
func takenKey(way string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p) // a hash does not fail
	}
	return way + ":" + hex.EncodeToString(h.Sum(nil))
}

// move puts a file away, and its description behind it. The report goes
// first: a description that is left alone does nothing, a report would be
// taken again without it.
func (w *watch) move(root *os.Root, name, folder, why string) error {
	to, err := freeName(root, folder, name)
	if err != nil {
		return err
	}
	if why != "" {
		if err := root.WriteFile(to+".why.txt", []byte(why), 0o640); err != nil {
			return fmt.Errorf("say why %q was refused: %w", name, err)
		}
	}
	if err := root.Rename(name, to); err != nil {
		return fmt.Errorf("move to %s: %w", folder, err)
	}
	delete(w.seen, name)
	if err := root.Rename(name+watchBeside, to+watchBeside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move the description of %q to %s: %w", name, folder, err)
	}
	return nil
}

// freeName finds a name in a folder that covers nothing: NAME, else NAME~2 …
func freeName(root *os.Root, folder, name string) (string, error) {
	for i := 1; i < 1_000_000; i++ {
		to := path.Join(folder, strings.ToValidUTF8(name[:min(len(name), 220)], "")) // leaves room for what is put behind it
		if i > 1 {
			to += fmt.Sprintf("~%d", i)
		}
		if _, err := root.Lstat(to); errors.Is(err, fs.ErrNotExist) {
			return to, nil
		} else if err != nil {
			return "", fmt.Errorf("look for a name in %s: %w", folder, err)
		}
	}
	return "", fmt.Errorf("%s is full of files named %q: clear it", folder, name)
}

// readFields reads a file of fields; one that is not there says nothing. What
// is wrong with its content is a badFields.
func readFields(root *os.Root, name string) (receive.Fields, error) {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return receive.Fields{}, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, badFields{fmt.Errorf("%s is not a plain file", name)}
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxWatchFields+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > maxWatchFields {
		return nil, badFields{fmt.Errorf("%s is larger than %d KiB: it holds a line for each field", name, maxWatchFields>>10)}
	}
	fields := receive.Fields{}
	if err := yaml.UnmarshalWithOptions(b, &fields, yaml.Strict()); err != nil {
		return nil, badFields{fmt.Errorf("%s: %s", name, strings.TrimSpace(yaml.FormatError(err, false, true)))}
	}
	return fields, nil
}

// until ends a stream with its context: a server that stops does not wait for
// a large file on a slow disk.
type until struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (u until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}
