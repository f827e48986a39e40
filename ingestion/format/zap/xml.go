package zap

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
	"github.com/stance-aspm/stance/ingestion/format/xmldoc"
)

// xmlAlert is an alertitem element. Versions before 2.4 put uri, param and the
// rest straight into it, once for every place in the same order.
type xmlAlert struct {
	PluginID       string        `xml:"pluginid"`
	AlertRef       string        `xml:"alertRef"`
	Alert          string        `xml:"alert"`
	Name           string        `xml:"name"`
	RiskCode       string        `xml:"riskcode"`
	RiskDesc       string        `xml:"riskdesc"`
	Confidence     string        `xml:"confidence"`
	Reliability    string        `xml:"reliability"` // confidence before 2.4
	ConfidenceDesc string        `xml:"confidencedesc"`
	Desc           string        `xml:"desc"`
	Solution       string        `xml:"solution"`
	Reference      string        `xml:"reference"`
	CWE            string        `xml:"cweid"`
	WASC           string        `xml:"wascid"`
	Tags           []string      `xml:"tags>tag>tag"`
	URI            []string      `xml:"uri"`
	Method         []string      `xml:"method"`
	Param          []string      `xml:"param"`
	Attack         []string      `xml:"attack"`
	Evidence       []string      `xml:"evidence"`
	OtherInfo      []string      `xml:"otherinfo"`
	Instances      []xmlInstance `xml:"instances>instance"`
	Inner          string        `xml:",innerxml"`
}

type xmlInstance struct {
	URI       string `xml:"uri"`
	Method    string `xml:"method"`
	Param     string `xml:"param"`
	Attack    string `xml:"attack"`
	Evidence  string `xml:"evidence"`
	OtherInfo string `xml:"otherinfo"`
	Inner     string `xml:",innerxml"`
}

func decodeXML(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := xmldoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	attr := in.Head().Attr
	run := format.Run{Tool: "zap", Version: attr["version"], Started: started(attr["created"], attr["generated"])}
	opened := false
	open := func() error {
		if opened {
			return nil
		}
		opened = true
		return sink.Run(run)
	}
	site := ""
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return open()
		}
		if err != nil {
			return errors.Join(open(), err)
		}
		switch e.Name.Local {
		case "site":
			site = attribute(e, "name")
			if !opened {
				run.Target = format.Target{Kind: "endpoint", Name: site}
			}
			if err := open(); err != nil {
				return err
			}
		case "alertitem":
			if err := open(); err != nil {
				return err
			}
			if err := readAlertItem(r, e, site, sink); err != nil {
				return err
			}
		}
	}
}

func readAlertItem(r *xmldoc.Reader, e xml.StartElement, site string, sink format.Sink) error {
	pos := r.Position()
	var x xmlAlert
	if err := r.Decode(&e, &x); err != nil {
		return err
	}
	raw := xmldoc.Raw(e, x.Inner)
	return deliver(x.alert(e), site, pos, raw, sink)
}

// deliver hands the observations of one alert on, or sets it aside.
func deliver(a *alert, site string, pos finding.Position, raw []byte, sink format.Sink) error {
	found, err := a.observe(site, pos, raw)
	if err != nil {
		return sink.Quarantine(jsondoc.Fault(pos, err, raw))
	}
	for _, o := range found {
		if err := sink.Observe(o); err != nil {
			return err
		}
	}
	return nil
}

func (x *xmlAlert) alert(e xml.StartElement) *alert {
	a := &alert{
		pluginID:       strings.TrimSpace(x.PluginID),
		alertRef:       strings.TrimSpace(x.AlertRef),
		name:           strings.TrimSpace(firstText(x.Name, x.Alert)),
		riskCode:       strings.TrimSpace(x.RiskCode),
		riskDesc:       strings.TrimSpace(x.RiskDesc),
		confidence:     strings.TrimSpace(firstText(x.Confidence, x.Reliability)),
		confidenceDesc: strings.TrimSpace(x.ConfidenceDesc),
		desc:           x.Desc,
		solution:       x.Solution,
		reference:      x.Reference,
		cwe:            strings.TrimSpace(x.CWE),
		wasc:           strings.TrimSpace(x.WASC),
		tags:           x.Tags,
	}
	if len(x.Instances) == 0 {
		raw := xmldoc.Raw(e, x.Inner)
		for i, uri := range x.URI {
			a.instances = append(a.instances, instance{
				uri:       strings.TrimSpace(uri),
				method:    nth(x.Method, i),
				param:     nth(x.Param, i),
				attack:    nth(x.Attack, i),
				evidence:  nth(x.Evidence, i),
				otherInfo: nth(x.OtherInfo, i),
				raw:       raw,
			})
		}
		return a
	}
	a.otherInfo = nth(x.OtherInfo, 0)
	for _, in := range x.Instances {
		a.instances = append(a.instances, instance{
			uri:       strings.TrimSpace(in.URI),
			method:    strings.TrimSpace(in.Method),
			param:     in.Param,
			attack:    in.Attack,
			evidence:  in.Evidence,
			otherInfo: in.OtherInfo,
			raw:       xmldoc.Raw(e, x.withOnly(in)),
		})
	}
	return a
}

// withOnly is the inner XML of the alert with one of its instances, so that
// the raw records of an alert with many do not repeat all of them each time.
func (x *xmlAlert) withOnly(in xmlInstance) string {
	const begin, end = "<instances>", "</instances>"
	from, to := strings.Index(x.Inner, begin), strings.LastIndex(x.Inner, end)
	if len(x.Instances) == 1 || from < 0 || to < from {
		return x.Inner
	}
	return x.Inner[:from+len(begin)] + "<instance>" + in.Inner + "</instance>" + x.Inner[to:]
}

func nth(list []string, i int) string {
	if i < len(list) {
		return strings.TrimSpace(list[i])
	}
	return ""
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
