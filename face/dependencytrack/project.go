package dependencytrack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/estate"
	"github.com/stance-aspm/stance/intelligence/posture"
)

// kindProject is the kind of the numbers that this door gives out; a
// project's name and version together name it.
const kindProject = "dependencytrack/project"

// projectData is what the door keeps of a project.
type projectData struct {
	Name, Version string
	Parent        string // UUID
	Classifier    string
	Group         string
	Description   string
	Tags          []string
	Inactive      bool
	Latest        bool
	Report        string // of the last BOM
	VEX           string // report of the last VEX
	Uploaded      time.Time
}

type project struct {
	estate.Counterpart
	data projectData
}

func (p *project) wire() object {
	tags := []object{}
	for _, t := range p.data.Tags {
		tags = append(tags, object{"name": t})
	}
	o := object{"uuid": p.UID, "name": p.data.Name, "active": !p.data.Inactive, "isLatest": p.data.Latest, "tags": tags}
	for name, v := range map[string]string{"version": p.data.Version, "classifier": p.data.Classifier, "group": p.data.Group, "description": p.data.Description} {
		if v != "" {
			o[name] = v
		}
	}
	if p.data.Parent != "" {
		o["parent"] = object{"uuid": p.data.Parent}
	}
	if !p.data.Uploaded.IsZero() {
		o["lastBomImport"], o["lastBomImportFormat"] = p.data.Uploaded.UnixMilli(), "CycloneDX"
	}
	return o
}

func unpack(c estate.Counterpart) (*project, error) {
	p := &project{Counterpart: c}
	if err := json.Unmarshal(c.Data, &p.data); err != nil {
		return nil, fmt.Errorf("read project %s: %w", c.UID, err)
	}
	if p.data.Name == "" { // made this moment
		p.data.Name, p.data.Version, _ = strings.Cut(c.Name, "\n")
	}
	return p, nil
}

func (c *call) keep(p *project) error {
	b, err := json.Marshal(p.data)
	if err != nil {
		return err
	}
	p.Data = b
	return c.Projects.KeepCounterpart(c.ctx, c.who.Tenant, p.Counterpart)
}

// byUID finds a project or says posture.ErrNotFound.
func (c *call) byUID(uid string) (*project, error) {
	e, err := c.Projects.CounterpartByUID(c.ctx, c.who.Tenant, strings.ToLower(uid))
	if err == nil && e.Kind != kindProject {
		err = posture.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return unpack(e)
}

// all lists the projects by name and version.
func (c *call) all() ([]*project, error) {
	list, err := c.Projects.Counterparts(c.ctx, c.who.Tenant, kindProject, 0)
	if err != nil {
		return nil, err
	}
	out := make([]*project, len(list))
	for i, e := range list {
		if out[i], err = unpack(e); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b *project) int {
		if d := strings.Compare(a.data.Name, b.data.Name); d != 0 {
			return d
		}
		return strings.Compare(a.data.Version, b.data.Version)
	})
	return out, nil
}

func (c *call) find(name, version string) (*project, error) {
	list, err := c.all()
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if p.data.Name == name && p.data.Version == version {
			return p, nil
		}
	}
	return nil, posture.ErrNotFound
}

// target is the project that an upload names by its UUID or by its name and
// version; it is made when autoCreate says so.
func (c *call) target(f fields) (*project, error) {
	if uid := f.text("project"); uid != "" {
		return c.byUID(uid)
	}
	name, version := f.text("projectName"), f.text("projectVersion")
	if name == "" {
		return nil, &refusal{http.StatusBadRequest, "the request names no project: send project, or projectName and projectVersion"}
	}
	p, err := c.find(name, version)
	if !errors.Is(err, posture.ErrNotFound) {
		return p, err
	}
	if !f.yes("autoCreate") {
		return nil, posture.ErrNotFound
	}
	parent, err := c.parent(f.text("parentUUID", "parentUuid"), f.text("parentName"), f.text("parentVersion"))
	if err != nil {
		return nil, err
	}
	return c.create(projectData{Name: name, Version: version, Parent: parent})
}

// parent is the UUID of the parent that a request names; empty for none.
func (c *call) parent(uid, name, version string) (string, error) {
	var p *project
	var err error
	switch {
	case uid != "":
		p, err = c.byUID(uid)
	case name != "":
		p, err = c.find(name, version)
	default:
		return "", nil
	}
	if errors.Is(err, posture.ErrNotFound) {
		return "", &refusal{http.StatusNotFound, noParent}
	}
	if err != nil {
		return "", err
	}
	return p.UID, nil
}

func (c *call) create(d projectData) (*project, error) {
	if _, err := estate.Key(d.Name); err != nil || len(d.Name) > 300 || len(d.Version) > 300 {
		return nil, &refusal{http.StatusBadRequest, "the project's name needs 1 to 100 letters or digits"}
	}
	made, err := c.Projects.Number(c.ctx, c.who.Tenant, kindProject, 0, []string{d.Name + "\n" + d.Version})
	if err != nil {
		return nil, err
	}
	p, err := unpack(made[0])
	if err != nil {
		return nil, err
	}
	p.data = d
	return p, c.keep(p)
}

// maxDepth bounds the walk up to the topmost parent.
const maxDepth = 20

// application is the name of a project's topmost parent, its own without one.
func (c *call) application(p *project) (string, error) {
	for range maxDepth {
		if p.data.Parent == "" {
			break
		}
		up, err := c.byUID(p.data.Parent)
		if errors.Is(err, posture.ErrNotFound) {
			break
		}
		if err != nil {
			return "", err
		}
		p = up
	}
	return p.data.Name, nil
}

// listProjects answers a page of the projects.
func (c *call) listProjects() {
	list, err := c.all()
	if err != nil {
		c.problem(err)
		return
	}
	q := c.r.URL.Query()
	kept := []object{}
	for _, p := range list {
		if q.Get("excludeInactive") == "true" && p.data.Inactive || q.Get("name") != "" && p.data.Name != q.Get("name") ||
			q.Get("onlyRoot") == "true" && p.data.Parent != "" {
			continue
		}
		kept = append(kept, p.wire())
	}
	c.w.Header().Set("X-Total-Count", strconv.Itoa(len(kept)))
	from, to := window(q.Get, len(kept))
	c.send(http.StatusOK, kept[from:to])
}

// window is the part of n that page and size (by either of their names) or
// offset and limit mean.
func window(get func(string) string, n int) (from, to int) {
	number := func(absent int, names ...string) int {
		for _, name := range names {
			if v, err := strconv.Atoi(get(name)); err == nil && v >= 0 {
				return v
			}
		}
		return absent
	}
	size := min(max(number(100, "pageSize", "limit", "size"), 1), 1000)
	from = number(-1, "offset")
	if from < 0 {
		from = (max(number(1, "pageNumber", "page"), 1) - 1) * size
	}
	from = min(from, n)
	return from, min(from+size, n)
}

func (c *call) lookup() {
	q := c.r.URL.Query()
	p, err := c.find(q.Get("name"), q.Get("version"))
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusOK, p.wire())
}

func (c *call) showProject() {
	p, err := c.byUID(c.r.PathValue("uuid"))
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusOK, p.wire())
}

// said is a project as a client writes it.
type said struct {
	UUID        string           `json:"uuid"`
	Name        string           `json:"name"`
	Version     string           `json:"version"`
	Classifier  *string          `json:"classifier"`
	Group       *string          `json:"group"`
	Description *string          `json:"description"`
	Active      *bool            `json:"active"`
	Latest      *bool            `json:"isLatest"`
	Tags        []map[string]any `json:"tags"`
	Parent      *struct {
		UUID string `json:"uuid"`
	} `json:"parent"`
}

func (c *call) readProject() (*said, error) {
	b, err := io.ReadAll(io.LimitReader(c.r.Body, maxField))
	if err != nil {
		return nil, err
	}
	s := &said{}
	if err := json.Unmarshal(b, s); err != nil || !jsontext.Value(b).IsValid() {
		return nil, &refusal{http.StatusBadRequest, "the request's body is no project as JSON"}
	}
	return s, nil
}

// put writes what a client says over what was known.
func (c *call) put(s *said, d *projectData) error {
	for from, to := range map[*string]*string{s.Classifier: &d.Classifier, s.Group: &d.Group, s.Description: &d.Description} {
		if from != nil && len(*from) <= 4000 {
			*to = *from
		}
	}
	if s.Active != nil {
		d.Inactive = !*s.Active
	}
	if s.Latest != nil {
		d.Latest = *s.Latest
	}
	if s.Tags != nil {
		d.Tags = nil
		for _, t := range s.Tags {
			d.Tags = append(d.Tags, fmt.Sprint(t["name"]))
		}
	}
	if s.Parent != nil && s.Parent.UUID != "" {
		parent, err := c.parent(s.Parent.UUID, "", "")
		if err != nil {
			return err
		}
		d.Parent = parent
	}
	return nil
}

func (c *call) makeProject() {
	s, err := c.readProject()
	if err != nil {
		c.problem(err)
		return
	}
	if _, err := c.find(s.Name, s.Version); err == nil {
		c.say(http.StatusConflict, "A project with the specified name already exists.")
		return
	} else if !errors.Is(err, posture.ErrNotFound) {
		c.problem(err)
		return
	}
	d := projectData{Name: strings.TrimSpace(s.Name), Version: strings.TrimSpace(s.Version)}
	if err := c.put(s, &d); err != nil {
		c.problem(err)
		return
	}
	p, err := c.create(d)
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusCreated, p.wire())
}

func (c *call) changeProject() {
	s, err := c.readProject()
	if err != nil {
		c.problem(err)
		return
	}
	uid := c.r.PathValue("uuid")
	if uid == "" {
		uid = s.UUID
	}
	p, err := c.byUID(uid)
	if err == nil && s.Parent != nil && strings.EqualFold(s.Parent.UUID, p.UID) {
		err = &refusal{http.StatusConflict, "a project can't be its own parent"}
	}
	if err == nil {
		err = c.put(s, &p.data)
	}
	if err == nil {
		err = c.keep(p)
	}
	if err == nil && s.Latest != nil && *s.Latest {
		err = c.count(p)
	}
	if err != nil {
		c.problem(err)
		return
	}
	c.send(http.StatusOK, p.wire())
}
