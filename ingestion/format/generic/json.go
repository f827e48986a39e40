package generic

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// document is all of a report but its findings.
type document struct {
	Tool struct {
		Name    jsondoc.Text `json:"name"`
		Version jsondoc.Text `json:"version"`
	} `json:"tool"`
	Target struct {
		Kind       jsondoc.Text `json:"kind"`
		Name       jsondoc.Text `json:"name"`
		Repository jsondoc.Text `json:"repository"`
		Branch     jsondoc.Text `json:"branch"`
		Commit     jsondoc.Text `json:"commit"`
		Digest     jsondoc.Text `json:"digest"`
		Root       jsondoc.Text `json:"root"`
	} `json:"target"`
	Started  jsondoc.Text
	Category jsondoc.Text
	Name     jsondoc.Text // DefectDojo: of the test
	Type     jsondoc.Text // DefectDojo: of the tool
	Version  jsondoc.Text // DefectDojo: of the tool
}

// dojoSuffix is what DefectDojo adds to a tool's name in its list of types.
const dojoSuffix = " (Generic Findings Import)"

func (d *document) run() format.Run {
	t := &d.Target
	tool := either(d.Tool.Name, jsondoc.Text(strings.TrimSuffix(d.Type.String(), dojoSuffix)), d.Name)
	if tool == "" {
		tool = "generic"
	}
	return format.Run{
		Tool:     tool,
		Version:  either(d.Tool.Version, d.Version),
		Category: d.Category.String(),
		Started:  instant(d.Started.String()),
		Target: format.Target{
			Kind:       t.Kind.String(),
			Name:       t.Name.String(),
			Repository: t.Repository.String(),
			Branch:     t.Branch.String(),
			Commit:     t.Commit.String(),
			Digest:     t.Digest.String(),
			Root:       t.Root.String(),
		},
	}
}

// decodeJSON reads the input twice, since what is said of the tool and the
// target may stand behind the findings.
func decodeJSON(ctx context.Context, in *format.Input, sink format.Sink) error {
	about, err := readDocument(ctx, in)
	if err != nil {
		return err
	}
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := sink.Run(about.run()); err != nil {
		return err
	}
	seen, count := false, counter{Sink: sink}
	err = r.Object(func(name string) error {
		if name != "findings" {
			return nil
		}
		seen = true
		return jsondoc.Records(r, &count, func(e *entry, pos finding.Position, raw []byte) error {
			found, err := e.observe(pos, raw)
			if err != nil {
				return err
			}
			count.read++
			for _, o := range found {
				if err := sink.Observe(o); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	if err := r.End(); err != nil {
		return err
	}
	if !seen {
		return errors.New(`the document has no "findings" array: docs/formats/generic.md describes what is read`)
	}
	return count.verdict()
}

// readDocument passes over the findings. Where the document breaks it ends
// with what it has: the second pass meets the same place and reports it.
func readDocument(ctx context.Context, in *format.Input) (*document, error) {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d := &document{}
	into := map[string]any{
		"target": &d.Target, "started": &d.Started, "category": &d.Category,
		"name": &d.Name, "type": &d.Type, "version": &d.Version,
	}
	err = r.Object(func(name string) error {
		if name == "tool" {
			if r.Kind() == '"' {
				return r.Decode(&d.Tool.Name)
			}
			return r.Decode(&d.Tool)
		}
		if dst, ok := into[name]; ok {
			return r.Decode(dst)
		}
		return nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return d, nil
}

// counter passes faults on and remembers the first: a document in which
// nothing can be read is refused with its reason.
type counter struct {
	format.Sink
	read  int
	fault string
}

// Quarantine implements format.Sink.
func (c *counter) Quarantine(f format.Fault) error {
	if c.fault == "" {
		c.fault = f.Position.Pointer + ": " + f.Reason
	}
	return c.Sink.Quarantine(f)
}

func (c *counter) verdict() error {
	if c.read == 0 && c.fault != "" {
		return fmt.Errorf("not one finding can be read; the first, %s", c.fault)
	}
	return nil
}
