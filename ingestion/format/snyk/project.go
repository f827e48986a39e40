package snyk

import (
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// project is what the document says of one tested project.
type project struct {
	name, path, manager string
	file                string // manifest, as people know it
	image               string // reference, when the project is (in) an image
	imageID             string
	commit, branch      string
	repository          string
}

// at reads the members of the project at a pointer.
func (d *decoder) at(pointer string) project {
	o := d.outline
	p := project{
		name:    o.Text(pointer, "projectName"),
		path:    o.Text(pointer, "path"),
		manager: o.Text(pointer, "packageManager"),
		file:    o.Text(pointer, "displayTargetFile"),
		imageID: o.Text(pointer, "dockerImageId"),
	}
	if p.file == "" {
		p.file = o.Text(pointer, "targetFile")
	}
	if _, docker := o[pointer]["docker"]; docker || strings.HasPrefix(p.name, "docker-image|") {
		p.image = imageOf(p.path)
	}
	if at := strings.LastIndex(pointer, "/applications/"); at >= 0 {
		p.image = d.at(pointer[:at]).image
	}
	var meta struct {
		Repository jsondoc.Text `json:"gitRemoteUrl"`
		Branch     jsondoc.Text `json:"branch"`
		Commit     jsondoc.Text `json:"commitId"`
	}
	o.Decode(pointer, "meta", &meta)
	p.repository, p.branch, p.commit = string(meta.Repository), string(meta.Branch), string(meta.Commit)
	return p
}

// imageOf cuts what Snyk appends to the image's reference in path
// ("acme/shop:1.2/shop").
func imageOf(path string) string {
	colon := strings.LastIndexByte(path, ':')
	if colon < 0 {
		return path
	}
	if slash := strings.IndexByte(path[colon:], '/'); slash > 0 {
		return path[:colon+slash]
	}
	return path
}

// run describes the scan of the one project at a pointer.
func (d *decoder) run(pointer string) format.Run {
	p := d.at(pointer)
	run := format.Run{Tool: "snyk", Target: format.Target{
		Name: p.name, Repository: p.repository, Branch: p.branch, Commit: p.commit,
	}}
	switch {
	case p.image != "":
		run.Category = "container"
		run.Target = format.Target{Kind: "image", Name: p.image, Digest: p.imageID}
	case infrastructure(p.manager):
		run.Category = "iac"
		run.Target.Root = rooted(p.path)
	default:
		run.Target.Root = rooted(p.path)
	}
	return run
}

// runOfAll describes the scan of an array of projects. Those that Snyk could
// not test become notes; false means that it could test none.
func (d *decoder) runOfAll() (format.Run, bool) {
	run := d.run("/0")
	if run.Category != "container" {
		run.Target.Name = "" // of several projects none names the whole
	}
	tested := 0
	for i := 0; ; i++ {
		members := d.outline[fmt.Sprintf("/%d", i)]
		if members == nil {
			return run, tested > 0 || i == 0
		}
		if e := d.outline.Text(fmt.Sprintf("/%d", i), "error"); e != "" {
			run.Failed = true // the findings of this project are not gone, they were not looked for
			run.Notes = append(run.Notes, strings.TrimSpace(d.at(fmt.Sprintf("/%d", i)).path+": "+e))
			continue
		}
		tested++
	}
}

func rooted(path string) string {
	if strings.HasPrefix(path, "/") || len(path) > 2 && path[1] == ':' {
		return path
	}
	return ""
}

// infrastructure tells the package managers that Snyk writes for
// infrastructure as code.
func infrastructure(manager string) bool {
	switch manager {
	case "terraformconfig", "terraformplan", "k8sconfig", "cloudformationconfig", "armconfig", "multiiacconfig", "helmconfig", "serverlessconfig":
		return true
	}
	return false
}
