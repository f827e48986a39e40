package ocsf

import (
	"strconv"
	"strings"
	"time"

	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
	"github.com/stance-aspm/stance/ingestion/format/awsdoc"
	"github.com/stance-aspm/stance/ingestion/format/jsondoc"
)

// record is a finding of any class. Names are the schema's.
type record struct {
	ClassUID     jsondoc.Text `json:"class_uid"`
	ClassName    jsondoc.Text `json:"class_name"`
	ActivityID   jsondoc.Text `json:"activity_id"`
	Message      jsondoc.Text `json:"message"`
	Severity     jsondoc.Text `json:"severity"`
	SeverityID   jsondoc.Text `json:"severity_id"`
	Confidence   jsondoc.Text `json:"confidence"`
	ConfScore    jsondoc.Text `json:"confidence_score"`
	Status       jsondoc.Text `json:"status"`
	StatusID     jsondoc.Text `json:"status_id"`
	StatusCode   jsondoc.Text `json:"status_code"`
	StatusDetail jsondoc.Text `json:"status_detail"`
	Comment      jsondoc.Text `json:"comment"`
	RiskDetails  jsondoc.Text `json:"risk_details"`
	Metadata     jsondoc.Lax[struct {
		EventCode jsondoc.Text `json:"event_code"`
		Product   jsondoc.Lax[struct {
			Name    jsondoc.Text `json:"name"`
			Vendor  jsondoc.Text `json:"vendor_name"`
			Version jsondoc.Text `json:"version"`
		}] `json:"product"`
	}] `json:"metadata"`
	Info            jsondoc.Lax[info]           `json:"finding_info"`
	Finding         jsondoc.Lax[info]           `json:"finding"` // Security Finding (2001) of 1.0
	Compliance      jsondoc.Lax[compliance]     `json:"compliance"`
	Remediation     jsondoc.Lax[remediation]    `json:"remediation"`
	Resources       jsondoc.List[resource]      `json:"resources"`
	Resource        jsondoc.Lax[resource]       `json:"resource"` // 1.0 and 1.1 name one
	Vulnerabilities jsondoc.List[vulnerability] `json:"vulnerabilities"`
	Cloud           jsondoc.Lax[struct {
		Account jsondoc.Lax[struct {
			Name jsondoc.Text `json:"name"`
			UID  jsondoc.Text `json:"uid"`
		}] `json:"account"`
		Region jsondoc.Text `json:"region"`
	}] `json:"cloud"`
	Container jsondoc.Lax[struct {
		Image jsondoc.Lax[image] `json:"image"`
	}] `json:"container"`
	Device jsondoc.Lax[struct {
		Hostname jsondoc.Text `json:"hostname"`
		Name     jsondoc.Text `json:"name"`
		IP       jsondoc.Text `json:"ip"`
	}] `json:"device"`
	Application jsondoc.Lax[struct {
		Name jsondoc.Text `json:"name"`
		UID  jsondoc.Text `json:"uid"`
	}] `json:"application"`
	Unmapped jsondoc.Lax[unmapped] `json:"unmapped"`
}

// info is what every class says of the finding itself.
type info struct {
	UID         jsondoc.Text    `json:"uid"`
	Title       jsondoc.Text    `json:"title"`
	Desc        jsondoc.Text    `json:"desc"`
	SrcURL      jsondoc.Text    `json:"src_url"`
	Types       jsondoc.Strings `json:"types"`
	FirstSeen   jsondoc.Text    `json:"first_seen_time"`
	FirstSeenDT jsondoc.Text    `json:"first_seen_time_dt"`
	Created     jsondoc.Text    `json:"created_time"`
	CreatedDT   jsondoc.Text    `json:"created_time_dt"`
	Analytic    jsondoc.Lax[struct {
		UID  jsondoc.Text `json:"uid"`
		Name jsondoc.Text `json:"name"`
	}] `json:"analytic"`
	Remediation jsondoc.Lax[remediation] `json:"remediation"`
}

type compliance struct {
	Control      jsondoc.Text    `json:"control"`
	Standards    jsondoc.Strings `json:"standards"`
	Requirements jsondoc.Strings `json:"requirements"`
	Status       jsondoc.Text    `json:"status"`
	StatusID     jsondoc.Text    `json:"status_id"`
	StatusCode   jsondoc.Text    `json:"status_code"`
	StatusDetail jsondoc.Text    `json:"status_detail"`
}

type remediation struct {
	Desc       jsondoc.Text    `json:"desc"`
	References jsondoc.Strings `json:"references"`
	KBArticles jsondoc.Strings `json:"kb_articles"`
}

type resource struct {
	UID       jsondoc.Text `json:"uid"`
	Name      jsondoc.Text `json:"name"`
	Type      jsondoc.Text `json:"type"`
	Region    jsondoc.Text `json:"region"`
	Namespace jsondoc.Text `json:"namespace"`
	Group     jsondoc.Lax[struct {
		Name jsondoc.Text `json:"name"`
	}] `json:"group"`
}

type image struct {
	Name jsondoc.Text `json:"name"`
	UID  jsondoc.Text `json:"uid"`
	Tag  jsondoc.Text `json:"tag"`
}

// unmapped are members outside of the schema; these are Prowler's.
type unmapped struct {
	RelatedURL     jsondoc.Text                            `json:"related_url"`
	AdditionalURLs jsondoc.Strings                         `json:"additional_urls"`
	Categories     jsondoc.Strings                         `json:"categories"`
	Compliance     jsondoc.Lax[map[string]jsondoc.Strings] `json:"compliance"`
	CheckType      jsondoc.Text                            `json:"check_type"`
}

func (rec *record) info() *info {
	if i := &rec.Info.V; i.UID != "" || i.Title != "" {
		return i
	}
	return &rec.Finding.V
}

// places are the resources, whichever member names them.
func (rec *record) places() []resource {
	if r := rec.Resource.V; len(rec.Resources) == 0 && (r.UID != "" || r.Name != "") {
		return []resource{r}
	}
	return rec.Resources
}

// address names a resource: by its id, and in a namespace by its name, because
// the id of a pod changes with every start.
func (r *resource) address() string {
	if r.Namespace != "" && r.Name != "" {
		return r.Namespace.String() + "/" + r.Name.String()
	}
	return first(r.UID, r.Name)
}

// run names the product as tool and what was looked at as target.
func (rec *record) run() format.Run {
	p := &rec.Metadata.V.Product.V
	run := format.Run{Tool: p.Name.String(), Version: p.Version.String()}
	if run.Tool == "" {
		run.Tool = p.Vendor.String()
	}
	if run.Tool == "" {
		run.Tool = "ocsf"
	}
	account, device, app := &rec.Cloud.V.Account.V, &rec.Device.V, &rec.Application.V
	name, digest := rec.image()
	switch {
	case name != "":
		run.Target = format.Target{Kind: "image", Name: name, Digest: digest}
	case account.UID != "":
		run.Target = format.Target{Kind: "cloud", Name: account.UID.String()}
	case account.Name != "":
		run.Target = format.Target{Kind: "cloud", Name: account.Name.String()}
	case device.Hostname != "" || device.Name != "" || device.IP != "":
		run.Target = format.Target{Kind: "host", Name: first(device.Hostname, device.Name, device.IP)}
	case app.Name != "" || app.UID != "":
		run.Target.Name = first(app.Name, app.UID)
	}
	return run
}

// image is the container image that the finding is about, if any.
func (rec *record) image() (name, digest string) {
	i := &rec.Container.V.Image.V
	name = i.Name.String()
	if name != "" && i.Tag != "" && !strings.Contains(name[strings.LastIndexByte(name, '/')+1:], ":") {
		name += ":" + i.Tag.String()
	}
	if uid := i.UID.String(); strings.HasPrefix(uid, "sha256:") {
		digest = uid
	}
	if name == "" {
		for _, r := range rec.places() {
			if strings.Contains(strings.ToLower(r.Type.String()), "image") {
				if name, digest = awsdoc.Image(r.UID.String(), "", "", "", nil); name == "" {
					name = first(r.Name, r.UID)
				}
				break
			}
		}
	}
	return name, digest
}

func first(texts ...jsondoc.Text) string {
	for _, t := range texts {
		if t != "" {
			return t.String()
		}
	}
	return ""
}

// grade reads the severity by its word, and by its number where the word is
// none of the schema's.
func (rec *record) grade() (finding.Severity, string) {
	word := rec.Severity.String()
	if s := finding.SeverityOfWord(word); s != finding.SeverityUnknown {
		return s, word
	}
	if word == "" {
		word = rec.SeverityID.String()
	}
	switch rec.SeverityID {
	case "1":
		return finding.SeverityInfo, word
	case "2":
		return finding.SeverityLow, word
	case "3":
		return finding.SeverityMedium, word
	case "4":
		return finding.SeverityHigh, word
	case "5", "6": // critical, fatal
		return finding.SeverityCritical, word
	}
	return finding.SeverityUnknown, word
}

// checked is the outcome of a check in upper case: of the finding, or of its
// compliance block.
func (rec *record) checked() string {
	c := &rec.Compliance.V
	for _, t := range []jsondoc.Text{rec.StatusCode, c.StatusCode, c.Status} {
		switch s := strings.ToUpper(t.String()); s {
		case "PASS", "PASSED", "COMPLIANT", "SUCCESS":
			return "PASS"
		case "FAIL", "FAILED", "NON_COMPLIANT", "FAILURE":
			return "FAIL"
		case "MANUAL", "WARNING", "NOT_AVAILABLE":
			return s
		}
	}
	switch c.StatusID {
	case "1":
		return "PASS"
	case "2":
		return "WARNING"
	case "3":
		return "FAIL"
	}
	return ""
}

// claim is what the finding says of its own state. A check that passes says
// that the flaw is gone. Words outrank numbers: producers of early versions
// count differently.
func (rec *record) claim() finding.Claim {
	c := finding.Claim{Source: "tool", Detail: rec.Comment.String()}
	word := strings.ToLower(rec.Status.String())
	if word == "" || word == "other" {
		word = map[jsondoc.Text]string{"2": "in progress", "3": "suppressed", "4": "resolved", "5": "archived", "6": "deleted"}[rec.StatusID]
	}
	checked := rec.checked()
	switch {
	case checked == "PASS":
		c.State, c.Justification = finding.ClaimAbsent, checked
	case word == "suppressed":
		c.State, c.Justification = finding.ClaimSuppressedByTool, "Suppressed"
	case word == "resolved":
		c.State, c.Justification = finding.ClaimFixed, "Resolved"
	case word == "archived", word == "deleted", word == "" && rec.ActivityID == "3":
		c.State, c.Justification = finding.ClaimAbsent, word
	case checked == "MANUAL", checked == "WARNING", checked == "NOT_AVAILABLE":
		c.State, c.Justification = finding.ClaimUnderReview, checked
	case word == "in progress":
		c.State, c.Justification = finding.ClaimUnderReview, "In Progress"
	default:
		return finding.Claim{}
	}
	return c
}

// instant reads a time: milliseconds since 1970 by the schema, seconds as
// Prowler writes them, or text.
func instant(texts ...jsondoc.Text) time.Time {
	for _, t := range texts {
		n, err := strconv.ParseInt(t.String(), 10, 64)
		switch {
		case err != nil:
			if at := awsdoc.Time(t.String()); !at.IsZero() {
				return at
			}
		case n > 1e11:
			return time.UnixMilli(n).UTC()
		case n > 0:
			return time.Unix(n, 0).UTC()
		}
	}
	return time.Time{}
}
