// Package fortify reads the results of Fortify Static Code Analyzer: an FPR
// (a zip that holds audit.fvdl, what the analyser found, and audit.xml, what
// people made of it) as one document, and an audit.fvdl alone. The XML reports
// that are made of them are read by the mapping fortify-report.
//
// What explains a finding stands behind the findings in an FVDL: it is read in
// a first pass. Kept only raw: taint flags, facts, the data of the engine,
// source archives and attachments of an FPR.
package fortify

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// Format reads FPR archives and FVDL documents.
var Format = format.Format{
	Name:  "fortify",
	Title: "Fortify FPR and FVDL",
	Doc: "Results of Fortify Static Code Analyzer: an .fpr as one document, or the audit.fvdl of one. Each Vulnerability is an observation, graded by Fortify Priority Order " +
		"(impact and likelihood of its rule). Suppressed issues and the analysis that an auditor chose (audit.xml) are read as claims, comments go with them.",
	Detect: detect,
	Decode: decode,
	Fields: []format.Field{
		{Name: "run.version, started", From: "EngineData.EngineVersion, CreatedTS"},
		{Name: "run.target.name, root", From: "Build.Project, BuildID; Build.SourceBasePath"},
		{Name: "run.notes", From: "EngineData.Errors"},
		{Name: "check.id", From: "ClassInfo.ClassID (the rule)"},
		{Name: "check.title", From: "ClassInfo.Type and Subtype"},
		{Name: "check.description", From: "Description.Abstract, Explanation of the class"},
		{Name: "check.help", From: "Description.Recommendations, Tips"},
		{Name: "message", From: "Description.Abstract with the ReplacementDefinitions of the instance"},
		{Name: "severity", From: "Impact, Probability, Accuracy (InstanceInfo.MetaInfo, RuleInfo) and Confidence; InstanceSeverity without them"},
		{Name: "severity_word", From: "InstanceInfo.InstanceSeverity"},
		{Name: "confidence", From: "InstanceInfo.Confidence"},
		{Name: "cwes", From: "RuleInfo altcategoryCWE, else the description's references"},
		{Name: "location.path, lines, column", From: "the default node of the first Trace"},
		{Name: "location.snippet", From: "Snippets"},
		{Name: "location.symbol", From: "Unified.Context.Function"},
		{Name: "flow", From: "Trace.Primary.Entry[] with the UnifiedNodePool"},
		{Name: "related", From: "default nodes of further Traces"},
		{Name: "references", From: "Description.References[].Source"},
		{Name: "tags", From: "ClassInfo.Kingdom, AnalyzerName; RuleInfo altcategoryOWASP…, PCI…"},
		{Name: "fingerprints", From: "InstanceInfo.InstanceID"},
		{Name: "claim", From: "audit.xml Issue: suppressed, Tag (Analysis), ThreadedComments"},
		{Name: "raw only", From: "taint flags, facts, other standards of a rule, properties, command line, sources"},
	},
}

// The members of an FPR that are read, and what they may come to.
const (
	findings  = "audit.fvdl"
	audits    = "audit.xml"
	maxFPR    = 256 << 20 // the archive is held in memory: its directory stands at its end
	maxMember = 4 << 30
)

func isZip(b []byte) bool { return bytes.HasPrefix(b, []byte("PK\x03\x04")) }

func detect(h format.Head) format.Confidence {
	switch {
	case h.Root == "FVDL":
		return format.Certain
	case isZip(h.Bytes) && (bytes.Contains(h.Bytes, []byte(findings)) || strings.EqualFold(path.Ext(h.Name), ".fpr")):
		return format.Certain
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	audited := map[string]audit{}
	if isZip(in.Head().Bytes) {
		z, err := openFPR(in)
		if err != nil {
			return err
		}
		if in, err = member(z, findings); err != nil {
			return err
		}
		if ain, err := member(z, audits); err == nil { // nobody has looked yet without
			if audited, err = readAudit(ctx, ain); err != nil {
				return fmt.Errorf("read %s of the FPR: %w", audits, err)
			}
		}
	}
	t, err := readTables(ctx, in)
	if err != nil && t == nil {
		return err
	}
	d := decoder{tables: t, audited: audited, sink: sink}
	if err := sink.Run(t.run()); err != nil {
		return err
	}
	return d.stream(ctx, in) // a document that ends too early gives its findings, then the error
}

// openFPR reads the directory of an FPR.
func openFPR(in *format.Input) (*zip.Reader, error) {
	rc, err := in.Open()
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	b, err := io.ReadAll(io.LimitReader(rc, maxFPR+1))
	if err != nil {
		return nil, fmt.Errorf("read the FPR: %w", err)
	}
	if len(b) > maxFPR {
		return nil, fmt.Errorf("the FPR is larger than %d MiB: send the %s of it, or make it without sources (-Dcom.fortify.sca.FPRDisableSourceBundling=true)", maxFPR>>20, findings)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("the FPR is no whole zip archive: %w", err)
	}
	return z, nil
}

// member opens a file of an FPR as a document.
func member(z *zip.Reader, name string) (*format.Input, error) {
	for _, f := range z.File {
		if f.Name == name {
			return format.NewInput(name, func() (io.ReadCloser, error) {
				rc, err := f.Open()
				if err != nil {
					return nil, fmt.Errorf("unpack %s of the FPR: %w", name, err)
				}
				return struct {
					io.Reader
					io.Closer
				}{io.LimitReader(rc, maxMember), rc}, nil
			})
		}
	}
	return nil, fmt.Errorf("the FPR holds no %s: it is no result of a scan", name)
}

// decoder hands over the vulnerabilities of a document.
type decoder struct {
	*tables
	audited map[string]audit
	sink    format.Sink
}

func (d *decoder) stream(ctx context.Context, in *format.Input) error {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		start, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case r.Depth() == 1 && start.Name.Local != "FVDL":
			return fmt.Errorf("the root element is %s, want FVDL", start.Name.Local)
		case start.Name.Local == "Vulnerability" && r.Depth() == 3:
			if err := d.vulnerability(r, start); err != nil {
				return err
			}
		case r.Depth() == 2 && start.Name.Local != "Vulnerabilities":
			if err := r.Skip(); err != nil {
				return err
			}
		}
	}
}

func (d *decoder) vulnerability(r *xmldoc.Reader, start xml.StartElement) error {
	pos := r.Position()
	var v vulnerability
	if err := r.Decode(&start, &v); err != nil {
		return err
	}
	raw := xmldoc.Raw(start, v.Inner)
	if v.Class.ID == "" && v.Class.Type == "" {
		return d.sink.Quarantine(format.Fault{Position: pos, Raw: raw[:min(len(raw), format.MaxFaultRaw)], Reason: "a Vulnerability needs a ClassInfo with a ClassID or a Type"})
	}
	o := d.observe(&v)
	o.Position, o.Raw = pos, raw
	return d.sink.Observe(o)
}
