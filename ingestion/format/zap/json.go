package zap

import (
	"bytes"
	"context"
	"sort"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// jsonAlert is an alert of a report or, where the names differ, of the API,
// which gives each instance as an alert of its own.
type jsonAlert struct {
	PluginID       jsondoc.Text     `json:"pluginid"`
	AlertRef       jsondoc.Text     `json:"alertRef"`
	Alert          jsondoc.Text     `json:"alert"`
	Name           jsondoc.Text     `json:"name"`
	RiskCode       jsondoc.Text     `json:"riskcode"`
	RiskDesc       jsondoc.Text     `json:"riskdesc"`
	Confidence     jsondoc.Text     `json:"confidence"`
	ConfidenceDesc jsondoc.Text     `json:"confidencedesc"`
	Desc           jsondoc.Text     `json:"desc"`
	Solution       jsondoc.Text     `json:"solution"`
	Reference      jsondoc.Text     `json:"reference"`
	OtherInfo      jsondoc.Text     `json:"otherinfo"`
	CWE            jsondoc.Text     `json:"cweid"`
	WASC           jsondoc.Text     `json:"wascid"`
	Tags           tagList          `json:"tags"`
	Instances      []jsontext.Value `json:"instances"`

	APIPluginID jsondoc.Text `json:"pluginId"`
	Risk        jsondoc.Text `json:"risk"`
	Description jsondoc.Text `json:"description"`
	Other       jsondoc.Text `json:"other"`
	URL         jsondoc.Text `json:"url"`
	Method      jsondoc.Text `json:"method"`
	Param       jsondoc.Text `json:"param"`
	Attack      jsondoc.Text `json:"attack"`
	Evidence    jsondoc.Text `json:"evidence"`
}

type jsonInstance struct {
	URI       jsondoc.Text `json:"uri"`
	Method    jsondoc.Text `json:"method"`
	Param     jsondoc.Text `json:"param"`
	Attack    jsondoc.Text `json:"attack"`
	Evidence  jsondoc.Text `json:"evidence"`
	OtherInfo jsondoc.Text `json:"otherinfo"`
}

// tagList is a list of {tag, link} in reports and an object of links by tag in
// the API.
type tagList []string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *tagList) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	if err != nil {
		return err
	}
	switch v.Kind() {
	case '{':
		var links map[string]jsontext.Value
		err = jsondoc.Unmarshal(v, &links)
		for tag := range links {
			*l = append(*l, tag)
		}
		sort.Strings(*l)
	case '[':
		var list []struct {
			Tag jsondoc.Text `json:"tag"`
		}
		err = jsondoc.Unmarshal(v, &list)
		for _, t := range list {
			*l = append(*l, t.Tag.String())
		}
	}
	return err
}

func decodeJSON(ctx context.Context, in *format.Input, sink format.Sink) error {
	r, err := jsondoc.Open(ctx, in)
	if err != nil {
		return err
	}
	defer r.Close()
	top := in.Head().JSON
	site := top.At("site")
	if site.Is('[') {
		site = site.First
	}
	run := format.Run{
		Tool:    "zap",
		Version: top.At("@version").String(),
		Started: started(top.At("created").String(), top.At("@generated").String()),
	}
	if name := site.At("@name").String(); name != "" {
		run.Target = format.Target{Kind: "endpoint", Name: name}
	}
	if err := sink.Run(run); err != nil {
		return err
	}
	err = r.Object(func(name string) error {
		switch {
		case name == "alerts": // the API
			return alerts(r, sink, "")
		case name == "site" && r.Kind() == '{':
			return oneSite(r, sink)
		case name == "site":
			return r.Array(func(int) error { return oneSite(r, sink) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.End()
}

func oneSite(r *jsondoc.Reader, sink format.Sink) error {
	var name jsondoc.Text
	return r.Object(func(member string) error {
		switch member {
		case "@name":
			return r.Decode(&name)
		case "alerts":
			return alerts(r, sink, name.String())
		}
		return nil
	})
}

func alerts(r *jsondoc.Reader, sink format.Sink, site string) error {
	return jsondoc.Records(r, sink, func(j *jsonAlert, pos finding.Position, raw []byte) error {
		a, err := j.alert(raw)
		if err != nil {
			return err
		}
		return deliver(a, site, pos, raw, sink)
	})
}

func (j *jsonAlert) alert(raw []byte) (*alert, error) {
	a := &alert{
		pluginID:       either(j.PluginID, j.APIPluginID),
		alertRef:       j.AlertRef.String(),
		name:           either(j.Name, j.Alert),
		riskCode:       j.RiskCode.String(),
		riskDesc:       either(j.RiskDesc, j.Risk),
		confidence:     j.Confidence.String(),
		confidenceDesc: j.ConfidenceDesc.String(),
		desc:           either(j.Desc, j.Description),
		solution:       j.Solution.String(),
		reference:      j.Reference.String(),
		otherInfo:      either(j.OtherInfo, j.Other),
		cwe:            j.CWE.String(),
		wasc:           j.WASC.String(),
		tags:           j.Tags,
	}
	if j.URL != "" {
		a.instances = append(a.instances, instance{
			uri:      j.URL.String(),
			method:   j.Method.String(),
			param:    j.Param.String(),
			attack:   j.Attack.String(),
			evidence: j.Evidence.String(),
			raw:      raw,
		})
	}
	common := raw
	if len(j.Instances) > 1 {
		common = without(raw, "instances")
	}
	for i, v := range j.Instances {
		var in jsonInstance
		if err := jsondoc.Unmarshal(v, &in); err != nil {
			return nil, jsondoc.Bad("instance %d: %v", i, err)
		}
		one := instance{
			uri:       in.URI.String(),
			method:    in.Method.String(),
			param:     in.Param.String(),
			attack:    in.Attack.String(),
			evidence:  in.Evidence.String(),
			otherInfo: in.OtherInfo.String(),
			raw:       raw,
		}
		if len(j.Instances) > 1 {
			one.raw = withInstance(common, v)
		}
		a.instances = append(a.instances, one)
	}
	return a, nil
}

// without copies an object but for one member, byte for byte, and leaves out
// the closing brace.
func without(object []byte, member string) []byte {
	out := []byte{'{'}
	d := jsontext.NewDecoder(bytes.NewReader(object), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil { // cannot be: the object has been read before
		return out
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadValue()
		if err != nil {
			return out
		}
		keep := string(name) != `"`+member+`"`
		if keep {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(out, name...), ':')
		}
		value, err := d.ReadValue()
		if err != nil {
			return out
		}
		if keep {
			out = append(out, value...)
		}
	}
	return out
}

// withInstance closes what without left open with one instance in it.
func withInstance(common []byte, in jsontext.Value) []byte {
	out := make([]byte, 0, len(common)+len(in)+len(`,"instances":[]}`))
	out = append(out, common...)
	if len(common) > 1 {
		out = append(out, ',')
	}
	out = append(out, `"instances":[`...)
	out = append(out, in...)
	return append(out, `]}`...)
}

func either(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}
