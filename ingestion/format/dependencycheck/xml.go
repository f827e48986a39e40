package dependencycheck

import (
	"context"
	"encoding/xml"
	"errors"
	"io"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// The paths of the elements that are read.
const (
	pathDependency = "analysis/dependencies/dependency"
	pathFlaws      = pathDependency + "/vulnerabilities"
)

type xmlDecoder struct {
	r       *xmldoc.Reader
	sink    format.Sink
	scan    scanInfo
	project projectInfo
	opened  bool
	dep     dependency
}

func decodeXML(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	d := &xmlDecoder{r: r, sink: sink}
	for {
		start, err := r.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return d.open() // a report without the list of dependencies
		}
		if err == nil {
			err = d.element(&start)
		}
		if err != nil {
			return err
		}
	}
}

// open starts the run; what it says stands before the dependencies.
func (d *xmlDecoder) open() error {
	if d.opened {
		return nil
	}
	d.opened = true
	return d.sink.Run(run(&d.scan, &d.project))
}

// element reads one element or leaves it to be entered by the next call.
func (d *xmlDecoder) element(start *xml.StartElement) error {
	switch d.r.Path() {
	case "analysis/scanInfo":
		return d.r.Decode(start, &d.scan)
	case "analysis/projectInfo":
		return d.r.Decode(start, &d.project)
	case "analysis/dependencies":
		return d.open()
	case pathDependency:
		d.dep = dependency{}
		return nil
	case pathDependency + "/fileName":
		return d.r.Decode(start, &d.dep.FileName)
	case pathDependency + "/filePath":
		return d.r.Decode(start, &d.dep.FilePath)
	case pathDependency + "/license":
		return d.r.Decode(start, &d.dep.Licence)
	case pathDependency + "/projectReferences":
		var refs struct {
			Refs jsondoc.Strings `xml:"projectReference"`
		}
		err := d.r.Decode(start, &refs)
		d.dep.Projects = refs.Refs
		return err
	case pathDependency + "/relatedDependencies":
		var related struct {
			Related jsondoc.List[related] `xml:"relatedDependency"`
		}
		err := d.r.Decode(start, &related)
		d.dep.Related = related.Related
		return err
	case pathDependency + "/identifiers":
		return d.identifiers(start)
	case pathFlaws + "/vulnerability":
		return d.vulnerability(start, false)
	case pathFlaws + "/suppressedVulnerability":
		return d.vulnerability(start, true)
	case "analysis", pathFlaws:
		return nil
	}
	return d.r.Skip()
}

func (d *xmlDecoder) identifiers(start *xml.StartElement) error {
	var ids struct {
		Packages jsondoc.List[identifier] `xml:"package"`
		CPEs     jsondoc.List[identifier] `xml:"vulnerabilityIds"`
		Old      jsondoc.List[identifier] `xml:"identifier"` // before schema 2.0
	}
	err := d.r.Decode(start, &ids)
	d.dep.Packages, d.dep.CPEs, d.dep.Old = ids.Packages, ids.CPEs, ids.Old
	return err
}

func (d *xmlDecoder) vulnerability(start *xml.StartElement, suppressed bool) error {
	pos := d.r.Position()
	var v struct {
		vulnerability
		Inner string `xml:",innerxml"`
	}
	if err := d.r.Decode(start, &v); err != nil {
		return err
	}
	return observe(d.sink, &d.dep, &v.vulnerability, suppressed, pos, xmldoc.Raw(*start, v.Inner))
}
