package sarif

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/stance-aspm/stance/ingestion/format"
)

// run is the context that the results of one run are read in.
type run struct {
	// tools are tool.driver and then tool.extensions, in order.
	tools      []*tool
	taxonomies []string // names of the run's taxonomies
	artifacts  []artifactLocation
	logical    []logicalLocation
	steps      []step // run.threadFlowLocations
	bases      map[string]base
	resolved   map[string]resolvedBase
	// mapped is the base that version control says is the repository's root.
	mapped string
	// overrides are the rule levels that each invocation set.
	overrides [][]override

	family family // what the tool's name says of its results
	props  runProperties
	out    format.Run

	unlisted map[string]*rule // stand-ins for rules that are not described
	words    *words

	context hash.Hash // over what results are read in
}

// artifactLocation is a reference to a file.
type artifactLocation struct {
	uri, base string
	index     int // into run.artifacts; -1 when unsaid
}

// runProperties are run.properties that a known tool writes.
type runProperties struct {
	imageName, imageID    string
	repoDigests, repoTags []string
}

func newRun() *run {
	return &run{
		tools:    []*tool{newTool()},
		bases:    map[string]base{},
		resolved: map[string]resolvedBase{},
		words:    &words{},
		context:  sha256.New(),
	}
}

// read reports whether a member of a run says something of its context.
func read(name string) bool {
	switch name {
	case "tool", "artifacts", "files", "logicalLocations", "threadFlowLocations", "originalUriBaseIds",
		"taxonomies", "invocations", "invocation", "versionControlProvenance", "automationDetails",
		"automationId", "id", "resources", "rules", "properties", "externalPropertyFileReferences",
		"externalPropertyFiles", "conversion":
		return true
	}
	return false
}

// member takes one member of a run object other than its results.
func (r *run) member(name string, value []byte) {
	if steady(name) {
		fmt.Fprintf(r.context, "%s %d ", name, len(value))
		r.context.Write(value)
	}
	c := &cursor{b: value, at: -1, words: r.words}
	switch name {
	case "tool":
		r.readTool(c)
	case "artifacts":
		for ok := c.array(); ok && c.element(); {
			r.artifacts = append(r.artifacts, artifact(c))
		}
	case "files":
		r.readFiles(c)
	case "logicalLocations":
		for ok := c.array(); ok && c.element(); {
			var l logicalLocation
			l.read(c)
			r.logical = append(r.logical, l)
		}
	case "threadFlowLocations":
		for ok := c.array(); ok && c.element(); {
			r.steps = append(r.steps, readStep(c))
		}
	case "originalUriBaseIds":
		for ok := c.object(); ok && c.member(); {
			id := string(c.name)
			r.bases[id] = readBase(c)
		}
	case "taxonomies":
		for ok := c.array(); ok && c.element(); {
			t := newTool()
			t.read(c)
			r.taxonomies = append(r.taxonomies, t.name)
		}
	case "invocations":
		for ok := c.array(); ok && c.element(); {
			r.readInvocation(c)
		}
	case "invocation": // SARIF 1.0
		r.readInvocation(c)
	case "versionControlProvenance":
		r.readVersionControl(c)
	case "automationDetails", "automationId", "id":
		r.readCategory(c)
	case "resources", "rules": // SARIF 2.0 drafts and 1.0
		r.readResources(name, c)
	case "properties":
		r.readProperties(c)
	case "externalPropertyFileReferences", "externalPropertyFiles":
		r.readExternal(c)
	}
}

// steady reports whether a member belongs to the context as it stands. Of the
// others, which tell times, revisions and messages of one execution, finish
// adds what results hang on.
func steady(name string) bool {
	switch name {
	case "invocations", "invocation", "versionControlProvenance", "automationDetails", "automationId", "id", "properties",
		"externalPropertyFileReferences", "externalPropertyFiles":
		return false
	}
	return true
}

func artifact(c *cursor) artifactLocation {
	a := artifactLocation{index: -1}
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "location", "fileLocation":
			a = readArtifactLocation(c)
		}
	}
	return a
}

// readFiles reads the files of a 2.0 draft: an array like artifacts, or an
// object by URI that says nothing more than the results do.
func (r *run) readFiles(c *cursor) {
	if c.kind() != '[' {
		c.skip()
		return
	}
	for ok := c.array(); ok && c.element(); {
		r.artifacts = append(r.artifacts, artifact(c))
	}
}

func (r *run) readVersionControl(c *cursor) {
	for ok := c.array(); ok && c.element(); {
		var repository, revision, branch, mapped string
		for ok := c.object(); ok && c.member(); {
			switch string(c.name) {
			case "repositoryUri", "uri":
				repository = c.text()
			case "revisionId":
				revision = c.text()
			case "branch":
				branch = c.text()
			case "mappedTo":
				mapped = readArtifactLocation(c).base
			}
		}
		if r.out.Target.Repository == "" && r.out.Target.Commit == "" { // the first is the main one
			r.out.Target.Kind = "repository"
			r.out.Target.Repository, r.out.Target.Commit, r.out.Target.Branch = repository, revision, branch
			r.mapped = mapped
		}
	}
}

func (r *run) readCategory(c *cursor) {
	if c.kind() == '"' {
		c.skip() // run.id of SARIF 1.0 names this one execution
		return
	}
	for ok := c.object(); ok && c.member(); {
		if string(c.name) == "id" || string(c.name) == "instanceId" {
			r.out.Category = c.text()
		}
	}
}

func (r *run) readProperties(c *cursor) {
	for ok := c.object(); ok && c.member(); {
		switch string(c.name) {
		case "imageName":
			r.props.imageName = c.text()
		case "imageID":
			r.props.imageID = c.text()
		case "repoDigests":
			r.props.repoDigests = c.strings()
		case "repoTags":
			r.props.repoTags = c.strings()
		}
	}
}

// readExternal notes that part of the run lies in other files. When these are
// results, the run is not whole and must close nothing.
func (r *run) readExternal(c *cursor) {
	var parts []string
	for ok := c.object(); ok && c.member(); {
		name := string(c.name)
		parts = append(parts, name)
		if name == "results" {
			r.out.Failed = true
		}
	}
	if len(parts) > 0 {
		r.note("part of this run lies in external property files, which were not read: " + strings.Join(parts, ", "))
	}
}

// finish derives what hangs on the whole context.
func (r *run) finish() {
	driver := r.tools[0]
	r.out.Tool = first(driver.name, "sarif")
	r.family = familyOf(driver.name)
	t := &r.out.Target
	t.Root = r.root()
	if r.props.imageName != "" {
		if t.Kind == "" {
			t.Kind = "image"
		}
		t.Name = r.props.imageName
		for _, d := range r.props.repoDigests {
			if _, digest, ok := strings.Cut(d, "@"); ok && t.Digest == "" {
				t.Digest = digest
			}
		}
	}
	for _, tool := range r.tools {
		for _, rule := range tool.rules {
			rule.derive(r)
		}
	}
	fmt.Fprintf(r.context, "%q %q %+v %+v %q", r.mapped, t.Root, r.overrides, r.bases[workingDirectory], r.props)
}

// parseTime reads the date-times of SARIF (RFC 3339, the fraction and even
// the zone being optional in the wild); anything else gives the zero time.
func parseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func first(of ...string) string {
	for _, s := range of {
		if s != "" {
			return s
		}
	}
	return ""
}
