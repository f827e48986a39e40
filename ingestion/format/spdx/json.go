package spdx

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-yaml"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// jsonPackage is a package of version 2.
type jsonPackage struct {
	ID        jsondoc.Text `json:"SPDXID"`
	Name      jsondoc.Text `json:"name"`
	Version   jsondoc.Text `json:"versionInfo"`
	Declared  jsondoc.Text `json:"licenseDeclared"`
	Concluded jsondoc.Text `json:"licenseConcluded"`
	Purpose   jsondoc.Text `json:"primaryPackagePurpose"`
	Download  jsondoc.Text `json:"downloadLocation"`
	Checksums jsondoc.List[struct {
		Algorithm jsondoc.Text `json:"algorithm"`
		Value     jsondoc.Text `json:"checksumValue"`
	}] `json:"checksums"`
	Refs jsondoc.List[struct {
		Category jsondoc.Text `json:"referenceCategory"`
		Type     jsondoc.Text `json:"referenceType"`
		Locator  jsondoc.Text `json:"referenceLocator"`
		Comment  jsondoc.Text `json:"comment"`
	}] `json:"externalRefs"`
}

type jsonRelationship struct {
	From jsondoc.Text `json:"spdxElementId"`
	Kind jsondoc.Text `json:"relationshipType"`
	To   jsondoc.Text `json:"relatedSpdxElement"`
}

func decodeJSON(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &jsonDecoder{bom: newBOM(), r: r}
	err = r.Object(d.member)
	if err == nil {
		err = r.End()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ended(d.finish(sink), err)
}

type jsonDecoder struct {
	*bom
	r      *jsondoc.Reader
	faults []format.Fault
}

// finish tells what was read, also of a document that broke off.
func (d *jsonDecoder) finish(sink format.Sink) error {
	return d.flush(sink, func() error {
		if err := setAside(sink, d.faults); err != nil {
			return err
		}
		return d.observe(sink, len(d.faults))
	})
}

func (d *jsonDecoder) member(name string) error {
	switch name {
	case "sbom", "predicate": // GitHub's export and an in-toto attestation wrap the document
		if d.r.Kind() == '{' {
			return d.r.Object(d.member)
		}
	case "spdxVersion", "name":
		var t jsondoc.Text
		if err := d.r.Decode(&t); err != nil {
			return err
		}
		if name == "name" {
			d.name = string(t)
		} else {
			d.known = true
		}
	case "creationInfo":
		var c jsondoc.Lax[struct {
			Created  jsondoc.Text    `json:"created"`
			Creators jsondoc.Strings `json:"creators"`
		}]
		if err := d.r.Decode(&c); err != nil {
			return err
		}
		d.created, d.creators = string(c.V.Created), c.V.Creators
	case "documentDescribes":
		var list jsondoc.Strings
		if err := d.r.Decode(&list); err != nil {
			return err
		}
		for _, ref := range list {
			d.relate("", "DESCRIBES", ref)
		}
	case "packages":
		err := d.r.Array(d.pack)
		d.complete = true
		return err
	case "relationships":
		return d.r.Array(func(int) error {
			var rel jsonRelationship
			err := d.r.Decode(&rel)
			var odd *jsondoc.ShapeError
			if errors.As(err, &odd) {
				return nil
			}
			d.relate(string(rel.From), string(rel.Kind), string(rel.To))
			return err
		})
	}
	return nil
}

// setAside sends what could not be read to quarantine, as the first records.
func setAside(sink format.Sink, faults []format.Fault) error {
	for i, f := range faults {
		f.Position.Record = i
		if err := sink.Quarantine(f); err != nil {
			return err
		}
	}
	return nil
}

// maxFaults bounds how many broken packages are set aside one by one: they
// are held until the run is known.
const maxFaults = 1000

func (d *jsonDecoder) pack(i int) error {
	at := d.r.Position()
	at.Pointer = fmt.Sprintf("/packages/%d", i)
	raw, err := d.r.Value()
	if err != nil {
		return err
	}
	var j jsonPackage
	err = jsondoc.Unmarshal(raw, &j)
	if err == nil && j.Name == "" && j.ID == "" {
		err = jsondoc.Bad("the package has neither a name nor an SPDXID")
	}
	if err != nil {
		if len(d.faults) < maxFaults {
			d.faults = append(d.faults, jsondoc.Fault(at, err, raw))
		}
		return nil
	}
	p := j.pkg(at)
	if len(p.security) > 0 {
		p.raw = raw
	}
	d.add(p)
	return nil
}

func (j *jsonPackage) pkg(at finding.Position) *pkg {
	p := &pkg{at: at, download: string(j.Download)}
	p.Ref, p.Name, p.Version = string(j.ID), string(j.Name), string(j.Version)
	p.licence(string(j.Declared))
	p.licence(string(j.Concluded))
	p.purpose(string(j.Purpose))
	for _, c := range j.Checksums {
		p.checksum(string(c.Algorithm), string(c.Value))
	}
	for _, r := range j.Refs {
		p.refer(string(r.Category), string(r.Type), string(r.Locator), string(r.Comment))
	}
	return p
}

// maxYAML is the size in bytes of a document in YAML, which can't be read as
// a stream. Tools write YAML only for small ones.
const maxYAML = 32 << 20

// decodeYAML reads the same document written as YAML.
func decodeYAML(ctx context.Context, in *format.Input, sink format.Sink) error {
	rc, err := in.Open()
	if err != nil {
		return err
	}
	defer rc.Close()
	b, err := io.ReadAll(io.LimitReader(rc, maxYAML+1))
	if err != nil {
		return err
	}
	if len(b) > maxYAML {
		return fmt.Errorf("an SPDX document in YAML may have %d MiB: convert it to JSON", maxYAML>>20)
	}
	j, err := yaml.YAMLToJSON(b)
	if err != nil {
		return fmt.Errorf("not valid YAML: %w", err)
	}
	inner, err := format.NewBytesInput(in.Name(), j)
	if err != nil {
		return err
	}
	return decodeJSON(ctx, inner, sink)
}
