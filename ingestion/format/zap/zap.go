// Package zap reads the reports of ZAP (formerly OWASP ZAP), the scanner for
// running web applications: traditional XML of every version since 1.4, with
// or without requests and responses ("plus"), the traditional JSON of the same
// reports, and the alert list of ZAP's own API.
//
// A record is an alert; each of its instances (an address with method and
// parameter) is an observation. Requests, responses and where an alert came
// from (passive or active scan) stay in the raw record.
package zap

import (
	"context"
	"time"

	"github.com/stance-aspm/stance/ingestion/format"
)

// Format reads ZAP reports.
var Format = format.Format{
	Name:  "zap",
	Title: "ZAP XML and JSON",
	Doc: "ZAP traditional reports, XML or JSON, plain or plus, and the list of its API (`core/view/alerts`). Each instance of an alert " +
		"is an observation; alerts without instances stand for their site. The confidence \"False Positive\" becomes a claim. " +
		"Requests and responses stay in the raw record.",
	Detect: detect,
	Decode: decode, Fields: fields,
}

func detect(h format.Head) format.Confidence {
	site := h.JSON.At("site")
	if site.Is('[') {
		site = site.First
	}
	alert := h.JSON.At("alerts", "0")
	switch {
	case h.JSON.Has("vulnerabilities"): // GitLab's DAST report repeats the ZAP report it was made of
		return format.No
	case h.Root == "OWASPZAPReport", h.JSON.At("@programName").String() == "ZAP", site.Has("@name", "alerts"):
		return format.Certain
	case h.JSON.Has("@version", "@generated", "site"), alert.Has("pluginId", "confidence", "url"), alert.Has("pluginid", "riskcode"):
		return format.Likely
	}
	return format.No
}

func decode(ctx context.Context, in *format.Input, sink format.Sink) error {
	if in.Head().Shape == format.ShapeXML {
		return decodeXML(ctx, in, sink)
	}
	return decodeJSON(ctx, in, sink)
}

// started reads the time of a report. Newer versions give an instant; the
// older words have neither a zone (UTC is assumed) nor always English names.
func started(created, generated string) time.Time {
	if t, err := time.Parse(time.RFC3339, created); err == nil {
		return t.UTC()
	}
	t, err := time.Parse("Mon, 2 Jan 2006 15:04:05", generated)
	if err != nil {
		return time.Time{}
	}
	return t
}
