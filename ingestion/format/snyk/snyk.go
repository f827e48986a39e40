// Package snyk reads the JSON reports of the Snyk CLI: open source projects
// (one, or an array with --all-projects), container images with the
// applications found in them, and infrastructure as code. Snyk Code writes
// SARIF, which another format reads.
//
// Snyk lists a vulnerability once for every dependency path on which it is
// found; each is a record. Issues that a policy ignores or that a patch fixed
// (filtered) are records too, with that as a claim, so there may be more
// records than vulnerabilities. An array of projects is one run: together
// they are the whole scan. Kept only raw: remediation plans, licence
// policies, functions, insights and base image advice.
package snyk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// Format reads the Snyk CLI's JSON reports.
var Format = format.Format{
	Name:  "snyk",
	Title: "Snyk JSON",
	Doc: "Snyk CLI: snyk test, snyk container test and snyk iac test with --json. Every dependency path is a record, as are ignored and patched issues; " +
		"remediation plans are kept only in the raw report. Snyk Code: use its SARIF output.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	doc := h.JSON
	if doc.Is('[') {
		doc = doc.First
	}
	first := doc.At("vulnerabilities", "0")
	id := first.At("id").String()
	switch {
	case doc.At("infrastructureAsCodeIssues").Is('['):
		return format.Certain
	case (strings.HasPrefix(id, "SNYK-") || strings.HasPrefix(id, "snyk:")) && first.Has("from"):
		return format.Certain
	case first.Has("from", "upgradePath"), first.Has("from", "isUpgradable"), first.Has("semver", "identifiers", "packageManager"):
		return format.Likely
	case first != nil || !doc.Is('{'):
		return format.No
	}
	known := 0
	for _, name := range []string{"dependencyCount", "licensesPolicy", "ignoreSettings", "packageManager", "filesystemPolicy", "uniqueCount", "isPrivate"} {
		if doc.Has(name) {
			known++
		}
	}
	switch {
	case known >= 3 && doc.Has("ok"):
		return format.Likely
	case doc.Has("ok", "error"):
		return format.Possible // a failed test: Decode says what failed
	}
	return format.No
}

type decoder struct {
	r       *jsondoc.Reader
	sink    format.Sink
	outline jsondoc.Outline
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	// Everything that says what was scanned stands after the vulnerabilities.
	outline, err := jsondoc.ReadOutline(ctx, in, []string{
		"ok", "error", "projectName", "path", "packageManager", "displayTargetFile", "targetFile", "docker", "dockerImageId", "targetFilePath", "meta",
	}, []string{"applications"})
	if err != nil {
		return err
	}
	d := &decoder{r: r, sink: sink, outline: outline}
	switch r.Kind() {
	case '{':
		if e := outline.Text("", "error"); e != "" {
			return fmt.Errorf("snyk could not test the project: %s", e)
		}
		if err := sink.Run(d.run("")); err != nil {
			return err
		}
		err = d.project("")
	case '[':
		run, ok := d.runOfAll()
		if !ok {
			return fmt.Errorf("snyk could not test any project: %s", strings.Join(run.Notes, "; "))
		}
		if err := sink.Run(run); err != nil {
			return err
		}
		err = r.Array(func(i int) error { return d.shaped(d.project(fmt.Sprintf("/%d", i))) })
	default:
		if err := r.Skip(); err != nil {
			return err
		}
		return errors.New("not a Snyk report: want a project or an array of projects")
	}
	if err != nil {
		return err
	}
	return r.End()
}

// shaped quarantines a value of the wrong shape and lets reading go on.
func (d *decoder) shaped(err error) error {
	var shape *jsondoc.ShapeError
	if !errors.As(err, &shape) {
		return err
	}
	pos := d.r.Position()
	pos.Offset, pos.Pointer = shape.Offset, shape.Pointer
	return d.sink.Quarantine(format.Fault{Position: pos, Reason: shape.Error()})
}

// project reads one project, image, application of an image or
// infrastructure file.
func (d *decoder) project(pointer string) error {
	p := d.at(pointer)
	return d.r.Object(func(name string) error {
		switch name {
		case "vulnerabilities":
			return d.shaped(issues(d, &p, (*vulnerability).observation))
		case "infrastructureAsCodeIssues":
			return d.shaped(issues(d, &p, (*misconfiguration).observation))
		case "filtered":
			return d.shaped(d.filtered(&p))
		case "applications":
			return d.shaped(d.r.Array(func(i int) error {
				return d.shaped(d.project(fmt.Sprintf("%s/applications/%d", pointer, i)))
			}))
		}
		return nil
	})
}

// filtered reads the issues that were taken out of the list.
func (d *decoder) filtered(p *project) error {
	return d.r.Object(func(name string) error {
		var otherwise finding.Claim
		switch name {
		case "ignore":
			otherwise = finding.Claim{State: finding.ClaimSuppressedByTool, Justification: "ignored", Source: "policy"}
		case "patch":
			otherwise = finding.Claim{State: finding.ClaimFixed, Justification: "patched", Source: "policy"}
		default:
			return nil
		}
		return d.shaped(issues(d, p, func(v *vulnerability, p *project) (*finding.Observation, error) {
			o, err := v.observation(p)
			if err == nil {
				o.Claim = otherwise
				o.Claim.Detail = v.Filtered.V.text()
			}
			return o, err
		}))
	})
}

// issues reads a list of records of one sort.
func issues[T any](d *decoder, p *project, observe func(*T, *project) (*finding.Observation, error)) error {
	return jsondoc.Records(d.r, d.sink, func(rec *T, pos finding.Position, raw []byte) error {
		o, err := observe(rec, p)
		if err != nil {
			return err
		}
		o.Position, o.Raw = pos, raw
		return d.sink.Observe(o)
	})
}
