package gitlab

import (
	"errors"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/ident"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// dependency is a package in dependency_files or in a vulnerability's place.
type dependency struct {
	Package jsondoc.Lax[struct {
		Name jsondoc.Text `json:"name"`
	}] `json:"package"`
	Version jsondoc.Text       `json:"version"`
	IID     jsondoc.Text       `json:"iid"` // unique within its file
	Direct  *bool              `json:"direct"`
	Path    jsondoc.List[step] `json:"dependency_path"`
}

// step is a package on the way from the project to a dependency.
type step struct {
	IID jsondoc.Text `json:"iid"`
}

// dependencyFile is a lock file or manifest with the packages in it.
type dependencyFile struct {
	Path         jsondoc.Text             `json:"path"`
	Manager      jsondoc.Text             `json:"package_manager"`
	Dependencies jsondoc.List[dependency] `json:"dependencies"`
}

// dependencies are the tables that give a vulnerability's place its package
// manager and the names of its dependency path.
type dependencies struct {
	manager map[string]string // by file
	name    map[string]string // by ref
}

func newDependencies(files []dependencyFile) dependencies {
	d := dependencies{manager: map[string]string{}, name: map[string]string{}}
	for i := range files {
		f := &files[i]
		d.manager[f.Path.String()] = f.Manager.String()
		for k := range f.Dependencies {
			if p := &f.Dependencies[k]; p.IID != "" {
				d.name[ref(f.Path.String(), p.IID)] = p.Package.V.Name.String() + "@" + p.Version.String()
			}
		}
	}
	return d
}

// ref is a document-wide reference to a package: GitLab numbers them by file.
func ref(file string, iid jsondoc.Text) string {
	if iid == "" {
		return ""
	}
	return file + "#" + iid.String()
}

// ecosystem is the package URL type of a file's packages.
func (d *dependencies) ecosystem(file string) string {
	if typ, _ := ident.Ecosystem(d.manager[file]); typ != "" {
		return typ
	}
	switch {
	case strings.HasSuffix(file, "go.sum"):
		return "golang"
	case strings.HasSuffix(file, ".csproj"), strings.HasSuffix(file, ".vbproj"):
		return "nuget"
	case strings.HasSuffix(file, "conan.lock"), strings.HasSuffix(file, "conanfile.txt"):
		return "conan"
	case strings.HasSuffix(file, "build.sbt"):
		return "maven"
	}
	return ident.EcosystemOfFile(file)
}

// component makes the package of a dependency in that file.
func (d *dependencies) component(p *dependency, file, ecosystem, distro string) *finding.Component {
	name := p.Package.V.Name.String()
	if ecosystem == "maven" && !strings.Contains(name, ":") { // GitLab writes group/artifact
		name = strings.Replace(name, "/", ":", 1)
	}
	c := &finding.Component{
		PURL:      ident.PURL(ecosystem, distro, name, p.Version.String()),
		Ecosystem: ecosystem,
		Name:      name,
		Version:   p.Version.String(),
		Ref:       ref(file, p.IID),
		Direct:    p.Direct,
	}
	for _, s := range p.Path {
		word := d.name[ref(file, s.IID)]
		if word == "" {
			word = s.IID.String()
		}
		c.Path = append(c.Path, word)
	}
	if len(c.Path) > 0 {
		c.Path = append(c.Path, c.Name+"@"+c.Version)
	}
	return c
}

// inventory hands over the packages of every dependency file.
func (d *decoder) inventory(r *jsondoc.Reader) error {
	return quarantineShape(r, d.sink, r.Array(func(int) error {
		var f dependencyFile
		if err := r.Decode(&f); err != nil {
			return quarantineShape(r, d.sink, err)
		}
		return d.file(&f)
	}))
}

// file hands over the packages of one file, and each package's nearest
// ancestor on its path as the one that depends on it.
func (d *decoder) file(f *dependencyFile) error {
	path := f.Path.String()
	ecosystem, _ := ident.Ecosystem(f.Manager.String())
	if ecosystem == "" {
		ecosystem = d.files.ecosystem(path)
	}
	for i := range f.Dependencies {
		p := &f.Dependencies[i]
		if p.Package.V.Name == "" {
			continue
		}
		c := d.files.component(p, path, ecosystem, "")
		c.Type = "library"
		if err := d.sink.Component(*c); err != nil {
			return err
		}
		if n := len(p.Path); n > 0 && c.Ref != "" && p.Path[n-1].IID != "" {
			if err := d.sink.Depend(ref(path, p.Path[n-1].IID), []string{c.Ref}); err != nil {
				return err
			}
		}
	}
	return nil
}

// quarantineShape sets aside a list that is none and lets reading go on.
func quarantineShape(r *jsondoc.Reader, sink format.Sink, err error) error {
	var shape *jsondoc.ShapeError
	if !errors.As(err, &shape) {
		return err
	}
	pos := r.Position()
	pos.Offset, pos.Pointer = shape.Offset, shape.Pointer
	return sink.Quarantine(format.Fault{Position: pos, Reason: shape.Error()})
}
